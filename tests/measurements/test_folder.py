"""A folder that devices write into: each file once, again when it changed, never while it is written."""

import json
import os
from pathlib import Path

import pytest

from orchestration.database import Database
from orchestration.measurements import folder as measurements_folder
from orchestration.measurements.elements import MeasuredElement
from orchestration.measurements.folder import FolderReport, left_failed, list_folder, measure_folder, new_files
from orchestration.measurements.shared_log import SharedLog
from orchestration.outcomes import Failure
from tests.services.unreadable import UNREADABLE, with_unreadable

HOUR = 3600


def put(path: Path, ids: str, *, rows: str = "1 2 3", age: float = HOUR) -> Path:
    """A file of an element for each letter of ``ids``, written some seconds ago; a capital one cannot be measured."""
    elements = {
        letter: {"id": letter, "data": ["0" if letter.isupper() else rows], "deviceName": "CT SCAN"} for letter in ids
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(elements))
    when = path.stat().st_mtime - age
    os.utime(path, (when, when))
    return path


def visit(database: Database, folder: Path) -> FolderReport:
    return measure_folder(database, folder, SharedLog())


def column(database: Database, query: str) -> list[object]:
    with database.connect() as connection:
        return [row[0] for row in connection.execute(query.encode()).fetchall()]


def test_each_file_is_measured_once_and_again_when_it_changed(database: Database, tmp_path: Path) -> None:
    put(tmp_path / "ct" / "1.json", "ab")
    put(tmp_path / "2.json", "c")
    first = visit(database, tmp_path)
    assert (first.files, first.measured, first.elements, first.failures.count) == (2, 2, 3, 0)
    assert visit(database, tmp_path).measured == 0
    put(tmp_path / "2.json", "cd", age=10 * HOUR)  # an older time is another one as well
    again = visit(database, tmp_path)
    assert (again.measured, again.elements, again.failures.count) == (1, 2, 0)
    assert column(database, "select id from doubleread.elements order by id") == ["a", "b", "c", "d"]


def test_files_that_are_hidden_linked_or_no_json_are_left_alone(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "devices"
    put(folder / ".1.json", "a")
    put(folder / ".partial" / "2.json", "b")
    put(folder / "3.json.tmp", "c")
    (folder / "4.json").symlink_to(put(tmp_path / "outside.json", "d"))
    (folder / "5.json").mkdir()
    assert list_folder(folder) == {}
    assert visit(database, folder).files == 0


def test_a_folder_that_cannot_be_read_is_named_and_what_is_known_of_its_files_stays(
    database: Database, tmp_path: Path
) -> None:
    put(tmp_path / "readable" / UNREADABLE / "1.json", "a")
    put(tmp_path / "readable" / "2.json", "b")
    visit(database, tmp_path / "readable")
    report = visit(database, with_unreadable(tmp_path / "deep"))
    assert report.failures.shown == [Failure(UNREADABLE, "cannot be read (File name too long)")]
    assert column(database, "select file from doubleread.measured_files") == [f"{UNREADABLE}/1.json"], "2 is gone"


def test_a_file_that_was_just_written_waits_for_the_next_visit(database: Database, tmp_path: Path) -> None:
    put(tmp_path / "1.json", "a", age=0)
    put(tmp_path / "2.json", "b", age=-HOUR)  # a device whose clock is fast
    report = visit(database, tmp_path)
    assert (report.measured, report.unsettled) == (1, 1)
    assert list(new_files(database, list_folder(tmp_path))) == ["1.json"]


def test_a_file_that_grows_while_it_is_read_is_read_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "1.json", "a")
    real = measurements_folder.measure_files

    def measure_and_write(*arguments: object, **named: object) -> None:
        real(*arguments, **named)  # type: ignore[arg-type]
        put(path, "abc")

    with monkeypatch.context() as patch:
        patch.setattr(measurements_folder, "measure_files", measure_and_write)
        assert visit(database, tmp_path).elements == 1
    assert visit(database, tmp_path).elements == 3
    assert visit(database, tmp_path).measured == 0


def test_failures_stay_known_until_their_file_is_put_right_or_goes(database: Database, tmp_path: Path) -> None:
    put(tmp_path / "1.json", "aX")
    put(tmp_path / "2.json", "YZ")
    (put(tmp_path / "3.json", "b")).write_text('{"1": ')
    os.utime(tmp_path / "3.json", (1, 1))
    report = visit(database, tmp_path)
    assert report.failures.count == 4
    assert report.failures.shown[0].item == "1.json, X"
    failed, files = left_failed(database)
    assert (failed, [(found.item, found.reason) for found in files.shown]) == (
        4,
        [("1.json", "1 failed"), ("2.json", "2 failed"), ("3.json", "1 failed")],
    )
    query = "select file || ', ' || item || ': ' || reason from doubleread.measurement_failures order by 1"
    assert column(database, query)[:2] == [
        "1.json, X: not normalisable: the largest value is 0",
        "2.json, Y: not normalisable: the largest value is 0",
    ]
    put(tmp_path / "1.json", "ax")
    (tmp_path / "2.json").unlink()
    put(tmp_path / "3.json", "b")
    assert visit(database, tmp_path).failures.count == 0
    assert left_failed(database)[0] == 0
    assert column(database, query) == []
    assert column(database, "select id from doubleread.elements order by id") == ["a", "b", "x"]


def test_an_id_that_comes_again_with_other_data_is_refused_and_kept_as_it_was(
    database: Database, tmp_path: Path
) -> None:
    put(tmp_path / "1.json", "a", rows="1 2")
    put(tmp_path / "2.json", "ab", rows="5 6")
    report = visit(database, tmp_path)
    assert [failure.item for failure in report.failures.shown] == ["2.json, a"]
    assert column(database, "select data from doubleread.elements order by id") == [["1 2"], ["5 6"]]


def test_no_more_failures_of_a_file_are_kept_than_a_table_should_hold(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measurements_folder, "MOST_FAILURES", 2)
    put(tmp_path / "1.json", "ABCDE")
    visit(database, tmp_path)
    assert column(database, "select count(*) from doubleread.measurement_failures") == [2]
    assert left_failed(database)[0] == 5


def test_a_name_that_is_no_text_is_measured_like_any_other(database: Database, tmp_path: Path) -> None:
    put(tmp_path / os.fsdecode(b"a\xff\n.json"), "a")
    assert visit(database, tmp_path).measured == 1
    assert visit(database, tmp_path).measured == 0
    assert column(database, "select file from doubleread.measured_files") == ["a\\udcff\n.json"]


def test_a_killed_visit_leaves_a_file_to_be_measured_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "1.json", "abc")

    def stop(*_arguments: object) -> MeasuredElement:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("orchestration.measurements.processing.measure", stop)
        with pytest.raises(KeyboardInterrupt):
            visit(database, tmp_path)
    assert column(database, "select count(*) from doubleread.measured_files") == [0]
    assert visit(database, tmp_path).elements == 3
