"""The tables of the program's own, in the schema ``doubleread``: one script for each capability that keeps records.

dbt reads them as sources and never makes them. A capability's tables are made when it is first used, so a
database holds no tables that nothing fills.
"""

from importlib.resources import files
from typing import Literal

import psycopg

from orchestration.errors import DoublereadError

SCHEMA = "doubleread"

Tables = Literal["models", "training_set", "clinical", "archives", "inference", "measurements"]
"""The scripts: ``<name>.sql`` beside this file."""

_LOCK = 0x64_62_72_31  # "dbr1": one session at a time makes tables; of two, one would fail


class SchemaError(DoublereadError):
    """The tables of the program's own cannot be made."""


def make_tables(connection: psycopg.Connection, tables: Tables) -> None:
    """Create the schema ``doubleread`` and one capability's tables where they are missing, and commit.

    Raises:
        SchemaError: the user may not create them.
    """
    script = files(__name__).joinpath(f"{tables}.sql").read_bytes()
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(script)
        connection.commit()
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"PGUSER may not keep records in the schema {SCHEMA} ({str(error).splitlines()[0]}); "
            "grant create on the database, or create the schema for this user"
        ) from None
