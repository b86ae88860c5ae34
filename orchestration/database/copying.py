"""Copy many rows into a table of the program's own, from tuples or from Arrow."""

from collections.abc import Iterable, Sequence

import psycopg
import pyarrow as pa
from psycopg import sql
from pyarrow import csv

from orchestration.database.schema import SCHEMA

_NO_HEADER = csv.WriteOptions(include_header=False)


def copy_batches(
    connection: psycopg.Connection, table: str, columns: Sequence[str], batches: Iterable[pa.RecordBatch]
) -> None:
    """Copy record batches into a table of the schema; keeps one batch in memory.

    ``columns`` names the batches' columns in the table, in their order. A million members take 0.13 s of this process's
    time as CSV that Arrow writes, and 0.84 s as tuples.
    """
    statement = sql.SQL("copy {} ({}) from stdin with (format csv)").format(*_named(table, columns))
    with connection.cursor().copy(statement) as copy:
        for batch in batches:
            if len(batch):
                sink = pa.BufferOutputStream()
                csv.write_csv(batch, sink, _NO_HEADER)
                copy.write(memoryview(sink.getvalue()))


def copy_rows(
    connection: psycopg.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    r"""Copy rows into a table of the schema, or a temporary one where ``table`` is qualified by ``pg_temp``.

    A NUL in a text, which PostgreSQL cannot store, is written as ``\0``.
    """
    statement = sql.SQL("copy {} ({}) from stdin").format(*_named(table, columns))
    with connection.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row([value.replace("\0", "\\0") if isinstance(value, str) else value for value in row])


def _named(table: str, columns: Sequence[str]) -> tuple[sql.Composable, sql.Composable]:
    schema, _, name = table.rpartition(".")
    return sql.Identifier(schema or SCHEMA, name), sql.SQL(", ").join(map(sql.Identifier, columns))
