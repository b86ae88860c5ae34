"""Running dbt as a person does, and reading what it left in the database."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from orchestration.database import Database

PROJECT = Path(__file__).parents[2] / "dbt_project"
DBT = Path(sys.executable).parent / "dbt"
# Testing takes as long as building; not every test needs it.
NO_TESTS = ("--resource-type", "model", "--resource-type", "seed")
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")


@dataclass(frozen=True)
class Run:
    """What an invocation of dbt ended with; ``statuses`` by the node's name."""

    returncode: int
    output: str
    statuses: Mapping[str, str]

    def with_status(self, status: str) -> set[str]:
        return {name for name, found in self.statuses.items() if found == status}


def dbt(database: Database, target: Path, *arguments: str, variables: Mapping[str, Any] | None = None) -> Run:
    """Run ``dbt ARGUMENTS`` in the project, against ``database``, in a process of its own."""
    if variables:
        target = target / "variables"  # dbt parses the project anew for other variables, and again without them
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    options = ["--target-path", str(target), "--log-path", str(target), "--log-level-file", "none", "--no-use-colors"]
    if variables:
        options += ["--vars", json.dumps(variables)]
    process = subprocess.run(
        [DBT, *arguments, *options],
        cwd=PROJECT,
        env={**os.environ, **database.libpq_environment},
        capture_output=True,
        text=True,
        check=False,
    )
    nodes = json.loads(results.read_text())["results"] if results.exists() else []
    statuses = {_name(node["unique_id"]): node["status"] for node in nodes}
    return Run(process.returncode, process.stdout + process.stderr, statuses)


def built(database: Database, target: Path, *options: str, variables: Mapping[str, Any] | None = None) -> Run:
    """``dbt build`` without unit tests, which must succeed. Unit tests need no data: one test runs them for all."""
    run = dbt(database, target, "build", *NO_UNIT_TESTS, *options, variables=variables)
    assert run.returncode == 0, run.output
    return run


def made(database: Database, target: Path, variables: dict[str, Any], *kinds: str) -> None:
    """Let dbt build what is of some kinds; seeds, snapshots and models unless told."""
    options = [part for kind in kinds or ("seed", "snapshot", "model") for part in ("--resource-type", kind)]
    run = dbt(database, target, "build", *options, variables=variables)
    assert run.returncode == 0, run.output


def rows(database: Database, query: str) -> list[dict[str, Any]]:
    with database.connect() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query).fetchall()


def _name(unique_id: str) -> str:
    """The name a person gave the node: ``model.doubleread.stg_scans``, ``test.doubleread.unique_x.0a1b``."""
    kind, _project, *rest = unique_id.split(".")
    return rest[-1] if kind == "unit_test" else rest[0]
