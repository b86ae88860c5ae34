"""The history of the raw tables: the marts of any earlier state are made from it, whatever was done to the tables."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from orchestration.database import Database
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.generated import RawTables, seeded
from tests.dbt.oracle import Annotation, Scan
from tests.dbt.project import made, rows
from tests.dbt.raw import DJANGO, TEXTS, UUIDS, write

LATEST = {"as_of": "latest"}
STATE = "select as_of, project_variables from staging.readings_state"


def moment(database: Database) -> tuple[datetime, dict[str, Any]]:
    (row,) = rows(database, STATE)
    return row["as_of"], row["project_variables"]


def edited(random: Random, scans: list[Scan], annotations: list[Annotation]) -> tuple[list[Scan], list[Annotation]]:
    """Some rows are gone, some are changed, some are new."""
    fresh = RawTables(random, 4, "json")
    kept = [one for one in scans if random.random() > 0.05] + [replace(one, id=one.id + 10**6) for one in fresh.scans]
    changed = [
        replace(one, labels=tuple(random.choice((True, False, None)) for _ in one.labels), boxes="[]")
        if random.random() < 0.1
        else one
        for one in annotations
        if random.random() > 0.05
    ]
    known = [replace(one, id=one.id + 10**6, scan=one.scan and one.scan + 10**6) for one in fresh.annotations]
    return kept, changed + known


def test_the_marts_of_every_earlier_state_are_made_from_the_history(database: Database, dbt_target: Path) -> None:
    """The types of the columns change on the way, as migrations change them; rows that are equal as text stay."""
    random = seeded(13)
    tables = RawTables(random, 25, "json")
    scans, annotations = tables.scans, tables.annotations
    states = []
    for dialect in (DJANGO, replace(DJANGO, id_type="bigint", created_at_type="timestamp with time zone"), TEXTS):
        shown = [dialect.scan(one) for one in scans], [dialect.annotation(one) for one in annotations]
        write(database, dialect, *shown)
        made(database, dbt_target, dialect.variables | LATEST)
        check_marts(database, oracle.marts(*shown))
        states.append((shown, dialect, *moment(database)))
        scans, annotations = edited(random, scans, annotations)
    write(database, UUIDS, [], [])
    for shown, dialect, as_of, variables in states[:2]:
        made(database, dbt_target, dialect.variables | variables | {"as_of": as_of.isoformat()}, "model")
        check_marts(database, oracle.marts(*shown))


def test_a_reading_that_comes_while_the_models_are_made_is_in_none_of_them(
    database: Database, dbt_target: Path
) -> None:
    tables = RawTables(seeded(5), 10, "text")
    before = list(map(DJANGO.scan, tables.scans)), list(map(DJANGO.annotation, tables.annotations))
    write(database, DJANGO, *before)
    made(database, dbt_target, DJANGO.variables | LATEST, "snapshot")
    write(database, DJANGO, before[0], before[1][: len(before[1]) // 2])
    made(database, dbt_target, DJANGO.variables | LATEST, "seed", "model")
    check_marts(database, oracle.marts(*before))


def history(database: Database) -> list[dict[str, Any]]:
    query = "select id, has_benign_mass, valid_from, valid_to from history.annotation_history"
    return rows(database, f"{query} order by valid_from, id, has_benign_mass")


def test_rows_without_an_id_or_with_one_id_end_no_snapshot_and_do_not_multiply(
    database: Database, dbt_target: Path
) -> None:
    scans = [Scan(one, 1, "1.png", "1.png", 80, 60) for one in (1, 1, None)]
    said = Annotation(7, 1, 3, "[]", (True,) * 4, None)
    annotations = [said, said, replace(said, labels=(False,) * 4), replace(said, id=None)]
    write(database, DJANGO, scans, annotations)
    made(database, dbt_target, DJANGO.variables | LATEST, "snapshot")
    first = history(database)
    assert [row["id"] for row in first] == ["7", "7", "7", None]
    write(database, DJANGO, scans, annotations[::-1])
    made(database, dbt_target, DJANGO.variables | LATEST, "snapshot")
    assert history(database) == first


def test_a_change_is_dated_after_all_others_though_the_clock_was_set_back(database: Database, dbt_target: Path) -> None:
    """A moment that a version was given must never see another change."""
    said = Annotation(7, 1, 3, "[]", (True,) * 4, None)
    write(database, DJANGO, [Scan(1, 1, "1.png", "1.png", 80, 60)], [said])
    made(database, dbt_target, DJANGO.variables | LATEST, "snapshot")
    with database.connect() as connection:
        connection.execute("update history.scan_history set valid_from = valid_from + interval '1 day'")
    (ahead,) = rows(database, "select valid_from from history.scan_history")
    write(database, DJANGO, [Scan(1, 1, "1.png", "1.png", 80, 60)], [replace(said, labels=(False,) * 4)])
    made(database, dbt_target, DJANGO.variables | LATEST, "snapshot")
    ended, begun = history(database)
    assert ended["valid_to"] == begun["valid_from"] == ahead["valid_from"] + timedelta(microseconds=1)
