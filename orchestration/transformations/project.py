"""The dbt project as the rest of the package sees it: where it is, its variables, its manifest, a quiet moment."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from filelock import FileLock

from orchestration.database import Database, RawTable, Tables, exclusive, raw_tables
from orchestration.database.embedded import DATABASE as EMBEDDED_DATABASE
from orchestration.errors import DoublereadError
from orchestration.settings import Settings

PROJECT_DIR = Path(__file__).parents[2] / "dbt_project"
DBT = Path(sys.executable).parent / "dbt"
SOURCES = ("*.sql", "*.yml", "*.md", "*.csv")


class TransformationError(DoublereadError):
    """dbt can't read the project; the message repeats what it says."""


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
    )


def target_folder(settings: Settings) -> Path:
    """Where dbt keeps what it parsed and compiled: the manifest names the database, so it belongs to the settings."""
    return settings.doubleread_home / "dbt"


def ensure_manifest(settings: Settings) -> Path:
    """Parse the project where its manifest is missing, of another database, or older than a file of the project.

    Needs no database.

    Returns:
        The path of ``manifest.json``.

    Raises:
        TransformationError: dbt can't parse the project.
    """
    folder = target_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    manifest, stamp = folder / "manifest.json", folder / "parsed_for.txt"
    environment = settings.libpq_environment if settings.has_database else {"PGDATABASE": EMBEDDED_DATABASE}
    parsed_for = environment.get("PGDATABASE", "")
    with FileLock(folder / "parse.lock"):
        fresh = manifest.exists() and stamp.exists() and manifest.stat().st_mtime >= _last_change()
        if not fresh or stamp.read_text() != parsed_for:
            _parse(folder, environment)
            stamp.write_text(parsed_for)
    return manifest


def build_models(
    settings: Settings,
    database: Database,
    select: str,
    *,
    tables: Tables,
    on_wait: Callable[[str], None] = lambda _name: None,
) -> None:
    """Build and test the models that ``select`` names, as dbt's option of that name takes it, one run at a time.

    The program's tables that the models read are made first, where they are missing.

    Raises:
        SchemaError: the user may not create the tables.
        TransformationError: a model can't be built or a test fails with an error; the message repeats what dbt says.
    """
    ensure_manifest(settings)  # dbt writes the manifest that it makes into the same folder
    target = target_folder(settings)
    make_sources(database, tables)
    with exclusive(database, "marts", on_wait=on_wait):
        wait_for_other_dbt(database, on_wait=on_wait)
        result = _dbt(
            ["build", "--select", select, "--exclude-resource-type", "unit_test"], target, database.libpq_environment
        )
    if result.returncode != 0:
        raise TransformationError(f"dbt can't build {select}: {result.stdout.strip() or result.stderr.strip()}")


def make_sources(database: Database, tables: Tables) -> None:
    """Make the program's tables that models read as sources, where they are missing.

    Raises:
        SchemaError: the user may not create them.
    """
    with database.tables(tables):
        pass


def _parse(target: Path, environment: Mapping[str, str]) -> None:
    result = _dbt(["parse"], target, environment)
    if result.returncode != 0:
        raise TransformationError(f"dbt can't parse {PROJECT_DIR}: {result.stdout.strip() or result.stderr.strip()}")


def _dbt(arguments: list[str], target: Path, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    options: list[str | Path] = [
        "--project-dir",
        PROJECT_DIR,
        "--profiles-dir",
        PROJECT_DIR,
        "--target-path",
        target,
        "--log-path",
        target,
    ]
    return subprocess.run(
        [DBT, *arguments, "--quiet", "--no-use-colors", *options],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


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


def wait_for_other_dbt(
    database: Database, *, on_wait: Callable[[str], None] = lambda _name: None, limit_seconds: float = 3600
) -> None:
    """Wait until no dbt is at work in ``database``: two would trip over each other's half-made tables.

    A killed run leaves its dbt process to finish the statement that it is at.

    Raises:
        TransformationError: it still works after ``limit_seconds``.
    """
    query = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'dbt'"
    deadline = time.monotonic() + limit_seconds
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


def _last_change() -> float:
    files = (file for pattern in SOURCES for file in PROJECT_DIR.rglob(pattern))
    return max(file.stat().st_mtime for file in files if "target" not in file.relative_to(PROJECT_DIR).parts)
