"""Old versions are built again from the database of today, byte for byte."""

from dataclasses import replace

import pytest

from orchestration.training_set.export.publishing import remove_old
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.training_set.versions.naming import VersionError
from orchestration.training_set.versions.rebuilding import find_record
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.generated import RawTables, seeded
from tests.dbt.project import rows
from tests.dbt.raw import DJANGO
from tests.dbt.test_history import edited
from tests.training_set.export.reports.test_reports import mammogram
from tests.training_set.versions.ward import Ward

OPTIONS = (
    (ExportOptions(), Rule("a", (0.5, 0.25, 0.25))),
    (ExportOptions(negatives=True, hard_cases=True, webdataset=True), Rule("a", (0.5, 0.25, 0.25))),
    (ExportOptions(bits=16, hard_cases=True), Rule("b", (0.8, 0.1, 0.1))),
)


def execute(ward: Ward, statements: str) -> None:
    with ward.database.connect() as connection:
        connection.execute(statements.encode())


def check_that_nothing_else_was_touched(ward: Ward, version: str) -> None:
    assert ward.version == version
    shown = [DJANGO.scan(one) for one in ward.scans], [DJANGO.annotation(one) for one in ward.annotations]
    check_marts(ward.database, oracle.marts(*shown))
    left = "select nspname from pg_namespace where nspname like 'doubleread_rebuild%'"
    assert rows(ward.database, left) == []


def test_every_version_is_built_again_whatever_was_done_to_readings_and_settings(ward: Ward) -> None:
    """Readings at random, of which some are odd and some images are missing; what is edited is in test_history."""
    random = seeded(7)
    ward.image("1.png", 1)
    ward.image("mmg/3.png", 3)
    tables = RawTables(random, 25, "json")
    ward.scans, ward.annotations = tables.scans, tables.annotations
    versions = []
    for number, (ward.options, ward.rule) in enumerate(OPTIONS):
        report = ward.build(f"run {number}")
        assert report.failures.count > 0
        assert report.images_kept + report.images_made > 0
        versions.append((ward.version, ward.published(ward.version)))
        ward.scans, ward.annotations = edited(random, ward.scans, ward.annotations)
    assert len({version for version, _ in versions}) == 3
    ward.write()  # not built: what was changed last is in no version

    version, files = versions[0]
    report, folder = ward.rebuild(version, "from its files")
    assert (report.is_same, report.images_made) == (True, 0)
    assert ward.files(folder) == files

    remove_old(ward.place, keep=1)
    version, files = versions[1]
    report, folder = ward.rebuild(version, "from its scans")
    assert (report.is_same, report.images_taken) == (True, 0)
    assert ward.files(folder) == files


def test_an_image_that_was_replaced_is_taken_from_the_version_while_it_is_there(ward: Ward) -> None:
    ward.add_study(1)
    ward.add_study(2)
    ward.build("first")
    first, files = ward.version, ward.published(ward.version)
    ward.image("21.png", 1000)
    ward.change(101, labels=(False,) * 4)
    ward.build("second")
    second = ward.version

    execute(ward, "create schema doubleread_rebuild_marts; create table doubleread_rebuild_marts.mart_state (x int)")
    report, folder = ward.rebuild(first, "taken")
    assert (report.is_same, report.images_taken, report.images_made) == (True, 8, 0)
    assert ward.files(folder) == files
    check_that_nothing_else_was_touched(ward, second)

    (ward.folder / "export" / "generations" / first / "images" / "21.png").unlink()
    report, _ = ward.rebuild(first, "made")
    assert (report.is_same, report.images_taken, report.images_made) == (False, 7, 1)
    assert report.reasons == ["the source images of 1 scans were changed since: 21"]
    assert "images/21.png" in report.files
    assert "images/20.png" not in report.files

    remove_old(ward.place, keep=1)
    (ward.folder / "images" / "21.png").unlink()
    report, _ = ward.rebuild(first, "gone")
    assert report.reasons == [
        "1 scans have no image today: 21",
        "its own files are gone or of no use, so that nobody can say which ones differ",
    ]
    check_that_nothing_else_was_touched(ward, second)


def test_reports_are_made_again_with_the_times_and_the_rule_of_then(ward: Ward) -> None:
    ward.add_study(1, readers=(1,))
    for scan in range(10, 14):
        (ward.folder / "images" / f"{scan}.png").write_bytes(mammogram(scan))
    ward.options, ward.variables = ExportOptions(reports=True), {"min_matching_readers": 1}
    for hour in (8, 9):
        ward.annotations = [replace(one, created_at=f"2024-03-02 0{hour}:00:00+00") for one in ward.annotations]
        report = ward.build(f"at {hour}")
        assert report.reports is not None
        assert report.reports.made == 4
        if hour == 8:
            first, files = ward.version, ward.published(ward.version)
    report, folder = ward.rebuild(first, "again")
    assert report.files == []
    assert (ward.version != first, report.is_same) == (True, True)
    assert ward.files(folder) == files


def test_a_version_of_models_that_show_two_states_has_no_moment(ward: Ward) -> None:
    """As a run of dbt leaves them that ended between the first and the last."""
    ward.add_study(1)
    ward.build("first")
    assert find_record(ward.database, ward.version, ward.place.url).run_id == "first"
    execute(ward, "update staging.readings_state set as_of = now()")
    ward.options = ExportOptions(bits=16)
    ward.export("second")
    with pytest.raises(VersionError, match="did not get to the last of them"):
        find_record(ward.database, ward.version, ward.place.url)


def test_a_version_without_a_record_or_a_moment_is_refused_by_name(ward: Ward) -> None:
    with ward.database.tables("training_set"):
        pass
    with pytest.raises(VersionError, match="no record of version 00"):
        find_record(ward.database, "00", ward.place.url)
    with ward.database.tables("training_set") as connection:
        connection.execute(
            "insert into doubleread.versions values "
            "(%s, '00', 'run', now(), null, '{}', 'file:///images', '{}', 'salt', '{0.5,0.25,0.25}', '{}', 1, '0.1.0')",
            [ward.place.url],
        )
    with pytest.raises(VersionError, match="can't be built again: the moment of its readings is not known"):
        find_record(ward.database, "00", ward.place.url)
    with ward.database.tables("training_set") as connection:
        connection.execute(
            "update doubleread.versions set as_of = now(), project_variables = %s",
            ['{"labels": [{"label": "has_cyst"}]}'],
        )
    with pytest.raises(VersionError, match=r"made with other labels than dbt_project\.yml lists.*has_cyst"):
        find_record(ward.database, "00", ward.place.url)
