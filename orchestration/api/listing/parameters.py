"""The parameters of a list: each known and well formed, or the request is refused."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.http import QueryDict

from orchestration.api.listing.columns import OPERATORS, Column
from orchestration.api.listing.cursors import Cursor, read_cursor
from orchestration.api.web.errors import BadRequestError

if TYPE_CHECKING:
    from orchestration.api.listing.listing import Listing

PAGE_SIZE = 100
LARGEST_PAGE = 1000
FORMATS = ("json", "csv")
OWN_PARAMETERS = ("ordering", "cursor", "page_size", "format")
_DIGITS = re.compile(r"[0-9]{1,4}", re.ASCII)


@dataclass(frozen=True)
class ListQuery:
    """What a client asks of a list: conditions with their values, order, page and form."""

    conditions: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    ordering: str = ""
    cursor: Cursor | None = None
    page_size: int = PAGE_SIZE
    format: str = "json"
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def descending(self) -> bool:
        """Whether the largest come first."""
        return self.ordering.startswith("-")


def read_parameters(parameters: QueryDict, listing: "Listing", *, others: Iterable[str] = ()) -> ListQuery:
    """Read and check all parameters of a request.

    Args:
        parameters: of the request.
        listing: what they ask of.
        others: names that the caller reads by itself.

    Raises:
        BadRequestError: one is unknown, given twice or malformed; the message names it.
    """
    given = _each_once(parameters)
    for name in others:
        given.pop(name, None)
    own = {name: given.pop(name) for name in OWN_PARAMETERS if name in given}
    conditions, values = [], []
    for name, text in given.items():
        condition, value = _filter(name, text, listing)
        conditions.append(condition)
        values.append(value)
    ordering = own.get("ordering", listing.ordering)
    column = listing.ordering_column(ordering)
    if column is None:
        allowed = ", ".join(item.name for item in listing.columns if item.can_order)
        raise BadRequestError(f"ordering: must be one of {allowed}, a - before it for the largest first")
    cursor = read_cursor(own["cursor"], ordering, column, listing.key) if "cursor" in own else None
    form = own.get("format", "json")
    if form not in FORMATS:
        raise BadRequestError(f"format: must be one of {', '.join(FORMATS)}")
    size = _page_size(own.get("page_size", str(PAGE_SIZE)))
    return ListQuery(tuple(conditions), tuple(values), ordering, cursor, size, form, given)


def filter_names(column: Column) -> list[str]:
    """The parameters that filter by a column."""
    return [f"{column.name}__{operator}" if operator else column.name for operator in column.filters]


def _each_once(parameters: QueryDict) -> dict[str, str]:
    for name, values in parameters.lists():
        if len(values) > 1:
            raise BadRequestError(f"{_shown(name)}: is given {len(values)} times; give it once")
    return {name: str(value) for name, value in parameters.items()}


def _filter(name: str, text: str, listing: "Listing") -> tuple[str, Any]:
    stem, _, operator = name.partition("__")
    column = listing.column(stem)
    if column is None or operator not in column.filters or name not in filter_names(column):
        known = ", ".join(name for column in listing.columns for name in filter_names(column))
        raise BadRequestError(f"{_shown(name)}: is no parameter of this list; there are {known or 'no filters'}")
    try:
        value = column.read(text)
    except ValueError as error:
        raise BadRequestError(f"{name}: {error}") from None
    if not operator and column.filter_sql:
        return column.filter_sql, value
    return f"{column.expression} {OPERATORS[operator]} %s", value


def _page_size(text: str) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= LARGEST_PAGE:
        raise BadRequestError(f"page_size: must be a number from 1 to {LARGEST_PAGE}")
    return int(text)


def _shown(name: str) -> str:
    """A parameter's name where it can be repeated: what is long or odd may be a value in the wrong place."""
    return name if re.fullmatch(r"[A-Za-z_]\w{0,60}", name, re.ASCII) else "a parameter"
