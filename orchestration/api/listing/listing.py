"""A list over a table: its statement, and one page of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
from django.db import ProgrammingError

from orchestration.api.listing.columns import Column
from orchestration.api.listing.cursors import Cursor
from orchestration.api.listing.parameters import ListQuery
from orchestration.api.web.rows import Row, select


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the cursors of the pages beside it where there are any."""

    rows: list[Row]
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Listing:
    """A list over a table or a join.

    Args:
        name: of one row, in the schema, such as ``Element``.
        relation: what stands after ``from``.
        columns: what each row holds, in this order.
        key: a column that no two rows share, which tells rows apart that are equal in the ordering column; it need not
            be one of ``columns``.
        identifier: the name of the column by which one row is found.
        ordering: how the list is ordered unless a client says otherwise.
        weight: an expression that says how large a row is, and ``page_weight`` how large the rows of a page may be
            together: a page ends before it grows larger than that, but has one row at least.
    """

    name: str
    relation: str
    columns: tuple[Column, ...]
    key: Column
    identifier: str
    ordering: str
    weight: str = ""
    page_weight: int = 0

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def _selected(self) -> str:
        return ", ".join(f"{column.expression} as {column.name}" for column in self.columns)

    def column(self, name: str) -> Column | None:
        """The column of this name."""
        return self._by_name.get(name)

    def ordering_column(self, ordering: str) -> Column | None:
        """The column that ``name`` or ``-name`` orders by; None where none may."""
        column = self._by_name.get(ordering.removeprefix("-"))
        return column if column and column.can_order else None

    def page(self, query: ListQuery) -> Page:
        """One page; empty where the table does not exist, as a mart does not before it is first built."""
        statement, values = self._statement(query)
        return self._cut(select_if_built(statement, values), query)

    def find(self, value: str) -> dict[str, Any] | None:
        """The row whose identifier is ``value``, by column; None where there is none."""
        column = self._by_name[self.identifier]
        statement = f"select {self._selected} from {self.relation} where {column.expression} = %s"  # noqa: S608  constants
        rows = select_if_built(statement, [value])
        return dict(zip(self.names, rows[0], strict=True)) if rows else None

    def is_built(self) -> bool:
        """Whether its table exists, or the first of several."""
        return bool(select("select to_regclass(%s) is not null", [self.relation.partition(" ")[0]])[0][0])

    def _statement(self, query: ListQuery) -> tuple[str, Sequence[Any]]:
        """The rows of a page and one more, each followed by what a cursor needs."""
        column = self._by_name[query.ordering.removeprefix("-")]
        backward = query.cursor is not None and query.cursor.backward
        descending = query.descending != backward
        conditions, values = list(query.conditions), list(query.values)
        if query.cursor:
            conditions.append(f"({column.expression}, {self.key.expression}) {'<' if descending else '>'} (%s, %s)")
            values += [query.cursor.value, query.cursor.key]
        where = f"where {' and '.join(conditions)}" if conditions else ""
        direction = "desc" if descending else "asc"
        order = f"{column.expression} {direction}, {self.key.expression} {direction}"
        weight = f", {self.weight} as weight" if self.weight else ""
        statement = (
            f"select {self._selected}, {column.expression} as place, {self.key.expression} as tie{weight} "  # noqa: S608
            f"from {self.relation} {where} order by {order} limit {query.page_size + 1}"
        )
        if not self.weight:
            return statement, values
        names = ", ".join(self.names)
        statement = (
            f"select {names}, place, tie, fetched from ("  # noqa: S608  constants
            f"select *, count(*) over () as fetched, "
            f"sum(weight) over (order by place {direction}, tie {direction}) as total "
            f"from ({statement}) as page) as weighed "
            f"where total <= {self.page_weight} or total = weight order by place {direction}, tie {direction}"
        )
        return statement, values

    def _cut(self, rows: list[Row], query: ListQuery) -> Page:
        """The rows of the page, in the list's order and without what only cursors need, and the cursors."""
        fetched = rows[0][-1] if self.weight and rows else len(rows)
        kept = rows[: query.page_size]
        more = fetched > len(kept)
        backward = query.cursor is not None and query.cursor.backward
        if backward:
            kept.reverse()
        width = len(self.columns)

        def beside(row: Row, *, before: bool) -> str:
            return Cursor(query.ordering, before, row[width], row[width + 1]).text()

        has_next, has_previous = (query.cursor is not None, more) if backward else (more, query.cursor is not None)
        return Page(
            [row[:width] for row in kept],
            beside(kept[-1], before=False) if kept and has_next else None,
            beside(kept[0], before=True) if kept and has_previous else None,
        )


def select_if_built(statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    """Rows as ``select`` gives them; none where a table does not exist, as a mart does not before it is first built."""
    try:
        return select(statement, values)
    except ProgrammingError as error:
        if is_missing_table(error):
            return []
        raise


def is_missing_table(error: ProgrammingError) -> bool:
    """Whether a statement failed since its table, or the schema of it, was not made yet."""
    return isinstance(error.__cause__, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName)
