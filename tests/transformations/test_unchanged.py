"""A run of dbt is left out exactly when it would read and leave what the last one did."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from orchestration.database import Database
from orchestration.transformations import (
    LastRun,
    ModelRun,
    ModelsToBuild,
    RanTest,
    complete_record,
    fingerprint_of_reads,
    last_run_if_unchanged,
    record_model_run,
)

RAW, SHOWN, WANTED = '"public"."raw"', '"public"."shown"', '"public"."wanted"'
TABLE, VIEW = '"marts"."result"', '"marts"."selected"'
MANIFEST = {
    "sources": {
        "source.raw": {"relation_name": RAW},
        "source.shown": {"relation_name": SHOWN},
        "source.wanted": {"relation_name": WANTED},
    },
    "nodes": {
        "model.result": {
            "resource_type": "model",
            "name": "result",
            "relation_name": TABLE,
            "depends_on": {"nodes": ["model.selected", "source.shown"]},
        },
        "model.selected": {
            "resource_type": "model",
            "name": "selected",
            "relation_name": VIEW,
            "depends_on": {"nodes": ["source.raw"]},
        },
        "model.of_others": {
            "resource_type": "model",
            "name": "of_others",
            "relation_name": '"marts"."missing"',
            "depends_on": {"nodes": ["model.result"]},
        },
        "test.of_result": {
            "resource_type": "test",
            "name": "result",
            "relation_name": None,
            "depends_on": {"nodes": ["model.result", "source.wanted"]},
        },
        "test.of_another_run": {
            "resource_type": "test",
            "name": "all_are_there",
            "relation_name": None,
            "depends_on": {"nodes": ["model.result", "model.of_others"]},
        },
    },
}
MODELS = ModelsToBuild.of(MANIFEST, "rule", ["result", "selected"], ["result"])
PROJECT_FILES = ("target/prepared/manifest.json", "dbt_project.yml", "profiles.yml")
RUN = LastRun("run 1", (RanTest(["result"], "unique_result", passed=True, is_warning=False),))


def keep(database: Database, read: str) -> None:
    """Record that ``RUN`` built the models and ended well."""
    now = datetime.now(UTC)
    run = ModelRun(f"invocation at {now}", True, now, now, [("marts", "result")], {})
    record_model_run(database, run, RUN.run_id)
    complete_record(database, run.invocation_id, MODELS, read, RUN.tests)


@pytest.fixture
def connection(database: Database) -> Iterator[psycopg.Connection]:
    """A database with what the models read and made, and the record of the run that made it."""
    with database.connect() as connection:
        connection.autocommit = True
        connection.execute("create schema marts; create table raw (id int, boxes json); create table hidden (id int)")
        connection.execute("create table wanted (id int)")
        connection.execute(
            "insert into raw select n, '{}' from generate_series(1, 20) as n; insert into hidden values (1)"
        )
        connection.execute(
            "create view shown as select * from hidden; create view marts.selected as select id from raw"
        )
        connection.execute("create table marts.result as select * from marts.selected")
        keep(database, fingerprint_of_reads(database, MODELS))
        yield connection


def last_run(database: Database) -> LastRun | None:
    return last_run_if_unchanged(database, MODELS, fingerprint_of_reads(database, MODELS))


def test_nodes_stand_after_those_that_they_read() -> None:
    assert MODELS.nodes == ("selected", "result")
    assert MODELS.reads == (RAW, SHOWN, WANTED)
    assert MODELS.makes == (TABLE, VIEW)


@pytest.mark.parametrize("harmless", ["select 1", "vacuum (full, analyze) raw", "insert into other values (1)"])
def test_where_nothing_changed_the_last_run_counts(
    connection: psycopg.Connection, database: Database, harmless: str
) -> None:
    connection.execute("create table other (id int)")
    connection.execute(harmless)
    assert last_run(database) == RUN


def test_another_time_zone_of_the_session_is_no_change(
    connection: psycopg.Connection, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("alter table hidden add column at timestamptz default now()")
    connection.execute("create or replace view shown as select * from hidden")
    connection.execute(
        "create or replace view marts.selected as select id from raw where now() > timestamptz '2026-01-01 00:00:00+00'"
    )
    keep(database, fingerprint_of_reads(database, MODELS))
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    assert last_run(database) == RUN


@pytest.mark.parametrize(
    "change",
    [
        "insert into raw values (21, '{}')",
        "update raw set boxes = '[]' where id = 7",
        "update raw set boxes = boxes where id = 7",
        "delete from raw where id = 20",
        "delete from raw where id = 20; insert into raw values (20, '{}')",
        "truncate raw",
        "alter table raw add column seen boolean default true",
        "alter table raw alter column boxes type jsonb",
        "insert into hidden values (2)",
        "update hidden set id = 2",
        "insert into wanted values (1)",
        "drop table marts.result",
        "delete from marts.result where id = 3",
        "update marts.result set id = 99 where id = 3",
        "drop table marts.result; create table marts.result as select * from marts.selected",
        "create or replace view marts.selected as select id + 0 as id from raw",
        "drop view marts.selected cascade",
    ],
)
def test_whatever_else_changed_is_seen(connection: psycopg.Connection, database: Database, change: str) -> None:
    connection.execute(change)
    assert last_run(database) is None


def test_a_part_of_a_table_that_the_same_transaction_filled_is_another_part(
    connection: psycopg.Connection, database: Database
) -> None:
    connection.execute("drop table raw cascade; create table raw (id int, boxes json) partition by range (id)")
    connection.execute("create view marts.selected as select id from raw")
    for part in ("first_part", "second_part"):
        connection.execute(f"create table {part} (like raw)".encode())
    connection.execute("insert into first_part values (1, '[]'); insert into second_part values (1, '{}')")
    attach = "alter table raw attach partition {} for values from (1) to (2)"
    connection.execute(attach.format("first_part").encode())
    keep(database, fingerprint_of_reads(database, MODELS))
    assert last_run(database) == RUN
    connection.execute("alter table raw detach partition first_part")
    connection.execute(attach.format("second_part").encode())
    assert last_run(database) is None


def test_a_transaction_that_took_long_is_seen_behind_a_later_one(
    connection: psycopg.Connection, database: Database
) -> None:
    with database.connect() as slow:
        for number in range(30, 40):
            connection.execute("insert into raw values (%s, '[]')", [number])
        ((late,),) = slow.execute("select txid_current()").fetchall()
        for number in range(40, 50):
            connection.execute("insert into raw values (%s, '[]')", [number])
        keep(database, fingerprint_of_reads(database, MODELS))
        assert last_run(database) == RUN
        changed = slow.execute(
            """
            with pair as (
                select earlier.id as earlier_id, later.id as later_id from raw as earlier, raw as later
                where
                    earlier.id < later.id and later.id < 49
                    and earlier.xmin::text::bigint + later.xmin::text::bigint = 2 * %s
                limit 1
            )
            update raw set boxes = '{}' from pair where id in (earlier_id, later_id)
            """,
            [late],
        )
        assert changed.rowcount == 2
    assert last_run(database) is None


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(("models", "tests"), [(["selected"], ["result"]), (["result", "selected"], [])])
def test_another_choice_of_models_or_tests_is_another_run(
    database: Database, models: list[str], tests: list[str]
) -> None:
    fewer = ModelsToBuild.of(MANIFEST, "rule", models, tests)
    assert last_run_if_unchanged(database, fewer, fingerprint_of_reads(database, fewer)) is None


@pytest.mark.usefixtures("connection")
def test_a_run_with_other_options_of_dbt_in_the_environment_is_another_run(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBT_RESOURCE_TYPES", "test")
    assert last_run(database) is None
    keep(database, fingerprint_of_reads(database, MODELS))
    assert last_run(database) == RUN
    monkeypatch.delenv("DBT_RESOURCE_TYPES")
    with database.connect() as connection:
        connection.execute("insert into raw values (21, '{}')")
    assert last_run(database) is None


def test_what_comes_while_dbt_runs_makes_the_next_run_build(connection: psycopg.Connection, database: Database) -> None:
    before = fingerprint_of_reads(database, MODELS)
    connection.execute("insert into raw values (22, '{}')")
    keep(database, before)
    assert last_run(database) is None


@pytest.mark.usefixtures("connection")
def test_a_run_that_did_not_end_well_is_no_run_to_compare_with(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("update doubleread.model_runs set models = null, read_fingerprint = null")
    assert last_run(database) is None


@pytest.mark.usefixtures("connection")
def test_another_project_is_another_run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROJECT_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it is")
    monkeypatch.setattr("orchestration.transformations.unchanged.PROJECT_DIR", tmp_path)
    keep(database, fingerprint_of_reads(database, MODELS))
    assert last_run(database) == RUN
    for name in PROJECT_FILES:
        (tmp_path / name).write_text("another")
        assert last_run(database) is None, name
        (tmp_path / name).write_text("as it is")
