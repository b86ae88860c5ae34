"""The readings behind what differs between two versions are named."""

import json
from datetime import timedelta

import pytest

from orchestration.cli.version_tables import diff_as_json, print_diff
from orchestration.training_set.versions.causes import Cause
from orchestration.training_set.versions.comparing import VersionDiff, compare
from orchestration.training_set.versions.explaining import Explanation, explain
from orchestration.training_set.versions.naming import open_version
from tests.training_set.versions.ward import MASS, Ward

CHANGED, DELETED, SUPERSEDED, MOVED, NEW, LEFT = range(1, 7)


@pytest.fixture
def compared(ward: Ward) -> tuple[VersionDiff, Explanation]:
    """Seven studies, of which six had something done to them between two builds."""
    for study in range(1, 8):
        ward.add_study(study, readers=(1,) if study == NEW else (1, 2))
    ward.build("first")
    no = (False,) * 4
    ward.change(CHANGED * 100 + 12, labels=no)
    ward.unread(DELETED * 100 + 32)
    ward.read(999, SUPERSEDED * 10 + 2, 2, says=False)
    ward.unread(MOVED * 100 + 1)
    ward.read(MOVED * 100 + 1, MOVED * 10, 1, x=11)
    for scan in range(NEW * 10, NEW * 10 + 4):
        ward.read(scan * 10 + 2, scan, 2)
    ward.scans = [one for one in ward.scans if one.id != LEFT * 10 + 3]
    ward.build("second")
    diff = compare(open_version(ward.place, "previous"), open_version(ward.place, "current"))
    return diff, explain(ward.database, ward.place.url, diff)


def told(cause: Cause) -> tuple[object, ...]:
    return cause.kind, cause.change, cause.scan_id, cause.reader_id, cause.annotation_id, cause.annotation_id_before


def test_each_change_of_a_finding_has_the_reading_that_caused_it(compared: tuple[VersionDiff, Explanation]) -> None:
    diff, explanation = compared
    assert explanation.note is None
    removed = {
        one.study_id: [told(cause) for cause in explanation.of_finding(one, gained=False)] for one in diff.removed
    }
    assert removed == {
        "1": [("reading", "changed", "11", "2", "112", None)],
        "2": [("reading", "deleted", "23", "2", "232", None)],
        "3": [("reading", "superseded", "32", "2", "999", "322")],
        "6": [("scan", "deleted", "63", None, None, None)],
    }
    added = {one.study_id: [told(cause) for cause in explanation.of_finding(one, gained=True)] for one in diff.added}
    scans = [("reading", "new", str(scan), "2", str(scan * 10 + 2), None) for scan in range(50, 54)]
    assert added == {"5": scans}
    ((_, redrawn),) = diff.redrawn
    assert (redrawn.scan_id, redrawn.label) == ("40", MASS)
    (cause,) = explanation.of_picture(redrawn)
    assert told(cause) == ("reading", "changed", "40", "1", "401", None)
    assert (cause.boxes, cause.labels) == ((1, 1), {})
    everything = [cause for study in map(str, range(1, 8)) for cause in explanation.causes.of_study(study)]
    assert all(cause.seen_at is not None for cause in everything)


def test_an_annotation_that_is_another_readers_now_was_not_deleted(ward: Ward) -> None:
    ward.add_study(1)
    ward.build("first")
    ward.change(112, reader=3)
    ward.build("second")
    diff = compare(open_version(ward.place, "previous"), open_version(ward.place, "current"))
    explanation = explain(ward.database, ward.place.url, diff)
    (cause,) = explanation.of_finding(diff.removed[0], gained=False)
    assert told(cause) == ("reading", "moved", "11", "2", "112", None)
    (other,) = (one for one in explanation.causes.of_study("1") if one.reader_id == "3")
    assert told(other) == ("reading", "moved", "11", "3", "112", None)
    assert cause.seen_at == other.seen_at


def test_times_of_any_size_are_told_as_the_source_has_them_in_utc(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    times = {112: "infinity", 122: "-infinity", 132: "0044-03-15 12:00:00+00 BC", 102: "2024-03-02 08:00:00+00"}
    ward.add_study(1)
    ward.build("first")
    for annotation, time in times.items():
        ward.change(annotation, created_at=time, labels=(False,) * 4)
    ward.build("second")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    diff = compare(open_version(ward.place, "previous"), open_version(ward.place, "current"))
    causes = explain(ward.database, ward.place.url, diff).of_finding(diff.removed[0], gained=False)
    assert {one.annotation_id: one.created_at for one in causes} == {
        "102": "2024-03-02T08:00:00+00:00",
        "112": "infinity",
        "122": "-infinity",
        "132": "0044-03-15T12:00:00+00:00 BC",
    }
    assert {one.seen_at.utcoffset() for one in causes if one.seen_at} == {timedelta(0)}


def test_where_no_finding_differs_the_files_that_count_all_readings_are_told(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.add_study(1)
    ward.build("first")
    ward.add_study(2, readers=(1,))
    ward.build("second")
    diff = compare(open_version(ward.place, "previous"), open_version(ward.place, "current"))
    assert (diff.added, diff.removed, diff.redrawn, diff.settings) == ([], [], [], [])
    assert {"README.md", "card.json"} <= set(diff.files)
    explanation = explain(ward.database, ward.place.url, diff)
    print_diff(diff, explanation)
    assert f"the same findings and scans; other bytes: {', '.join(diff.files)}" in capsys.readouterr().out
    assert json.loads(diff_as_json(diff, explanation))["files"] == diff.files


def test_a_finding_that_comes_back_has_the_same_reading_as_its_cause(ward: Ward) -> None:
    ward.add_study(1)
    ward.build("first")
    ward.change(112, labels=(False,) * 4)
    ward.build("second")
    backwards = compare(open_version(ward.place, "current"), open_version(ward.place, "previous"))
    explanation = explain(ward.database, ward.place.url, backwards)
    (cause,) = explanation.of_finding(backwards.added[0], gained=True)
    assert (told(cause), dict(cause.labels)) == (("reading", "changed", "11", "2", "112", None), {MASS: True})
