"""The raw tables of clinical cases, described in ``tables.sql``."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

import psycopg

from orchestration.database import Database, create_tables


@contextmanager
def clinical_tables(database: Database) -> Iterator[psycopg.Connection]:
    """A connection with which the tables of ``tables.sql`` can be used; made where missing.

    Raises:
        DatabaseError: no connection, or the user may not create them.
    """
    with database.connect() as connection:
        create_tables(connection, files("orchestration.cases").joinpath("tables.sql").read_text())
        yield connection
