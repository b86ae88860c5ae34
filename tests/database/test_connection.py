"""Connections: the embedded server is found again, and an unreachable database is one clear sentence."""

import threading
from pathlib import Path

import pytest

from orchestration.database import Database, DatabaseError, SchemaError, exclusive, open_database
from orchestration.settings import load_settings


def test_an_unreachable_database_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGPASSWORD", "hunter2-password")
    with pytest.raises(DatabaseError, match=r"PGHOST=127\.0\.0\.1") as error:
        open_database(load_settings())
    assert "hunter2" not in str(error.value)
    assert "\n" not in str(error.value)


def test_a_password_shows_in_no_representation() -> None:
    assert "hunter2" not in repr(Database({"PGPASSWORD": "hunter2"}))


def test_records_are_made_once_by_many_at_the_same_time(database: Database) -> None:
    problems: list[Exception] = []

    def use_records() -> None:
        try:
            with database.tables("training_set") as connection:
                connection.execute("select * from doubleread.pictures, doubleread.retrieved_scans")
        except Exception as error:  # noqa: BLE001  handed to the test
            problems.append(error)

    threads = [threading.Thread(target=use_records) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_a_user_without_rights_is_told_so(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("drop role if exists reader_only")
        connection.execute("create role reader_only login")
    reader = Database({**database.libpq_environment, "PGUSER": "reader_only"})
    with pytest.raises(SchemaError, match="may not keep records"), reader.tables("training_set"):
        pass


def test_the_second_holder_of_a_lock_waits_for_the_first(database: Database) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with exclusive(database, "folder", on_wait=lambda _name: waiting.set()):
            order.append("second")

    with exclusive(database, "folder"):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_locks_of_different_names_do_not_wait_for_each_other(database: Database) -> None:
    with exclusive(database, "one"), exclusive(database, "other", on_wait=pytest.fail):
        pass


def test_the_embedded_server_keeps_its_data_between_two_openings(
    monkeypatch: pytest.MonkeyPatch, database_server: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    del database_server  # one server at a time creates the user that both work as
    home = Path(tmp_path_factory.mktemp("h"))
    monkeypatch.setenv("DOUBLEREAD_HOME", str(home))
    with open_database(load_settings()).connect() as connection:
        connection.execute("create table kept (value text)")
    with open_database(load_settings()).connect() as connection:
        assert connection.execute("select count(*) from kept").fetchone() == (0,)


def test_a_run_waits_for_a_lock_only_so_long(database: Database) -> None:
    with exclusive(database, "folder"):
        waiting = exclusive(database, "folder", limit_seconds=0.1)
        with pytest.raises(DatabaseError, match="at work on the folder"), waiting:
            pytest.fail("two held the lock")
    with exclusive(database, "folder", limit_seconds=0.1):
        pass
