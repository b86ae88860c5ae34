"""One person is one reader, however the id is spelt: nobody makes a double match alone."""

import json
import sys
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestration.database import Database
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.oracle import LABELS, Annotation, Scan
from tests.dbt.project import NO_TESTS, NO_UNIT_TESTS, built, dbt, rows
from tests.dbt.raw import SPELLINGS, TEXTS, write

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
JANE = "Jané@x.org"
SCANS = [Scan(str(number), "1", f"{number}.png", None, 10, 20) for number in range(4)]
# Letters whose two cases lower() does not take together: of dead and liturgical scripts, in no id of a person.
RARE = ("CHEROKEE", "YPOGEGRAMMENI", "PROSGEGRAMMENI", *(f"CYRILLIC SMALL LETTER {form}" for form in (
    "ROUNDED VE", "LONG-LEGGED DE", "NARROW O", "WIDE ES", "TALL TE", "THREE-LEGGED TE", "TALL HARD SIGN", "TALL YAT",
    "UNBLENDED UK")))  # fmt: skip


def annotations_by(*readers: str) -> list[Annotation]:
    """Each reader in turn says yes to everything on every scan."""
    return [
        Annotation(f"{scan.id}-{number}", scan.id, reader, None, (True,) * len(LABELS), NOON)
        for number, reader in enumerate(readers)
        for scan in SCANS
    ]


def test_one_person_under_many_spellings_makes_no_double_match_and_is_named(
    database: Database, dbt_target: Path
) -> None:
    spellings = [spell(JANE) for spell in SPELLINGS]
    annotations = annotations_by(*spellings, "", "\N{ZERO WIDTH SPACE}")
    write(database, TEXTS, SCANS, annotations)
    run = built(database, dbt_target)
    assert rows(database, "select distinct reason, reader_count from marts.rejected_findings") == [
        {"reason": "single_reader", "reader_count": 1}
    ]
    check_marts(database, oracle.marts(SCANS, annotations))
    assert run.with_status("warn") == {"readers_are_spelt_one_way", "annotations_have_a_reader"}
    compiled = dbt_target / "compiled/doubleread/tests/annotations/readers_are_spelt_one_way.sql"
    (named,) = rows(database, compiled.read_text())
    assert named["reader_id"] == "jané@x.org"
    assert set(named["spellings"]) == set(spellings)


def test_a_project_may_say_that_ids_are_exact(database: Database, dbt_target: Path) -> None:
    write(database, TEXTS, SCANS, annotations_by("U1", "u1", ""))
    run = built(database, dbt_target, variables={"reader_id_normalisation": "exact"})
    found = rows(database, "select distinct reader_count, matching_readers from marts.double_matched_findings")
    assert found == [{"reader_count": 2, "matching_readers": ["U1", "u1"]}]
    assert run.with_status("warn") == {"readers_are_spelt_one_way", "annotations_have_a_reader"}


def test_another_normalisation_is_refused_by_name(database: Database, dbt_target: Path) -> None:
    run = dbt(database, dbt_target, "parse", variables={"reader_id_normalisation": "none"})
    assert run.returncode != 0
    assert "reader_id_normalisation is 'none'; it can be 'careful' or 'exact'" in run.output


@pytest.fixture
def read_by_each_character(database: Database, dbt_target: Path) -> Database:
    """A database in which the reader of annotation N has the Nth character within the id."""
    assigned = [chr(n) for n in range(1, sys.maxunicode) if unicodedata.category(chr(n)) not in ("Cn", "Co", "Cs")]
    common = [character for character in assigned if not any(part in unicodedata.name(character, "") for part in RARE)]
    one = annotations_by("x")[0]
    write(
        database,
        TEXTS,
        SCANS,
        [replace(one, id=str(ord(character)), reader=f"A{character}b") for character in common],
    )
    built(database, dbt_target, *NO_TESTS, "--select", "+stg_annotations__annotations")
    return database


def test_every_character_of_unicode_counts_as_its_equals_do(read_by_each_character: Database) -> None:
    query = "select annotation_id, reader_id from staging.stg_annotations__annotations"
    found = {chr(int(row["annotation_id"])): row["reader_id"] for row in rows(read_by_each_character, query)}
    expected = {character: oracle.one_spelling(f"A{character}b") for character in found}
    assert len(found) > 100_000
    different = {character: reader for character, reader in found.items() if reader != expected[character]}
    assert not different, json.dumps(different)[:1000]


@pytest.mark.parametrize(("locale", "encoding"), [("C", "UTF8"), ("C", "SQL_ASCII"), ("C", "LATIN1")])
def test_any_encoding_and_locale_of_the_database_will_do(
    database: Database, dbt_target: Path, locale: str, encoding: str
) -> None:
    with database.connect() as connection:
        connection.autocommit = True
        connection.execute("drop database if exists other with (force)")
        connection.execute(f"create database other template template0 encoding '{encoding}' locale '{locale}'".encode())
    other = Database({**database.libpq_environment, "PGDATABASE": "other"})
    write(other, TEXTS, SCANS, annotations_by("U1", " u1\t", "\N{LATIN CAPITAL LETTER E WITH ACUTE}", ""))
    built(other, dbt_target, *NO_UNIT_TESTS)
    found = rows(other, "select distinct reader_count, matching_readers from marts.double_matched_findings")
    accented = "é" if encoding == "UTF8" else "É"  # the locale C knows the case of ASCII only
    with database.connect() as connection:
        connection.autocommit = True
        connection.execute("drop database other with (force)")
    assert found == [{"reader_count": 2, "matching_readers": ["u1", accented]}]
