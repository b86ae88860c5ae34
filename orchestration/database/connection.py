"""Connect to the annotation database, or say in one sentence why that failed."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from orchestration.database.embedded import DATABASE, start_embedded_server
from orchestration.database.schema import Tables, make_tables
from orchestration.errors import DoublereadError
from orchestration.settings import Settings

CONNECT_SECONDS = 10


class DatabaseError(DoublereadError):
    """The database cannot be used; the message names the settings to look at."""


@dataclass(frozen=True)
class Database:
    """Where the annotation database is.

    ``libpq_environment`` holds the ``PG*`` variables for psycopg and for dbt; it may hold a password and is left
    out of the representation.
    """

    libpq_environment: Mapping[str, str] = field(repr=False)

    def connect(self, *, application_name: str = "doubleread") -> psycopg.Connection:
        """Open a connection that commits when its ``with`` block ends without an exception.

        Raises:
            DatabaseError: it cannot connect; the message is one sentence without the password.
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
                client_encoding="utf8",  # a database in another encoding would send JSON that is not in UTF-8
            )
        except psycopg.OperationalError as error:
            where = arguments.get("host", os.environ.get("PGHOST", "the local socket"))
            raise DatabaseError(
                f"the database at PGHOST={where} cannot be reached with PGPORT, PGUSER, PGPASSWORD and PGDATABASE as "
                f"set: {_first_line(error)}"
            ) from None

    def name(self) -> str:
        """Ask the database for its name, which is the user's where PGDATABASE is not set."""
        with self.connect() as connection:
            ((name,),) = connection.execute("select current_database()").fetchall()
            return str(name)

    @contextmanager
    def tables(self, tables: Tables) -> Iterator[psycopg.Connection]:
        """Make one capability's tables (schema ``doubleread``) where they are missing, and give a connection to them.

        Others see what was written when the ``with`` block ends without an exception.

        Raises:
            DatabaseError: it cannot connect.
            SchemaError: the user may not create them.
        """
        with self.connect() as connection:
            make_tables(connection, tables)
            yield connection


def open_database(settings: Settings) -> Database:
    """Give the database that the settings name; where they name none, start the embedded one.

    Raises:
        DatabaseError: it cannot be reached.
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


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
