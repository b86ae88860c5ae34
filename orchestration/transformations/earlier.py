"""The models as they were: made again from the history of the raw tables, in schemas of their own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, LiteralString

from psycopg import sql

from orchestration.database import Database, exclusive
from orchestration.outcomes import Waiting, no_waiting
from orchestration.transformations.manifest import TransformationError, run_dbt, said_by
from orchestration.transformations.project import one_dbt

EARLIER: LiteralString = "doubleread_rebuild_"
"""Before the names of the schemas; those of the current models are never touched."""

_SCHEMAS = tuple(f"{EARLIER}{name}" for name in ("staging", "seeds", "intermediate", "marts"))
_WANTED = "+mart_state"  # which is made when all that an export reads are
_MODELS_AND_SEEDS = ("--resource-type", "model", "--resource-type", "seed")


@contextmanager
def earlier_models(
    database: Database,
    target: Path,
    as_of: datetime,
    variables: Mapping[str, Any],
    *,
    on_wait: Waiting = no_waiting,
) -> Iterator[None]:
    """Make the marts that an export reads as they were at a moment; they go with the ``with`` block.

    They lie in the usual schemas, behind ``EARLIER``. One at a time in a database; what a killed one left goes first.

    Args:
        database: holds the history.
        target: a folder for dbt to write to.
        as_of: the moment.
        variables: of the dbt project, as they were then.
        on_wait: called with what this one waits for.

    Raises:
        TransformationError: dbt can't make them; the message repeats what it says.
    """
    given = {**variables, "as_of": as_of.isoformat(), "schema_prefix": EARLIER}
    with exclusive(database, "rebuilding", on_wait=on_wait):
        _drop(database)
        try:
            with one_dbt(database, on_wait=on_wait):
                arguments = ["build", "--select", _WANTED, "--vars", json.dumps(given), *_MODELS_AND_SEEDS]
                result = run_dbt(arguments, target, database.libpq_environment)
            if result.returncode != 0:
                raise TransformationError(f"dbt can't make the models of {as_of}: {said_by(result)}")
            yield
        finally:
            _drop(database)


def _drop(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("set client_min_messages to warning")  # of what goes along
        for schema in _SCHEMAS:
            connection.execute(sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(schema)))
