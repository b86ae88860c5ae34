"""Connections to the annotation database, and what to say when there is none."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files

import psycopg
from psycopg import sql

from orchestration.database.embedded import DATABASE, start_embedded_server
from orchestration.errors import DoublereadError
from orchestration.settings import Settings

CONNECT_SECONDS = 10
RECORDS_LOCK = 0x64_62_72_31  # "dbr1": one session at a time makes the tables of records


class DatabaseError(DoublereadError):
    """The database can't be used; the message names the settings to look at."""


@dataclass(frozen=True)
class Database:
    """Where the annotation database is.

    ``libpq_environment`` holds the ``PG*`` variables for psycopg and for dbt; it may hold a password and is left
    out of the representation.
    """

    libpq_environment: Mapping[str, str] = field(repr=False)

    def connect(self, *, application_name: str = "doubleread") -> psycopg.Connection:
        """Open a connection that commits when its ``with`` block ends well.

        Raises:
            DatabaseError: no connection, in one sentence without the password.
        """
        keywords = {
            "PGHOST": "host",
            "PGPORT": "port",
            "PGUSER": "user",
            "PGPASSWORD": "password",
            "PGDATABASE": "dbname",
        }
        arguments = {keywords[name]: value for name, value in self.libpq_environment.items() if value}
        try:
            return psycopg.connect(
                **arguments,  # type: ignore[arg-type]
                connect_timeout=CONNECT_SECONDS,
                application_name=application_name,
            )
        except psycopg.OperationalError as error:
            where = arguments.get("host", os.environ.get("PGHOST", "the local socket"))
            raise DatabaseError(
                f"the database at PGHOST={where} can't be reached with PGPORT, PGUSER, PGPASSWORD and PGDATABASE as "
                f"set: {_first_line(error)}"
            ) from None

    @contextmanager
    def records(self) -> Iterator[psycopg.Connection]:
        """A connection with which the tables of records (schema ``doubleread``) can be used; made where missing."""
        with self.connect() as connection:
            make_records(connection)
            yield connection


def open_database(settings: Settings) -> Database:
    """The database of the settings, or the embedded one, started, where they name none.

    Raises:
        DatabaseError: it can't be reached.
        EmbeddedServerError: the embedded server did not start.
    """
    if settings.has_database:
        database = Database(settings.libpq_environment)
        with database.connect():
            return database
    environment = start_embedded_server(settings.doubleread_home / "postgres")
    with Database(environment | {"PGDATABASE": "postgres"}).connect() as connection:
        connection.autocommit = True
        try:
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
        except psycopg.errors.DuplicateDatabase:
            pass  # another process made it between the question and the answer
    return Database(environment)


def make_records(connection: psycopg.Connection) -> None:
    """Create the schema ``doubleread`` and its tables of records where they are missing, and commit.

    Raises:
        DatabaseError: the user may not create them.
    """
    create_tables(connection, files("orchestration.database").joinpath("records.sql").read_text())


def create_tables(connection: psycopg.Connection, script: str) -> None:
    """Run a script that creates tables of the program's own in the schema ``doubleread``, and commit.

    Raises:
        DatabaseError: the user may not create them.
    """
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [RECORDS_LOCK])
        connection.execute(script.encode())
        connection.commit()
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"PGUSER may not keep records in the schema doubleread ({_first_line(error)}); "
            "grant create on the database, or create the schema for this user"
        ) from None


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
