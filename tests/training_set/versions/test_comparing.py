"""What distinguishes two versions is told from their files."""

from dataclasses import replace

from orchestration.training_set.export.publishing import remove_old
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.versions.comparing import Setting, VersionDiff, compare
from orchestration.training_set.versions.explaining import NO_DATABASE, explain
from orchestration.training_set.versions.listing import list_versions
from orchestration.training_set.versions.naming import open_version
from tests.training_set.conftest import MASS, box, png
from tests.training_set.export.exporter import RULE, Exporter

CYST = "has_benign_mass"


def difference(exporter: Exporter, before: str = "previous", after: str = "current") -> VersionDiff:
    return compare(open_version(exporter.place, before), open_version(exporter.place, after))


def test_findings_that_came_went_and_were_redrawn_are_told_apart(exporter: Exporter) -> None:
    exporter.add("1", labels=(MASS, CYST))
    exporter.add("2", boxes=[])
    exporter.add("3")
    exporter.export("first")
    exporter.remove("3")
    exporter.project.add("1", boxes=[box("U1"), box("U2", x=26)])
    exporter.add("4", boxes=[])
    exporter.export("second")
    diff = difference(exporter)
    assert [(one.scan_id, one.label) for one in diff.added] == [("4", MASS)]
    assert [(one.scan_id, one.label) for one in diff.removed] == [("3", MASS)]
    assert [(new.scan_id, new.label) for _, new in diff.redrawn] == [("1", MASS)]
    ((old, new),) = diff.redrawn
    assert {drawn[:2] for drawn in old.boxes} ^ {drawn[:2] for drawn in new.boxes} == {("U2", 25), ("U2", 26)}
    assert [one.scan_id for one in diff.scans_added] == ["4"]
    assert [one.scan_id for one in diff.scans_removed] == ["3"]
    assert (diff.images, diff.sides, diff.roles, diff.settings) == ([], [], [], [])
    back = difference(exporter, "current", "previous")
    assert (back.added, back.removed) == (diff.removed, diff.added)


def test_scans_with_another_image_side_or_role_are_told_and_so_are_the_settings(exporter: Exporter) -> None:
    exporter.options = ExportOptions(hard_cases=True)
    for number in range(8):
        exporter.add(str(number))
    exporter.export("first")
    sides = {row["scan_id"]: row["side"] for row in exporter.table("annotations/scans.parquet")}
    (exporter.project.store_folder / "mmg" / "5.png").write_bytes(png(1))
    exporter.remove("6")
    exporter.add("6", role="hard_case", rejected=[{"label": MASS, "reason": "readers_disagree"}])
    exporter.rule = replace(RULE, salt="other")
    exporter.export("second")
    diff = difference(exporter)
    assert [new.scan_id for _, new in diff.images] == ["5"]
    assert all(old.source_sha256 != new.source_sha256 for old, new in diff.images)
    assert [(old.role, new.role) for old, new in diff.roles] == [("finding", "hard_case")]
    moved = {row["scan_id"]: row["side"] for row in exporter.table("annotations/scans.parquet")}
    assert {new.scan_id for _, new in diff.sides} == {scan for scan, side in sides.items() if moved[scan] != side}
    assert diff.settings == [Setting("split salt", "salt", "other")]


def test_every_publication_is_listed_with_what_it_changed(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.export("first")
    exporter.add("2")
    exporter.export("second")
    exporter.remove("2")
    exporter.project.add("1", boxes=[])
    exporter.export("third")
    exporter.export("nothing new")
    shown = [(one.added, one.removed, one.redrawn, one.is_current) for one in list_versions(exporter.place)]
    assert shown == [(0, 1, 1, True), (1, 0, 0, False), (1, 0, 0, False)]
    assert [one.contents.boxes for one in list_versions(exporter.place, last=1) if one.contents] == [0]
    remove_old(exporter.place, keep=1)
    assert [(one.contents is None, one.added) for one in list_versions(exporter.place)] == [
        (False, None),
        (True, None),
        (True, None),
    ]


def test_an_export_from_a_place_in_a_store_is_listed_and_compared(exporter_anywhere: Exporter) -> None:
    exporter_anywhere.add("1")
    exporter_anywhere.export("first")
    exporter_anywhere.add("2")
    exporter_anywhere.export("second")
    assert [one.scan_id for one in difference(exporter_anywhere).added] == ["2"]
    assert [one.added for one in list_versions(exporter_anywhere.place)] == [1, 1]


def test_causes_that_are_not_known_are_said_to_be_so(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.export("first")
    exporter.add("2")
    exporter.export("second")
    diff = difference(exporter)
    assert explain(None, exporter.url, diff).note == NO_DATABASE
    note = explain(exporter.project.database, exporter.url, diff).note or ""
    assert "were not made by doubleread build" in note, "marts that are filled by hand show no state of the readings"
    (exporter.project.store_folder / "mmg" / "2.png").unlink()
    assert exporter.export("third").failures.count == 1
    diff = difference(exporter)
    assert explain(exporter.project.database, exporter.url, diff).no_image == {"2"}
