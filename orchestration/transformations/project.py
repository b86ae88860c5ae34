"""Running the dbt project: its variables, the models that a command builds, one dbt at a time."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from orchestration.database import Database, RawTable, Tables, exclusive, raw_tables
from orchestration.outcomes import Waiting, no_waiting
from orchestration.settings import Settings
from orchestration.transformations.manifest import PROJECT_DIR, TransformationError, run_dbt, said_by

LIMIT_SECONDS = 3600.0

MARTS_LOCK = "marts"
"""The lock that keeps the marts as they are: whoever makes them holds it, and who must see one state of all of them."""

FROM_HISTORY = ("--vars", '{"as_of": "latest"}')
"""Options of dbt: models read the raw tables as the snapshots of the same run saw them, one state of both tables.

The same for every run of the program's, also for models that have no history: dbt parses the project anew, in 4 s, for
other variables than those of the run before.
"""


def project_variables() -> Mapping[str, Any]:
    """The variables of ``dbt_project.yml``, such as ``raw_schema`` and ``reader_column``."""
    variables: Mapping[str, Any] = yaml.safe_load((PROJECT_DIR / "dbt_project.yml").read_text())["vars"]
    return variables


def expected_raw_tables() -> tuple[RawTable, RawTable]:
    """The raw tables with the column names that the project's variables give."""
    variables = project_variables()
    return raw_tables(
        labels=[item["label"] for item in variables["labels"]],
        reader_column=variables["reader_column"],
        created_at_column=variables["created_at_column"],
        patient_column=variables["patient_column"],
    )


def target_folder(settings: Settings) -> Path:
    """Where dbt keeps what it parses, compiles and logs while it runs."""
    return settings.doubleread_home / "dbt"


def build_models(
    settings: Settings, database: Database, select: str, *, tables: Tables, on_wait: Waiting = no_waiting
) -> None:
    """Build and test the models that ``select`` names, as dbt's option of that name takes it, one run at a time.

    The program's tables that the models read are made first, where they are missing.

    Raises:
        SchemaError: the user may not create the tables.
        TransformationError: a model can't be built or a test fails with an error; the message repeats what dbt says.
    """
    make_sources(database, tables)
    with one_dbt(database, on_wait=on_wait):
        result = run_dbt(
            ["build", "--select", select, "--exclude-resource-type", "unit_test", *FROM_HISTORY],
            target_folder(settings),
            database.libpq_environment,
        )
    if result.returncode != 0:
        raise TransformationError(f"dbt can't build {select}: {said_by(result)}")


def make_sources(database: Database, tables: Tables) -> None:
    """Make the program's tables that models read as sources, where they are missing.

    Raises:
        SchemaError: the user may not create them.
    """
    with database.tables(tables):
        pass


@contextmanager
def one_dbt(database: Database, *, on_wait: Waiting = no_waiting) -> Iterator[None]:
    """Keep every other dbt out of ``database`` for the length of the ``with`` block, waiting for it where needed."""
    with exclusive(database, MARTS_LOCK, on_wait=on_wait):
        _wait_for_other_dbt(database, on_wait)
        yield


@contextmanager
def dbt_environment(database: Database) -> Iterator[None]:
    """Let dbt, started within the ``with`` block, find ``database``."""
    before = {name: os.environ.get(name) for name in database.libpq_environment}
    os.environ.update(database.libpq_environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _wait_for_other_dbt(database: Database, on_wait: Waiting) -> None:
    """Wait until no dbt is at work in ``database``: a killed run leaves its dbt to finish the statement that it is at.

    Raises:
        TransformationError: it still works after an hour.
    """
    query = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'dbt'"
    deadline = time.monotonic() + LIMIT_SECONDS
    told = False
    with database.connect() as connection:
        connection.autocommit = True
        while connection.execute(query).fetchone() != (0,):
            if not told:
                on_wait("dbt")
                told = True
            if time.monotonic() > deadline:
                raise TransformationError("another dbt has been at work in this database for an hour; end it first")
            time.sleep(0.2)
