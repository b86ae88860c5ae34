"""The marts say what an independent reading of the rule says, whatever lies in the raw tables."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.database import Database
from tests.dbt import oracle
from tests.dbt.comparison import MARTS, check_marts
from tests.dbt.generated import RawTables, seeded
from tests.dbt.oracle import Annotation, Scan
from tests.dbt.project import NO_TESTS, built, rows
from tests.dbt.raw import DJANGO, TEXTS, UUIDS, Dialect, write

STUDIES = 150  # a run of dbt takes seconds, so one run decides many random studies

# A failure shows the studies that differ; shrinking it would take a run of dbt for each attempt.
few_large_examples = settings(
    max_examples=1,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def random_tables(random: Random, studies: int, dialect: Dialect) -> tuple[list[Scan], list[Annotation]]:
    raw = RawTables(random, studies, dialect.boxes_type)
    return [dialect.scan(scan) for scan in raw.scans], [dialect.annotation(said) for said in raw.annotations]


@pytest.mark.parametrize("dialect", [DJANGO, UUIDS, TEXTS], ids=["integers", "uuids", "texts"])
@few_large_examples
@given(seed=st.integers(0, 2**32).filter(bool))  # hypothesis would try 0 first, every time
def test_marts_equal_an_independent_reading_of_the_rule(
    dialect: Dialect, seed: int, database: Database, dbt_target: Path
) -> None:
    scans, annotations = random_tables(seeded(seed), STUDIES, dialect)
    write(database, dialect, scans, annotations)
    run = built(database, dbt_target, variables=dialect.variables)
    check_marts(database, oracle.marts(scans, annotations))
    warned = run.with_status("warn")
    assert {"boxes_are_well_formed", "readings_are_consistent", "annotations_are_of_known_scans"} <= warned
    assert ("readers_are_spelt_one_way" in warned) == (dialect is TEXTS)


def test_running_again_gives_the_same_rows_however_the_raw_ones_lie(database: Database, dbt_target: Path) -> None:
    random = seeded(2)
    scans, annotations = random_tables(random, 40, DJANGO)
    contents = []
    for _ in range(2):
        write(database, DJANGO, scans, annotations)
        built(database, dbt_target, *NO_TESTS)
        contents.append([rows(database, f"select t::text from marts.{mart} as t order by 1") for mart in MARTS])
        random.shuffle(scans)
        random.shuffle(annotations)
    assert contents[0] == contents[1]


def test_variables_change_what_a_match_is(
    database: Database, dbt_target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oracle, "SCANS_PER_STUDY", 3)
    monkeypatch.setattr(oracle, "MIN_MATCHING_READERS", 3)
    scans, annotations = random_tables(seeded(3), 60, DJANGO)
    write(database, DJANGO, scans, annotations)
    built(database, dbt_target, variables={"scans_per_study": 3, "min_matching_readers": 3})
    check_marts(database, oracle.marts(scans, annotations))
