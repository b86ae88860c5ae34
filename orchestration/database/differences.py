"""Make a table equal to what was just listed, and write only what differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql


@dataclass(frozen=True)
class Differences:
    """How many rows were written to a table, or deleted from it."""

    added: int
    changed: int
    removed: int


def write_differences(
    connection: psycopg.Connection,
    table: sql.Identifier,
    listed: sql.Identifier,
    *,
    key: Sequence[str],
    values: Sequence[str],
    seen: str,
    scope: Mapping[str, str] | None = None,
) -> Differences:
    """Make ``table`` hold the rows of ``listed``, touching only those that differ; commits nothing.

    Args:
        connection: holds both tables.
        table: what is brought up to date.
        listed: what was found, with the same columns, each key once.
        key: the columns that name a row.
        values: the columns that are compared; a row in which one differs is written again.
        seen: the column that says when this version of a row was first seen; written with new and changed rows only.
        scope: columns and their values: only rows of ``table`` that have them are compared. Without it, all rows are.
    """
    within = sql.SQL(" and ").join(
        [sql.SQL("true"), *(sql.SQL("known.{} = {}").format(sql.Identifier(c), v) for c, v in (scope or {}).items())]
    )
    match = sql.SQL(" and ").join(sql.SQL("known.{0} = listed.{0}").format(sql.Identifier(c)) for c in key)
    columns = sql.SQL(", ").join(map(sql.Identifier, [*key, *values, seen]))
    parts = {
        "table": table,
        "listed": listed,
        "within": within,
        "match": match,
        "columns": columns,
        "set": sql.SQL(", ").join(sql.SQL("{0} = listed.{0}").format(sql.Identifier(c)) for c in [*values, seen]),
        "known": sql.SQL(", ").join(sql.SQL("known.{}").format(sql.Identifier(c)) for c in values),
        "found": sql.SQL(", ").join(sql.SQL("listed.{}").format(sql.Identifier(c)) for c in values),
    }
    connection.execute(sql.SQL("analyze {}").format(listed))  # PostgreSQL does it by itself for permanent tables only

    def count(statement: str) -> int:
        return connection.execute(sql.SQL(statement).format(**parts)).rowcount

    removed = count(
        "delete from {table} as known where {within} and not exists (select from {listed} as listed where {match})"
    )
    changed = count(
        "update {table} as known set {set} from {listed} as listed "
        "where {within} and {match} and ({known}) is distinct from ({found})"
    )
    added = count(
        "insert into {table} ({columns}) select {columns} from {listed} as listed "
        "where not exists (select from {table} as known where {match})"
    )
    return Differences(added, changed, removed)
