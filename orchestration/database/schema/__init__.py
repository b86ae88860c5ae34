"""The tables of the program's own, in the schema ``doubleread``: one script for each capability that keeps records.

dbt reads them as sources and never makes them. A capability's tables are made when it is first used, so a
database holds no tables that nothing fills.
"""

import hashlib
import re
from importlib.resources import files
from typing import Literal

import psycopg

from orchestration.errors import DoublereadError

SCHEMA = "doubleread"

Tables = Literal["models", "training_set", "clinical", "archives", "inference", "measurements"]
"""The scripts: ``<name>.sql`` beside this file."""

_LOCK = 0x64_62_72_31  # "dbr1": one session at a time makes tables; of two, one would fail


_KEEP = """
    insert into doubleread.made_tables (tables, script_sha256) values (%s, %s)
    on conflict (tables) do update set script_sha256 = excluded.script_sha256, made_at = now()
"""


class SchemaError(DoublereadError):
    """The tables of the program's own cannot be made."""


def make_tables(connection: psycopg.Connection, tables: Tables) -> None:
    """Create the schema ``doubleread`` and one capability's tables where they are missing, and commit.

    A script that was run as it is, and whose tables are there, is not run again: even where it has nothing to do, it
    asks for locks that wait for everyone who is at work in the tables, and whoever comes next waits behind it.

    Raises:
        SchemaError: the user may not create them.
    """
    made, script = (_script(name) for name in ("made", tables))
    digest = hashlib.sha256(script.encode()).hexdigest()
    try:
        if _are_there(connection, made + script) and _were_made_by(connection, tables, digest):
            connection.commit()
            return
        connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(made.encode())
        connection.execute(script.encode())
        connection.execute(_KEEP, [tables, digest])
        connection.commit()
    except psycopg.errors.InsufficientPrivilege as error:
        raise SchemaError(
            f"PGUSER may not keep records in the schema {SCHEMA} ({str(error).splitlines()[0]}); "
            "grant create on the database, or create the schema for this user"
        ) from None


def _script(name: str) -> str:
    return files(__name__).joinpath(f"{name}.sql").read_text()


def _are_there(connection: psycopg.Connection, script: str) -> bool:
    """Whether every table that a script makes exists."""
    names = re.findall(rf"create table if not exists ({SCHEMA}\.\w+)", script)
    query = "select bool_and(to_regclass(name) is not null) from unnest(%s::text[]) as name"
    return connection.execute(query, [names]).fetchone() == (True,)


def _were_made_by(connection: psycopg.Connection, tables: Tables, digest: str) -> bool:
    """Whether the last script that made a capability's tables is the one of this digest."""
    query = "select true from doubleread.made_tables where tables = %s and script_sha256 = %s"
    return connection.execute(query, [tables, digest]).fetchone() is not None
