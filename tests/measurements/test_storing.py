"""Storing: a batch whole or not at all, or what is there already reported; both results files."""

import io
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
import pyarrow.parquet as pq
import pytest

from orchestration.database import Database
from orchestration.measurements import RepeatedIdsError, measure
from orchestration.measurements.elements import Element, MeasuredElement
from orchestration.measurements.json_list import json_list
from orchestration.measurements.parquet import parquet_file
from orchestration.measurements.storing import Stored, store_elements, storing
from orchestration.outcomes import Failure


def measured(id_: str, *rows: str, device: str = "CT SCAN") -> MeasuredElement:
    element = Element(id_, device, list(rows or ["1 2", "3"]))
    return MeasuredElement(measure(element), element.rows)


def stored(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select e.id, d.name, e.average_before_normalization, e.average_after_normalization, e.data_size, e.data "
        "from doubleread.elements as e join doubleread.devices as d on e.device_id = d.id order by e.id"
    ).fetchall()


HOSTILE = 'a,"b"\\N\t\n{}\u2028é🩻'


def test_elements_are_stored_as_they_are_and_new_devices_with_them(database: Database) -> None:
    elements = [measured(HOSTILE, "54  26", "", " 7\t+8\n", device=HOSTILE), measured("b"), measured("c")]
    with database.tables("measurements") as connection:
        assert store_elements(connection, elements, repeated="refuse") == Stored(3)
        assert store_elements(connection, [measured("d")], repeated="refuse") == Stored(1)
        assert store_elements(connection, [], repeated="refuse") == Stored(0)
        assert stored(connection) == sorted([
            (HOSTILE, HOSTILE, 95 / 4, 95 / 4 / 54, 4, ["54  26", "", " 7\t+8\n"]),
            *((name, "CT SCAN", 2.0, 2 / 3, 3, ["1 2", "3"]) for name in "bcd"),
        ], key=lambda row: ("b", "c", "d", HOSTILE).index(row[0]) if row[0] in ("b", "c", "d") else -1)  # fmt: skip
        assert connection.execute("select count(*) from doubleread.devices").fetchone() == (2,)
        fields = "min(created_date) is not null, count(distinct sequence_number), count(distinct created_date)"
        assert connection.execute(f"select {fields} from doubleread.elements").fetchone() == (True, 4, 1)


def test_a_batch_with_a_known_id_is_refused_whole_and_names_the_ids_in_the_order_sent(database: Database) -> None:
    with database.tables("measurements") as connection:
        store_elements(connection, [measured("a"), measured("c")], repeated="refuse")
        connection.commit()
        with pytest.raises(RepeatedIdsError) as raised:
            store_elements(connection, [measured("c"), measured("b"), measured("a")], repeated="refuse")
        connection.rollback()
        assert raised.value.ids == ("c", "a")
        assert [row[0] for row in stored(connection)] == ["a", "c"]


def test_of_known_ids_those_with_the_same_data_and_device_count_as_stored(database: Database) -> None:
    batch = [measured("same"), measured("rows"), measured("device")]
    again = [measured("device", device="MR"), measured("new"), measured("same"), measured("rows", "9")]
    with database.tables("measurements") as connection:
        store_elements(connection, batch, repeated="report")
        before = stored(connection)
        assert store_elements(connection, again, repeated="report") == Stored(1, ("same",), ("device", "rows"))
        assert [row for row in stored(connection) if row[0] != "new"] == before


def test_two_batches_that_share_ids_wait_for_each_other_and_one_keeps_them(database: Database) -> None:
    with database.tables("measurements"):
        pass
    ids = [f"e{number}" for number in range(200)]
    outcomes: list[object] = []
    start = threading.Barrier(2)

    def store(order: list[str]) -> None:
        with database.connect() as connection:
            start.wait(60)
            try:
                outcomes.append(store_elements(connection, [measured(id_) for id_ in order], repeated="refuse"))
            except (RepeatedIdsError, psycopg.Error) as error:
                connection.rollback()
                outcomes.append(type(error))

    threads = [threading.Thread(target=store, args=(order,)) for order in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {Stored(200), RepeatedIdsError} == set(outcomes)


def test_storing_takes_many_batches_and_names_what_was_refused(database: Database) -> None:
    failed: list[Failure] = []
    elements = [measured(f"e{number}") for number in range(10_050)]
    for _ in range(2):
        with storing(database, failed.append) as take:
            for start in range(0, len(elements), 700):
                take(elements[start : start + 700])
    with storing(database, failed.append) as take:
        take([measured("e7", "8"), measured("e\n8")])
    assert failed == [Failure("e7", "not stored: the database holds this id with other data or of another device")]
    with database.connect() as connection:
        assert connection.execute("select count(*) from doubleread.elements").fetchone() == (10_051,)


def stop_after(take: Callable[[Sequence[MeasuredElement]], None]) -> None:
    take([measured("a")])
    raise ValueError("stop")


def test_a_json_list_is_whole_or_open() -> None:
    out = io.StringIO()
    with json_list(out) as take:
        take([])
    assert json.loads(out.getvalue()) == []
    out = io.StringIO()
    with json_list(out) as take:
        take([measured("a"), measured(HOSTILE)])
        take([measured("b")])
    assert [row["id"] for row in json.loads(out.getvalue())] == ["a", HOSTILE, "b"]
    assert json.loads(out.getvalue())[0] == {
        "id": "a",
        "device_name": "CT SCAN",
        "average_before_normalization": 2.0,
        "average_after_normalization": 2 / 3,
        "data_size": 3,
    }
    out = io.StringIO()
    with pytest.raises(ValueError, match="stop"), json_list(out) as take:
        stop_after(take)
    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


def test_a_parquet_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    with pytest.raises(ValueError, match="stop"), parquet_file(path) as take:
        stop_after(take)
    assert list(tmp_path.iterdir()) == []
    with parquet_file(path) as take:
        take([measured("a"), measured(HOSTILE)])
        assert not path.exists()
    table = pq.read_table(path)
    assert table.to_pylist() == [found.measurement._asdict() for found in (measured("a"), measured(HOSTILE))]
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]
