"""Statements and the rows that they give as plain tuples, the quick way.

Django reads every timestamp in Python and binds parameters into the text of the statement; psycopg alone reads a page
of a hundred elements in half the time, in PostgreSQL's binary format.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

Row = tuple[Any, ...]


def select(statement: str, values: Sequence[Any] | Mapping[str, Any] = (), *, prepare: bool = False) -> list[Row]:
    """Run one query on Django's connection of this thread; its errors are Django's.

    Args:
        statement: a constant of the code, with ``%s`` for each value.
        values: the parameters.
        prepare: keep it parsed on the connection; for a statement whose best plan does not depend on the values.
    """
    with _cursor() as cursor:
        cursor.execute(statement.encode(), values, prepare=prepare, binary=True)
        return cursor.fetchall()


def execute(statement: str, values: Sequence[Any] = (), *, prepare: bool = False) -> None:
    """Run one statement that gives no rows, as :func:`select` runs one that does."""
    with _cursor() as cursor:
        cursor.execute(statement.encode(), values, prepare=prepare)


def literal(text: str) -> str:
    """A setting as a text of SQL, for a statement that is made when the code is loaded; never a value from a client.

    ``%`` is doubled, since a statement with parameters is read by psycopg first.
    """
    quoted = text.replace("'", "''").replace("%", "%%")
    return f"'{quoted}'"


@contextmanager
def _cursor() -> Iterator[psycopg.Cursor[Row]]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor
