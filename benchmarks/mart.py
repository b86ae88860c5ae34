"""The mart: dbt's own models against the fastest hand-written SQL that was found, over the same raw tables.

``sql/mart_by_hand.sql`` knows what the project may not assume: that ids are integers, that boxes are text, and that
nothing but the marts is wanted. It groups labels packed as bits, keeps the raw types to the end, has no log written of
its intermediate tables, and adds the primary keys after the rows; dbt's contracts check each row as it comes. Left out
since they were slower: window functions or ``distinct on`` over all annotations (a sort of all), unpivoting first
(four times the rows), self-joins. Numbering each study's scans to find repeated annotations by their bits saves 3 %.
PostgreSQL is the embedded one with its default settings, for both.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks.report import Row
from orchestration.database.embedded import server_package

STUDIES = (12_500, 125_000)  # 0.2 and 2 million annotations
ROUNDS = 3
SQL = Path(__file__).parent / "sql"
PROJECT = Path(__file__).parents[1] / "dbt_project"
DBT = Path(sys.executable).parent / "dbt"
EQUAL = {
    "marts.double_matched_findings": "*",
    "marts.rejected_findings": "*",
    # The two compute kappa differently; doubles differ in the last digit.
    "marts.reader_agreement": """
        label, reader_a, reader_b, study_count, both_positive_count, only_a_positive_count, only_b_positive_count,
        both_negative_count, inconsistent_count, round(observed_agreement::numeric, 12),
        round(cohens_kappa::numeric, 12), round(positive_agreement::numeric, 12), round(negative_agreement::numeric, 12)
    """,
    "quality.malformed_boxes": "*",
}


class Round(NamedTuple):
    """Seconds of dbt's models and, right after them, of the script."""

    models: float
    script: float


def run() -> list[Row]:
    """Time the models and the script in turns, at both sizes, and check that they give the same rows."""
    with tempfile.TemporaryDirectory(prefix="dr-") as folder, start_server(Path(folder)) as environment:
        few, many = (_measure(environment, Path(folder), studies) for studies in STUDIES)
    few_models, models, script = (
        statistics.median(seconds)
        for seconds in ([r.models for r in few], [r.models for r in many], [r.script for r in many])
    )
    return [
        Row(
            "mart",
            "dbt's models, 2 million annotations",
            models,
            "s",
            ratio=statistics.median(r.script / r.models for r in many),
            against=f"the best hand-written SQL, {script:.1f} s",
            target="at least 0.67 (1.5 times the time)",
        ),
        Row(
            "mart",
            "dbt's models, 0.2 million annotations",
            few_models,
            "s",
            ratio=models / few_models,
            against="2 million annotations: times the time",
            target="at most 10 (linear)",
        ),
    ]


@contextmanager
def start_server(folder: Path) -> Iterator[dict[str, str]]:
    """An embedded PostgreSQL that ends with the ``with`` block; yields the ``PG*`` variables that find it."""
    with server_package().get_server(folder / "pg", cleanup_mode="stop", postgres_version=16) as server:
        info = server.get_postmaster_info()
        yield {
            "PGHOST": str(info.socket_dir),
            "PGPORT": str(info.port),
            "PGUSER": "postgres",
            "PGDATABASE": "postgres",
        }


def _measure(environment: dict[str, str], folder: Path, studies: int) -> list[Round]:
    """Time both with ``16 * studies`` annotations."""
    target = folder / "target"
    with connect(environment) as connection:
        connection.execute(f"set benchmark.studies = {studies}")
        execute_script(connection, SQL / "scans.sql")
        execute_script(connection, SQL / "mart_data.sql")
        run_dbt(environment, target, "seed")
        rounds = []
        for _ in range(ROUNDS):
            models = run_dbt(environment, target, "run")
            start = time.perf_counter()
            execute_script(connection, SQL / "mart_by_hand.sql")
            rounds.append(Round(models, time.perf_counter() - start))
        _check_equal(connection)
    return rounds


def connect(environment: dict[str, str]) -> psycopg.Connection:
    """A connection that commits each statement."""
    return psycopg.connect(
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        dbname=environment["PGDATABASE"],
        autocommit=True,
    )


def execute_script(connection: psycopg.Connection, script: Path) -> None:
    """Run the statements of a script, each of which ends with a semicolon and a line end."""
    for statement in script.read_text().split(";\n"):
        if statement.strip():
            connection.execute(statement.encode())


def run_dbt(environment: dict[str, str], target: Path, *arguments: str, project: Path = PROJECT) -> float:
    """Run dbt, one model after the other, and add up the seconds that it reports for each."""
    subprocess.run(
        [DBT, *arguments, "--quiet", "--threads", "1", "--target-path", target, "--log-path", target],
        cwd=project,
        env={**os.environ, **environment},
        check=True,
    )
    nodes = json.loads((target / "run_results.json").read_text())["results"]
    return float(sum(node["execution_time"] for node in nodes))


def _check_equal(connection: psycopg.Connection) -> None:
    for table, columns in EQUAL.items():
        by_hand = f"by_hand.{table.partition('.')[2]}"
        for one, other in ((table, by_hand), (by_hand, table)):
            query = f"select count(*) from (select {columns} from {one} except all select {columns} from {other}) as t"  # noqa: S608
            assert connection.execute(query).fetchone() == (0,), f"{one} holds rows that {other} does not"
