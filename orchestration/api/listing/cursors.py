"""Cursors: where a page begins, as a text that a client hands back and never reads."""

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from orchestration.api.listing.columns import Column
from orchestration.api.web.errors import BadRequestError

LONGEST_CURSOR = 4000  # characters


@dataclass(frozen=True)
class Cursor:
    """The row beside which a page begins: its value of the ordering column and its key.

    ``backward`` asks for the rows before it, else for those after it.
    """

    ordering: str
    backward: bool
    value: Any
    key: Any

    def text(self) -> str:
        """As it stands in a link."""
        value = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        return base64.urlsafe_b64encode(orjson.dumps([self.ordering, self.backward, value, self.key])).decode()


def read_cursor(text: str, ordering: str, column: Column, key: Column) -> Cursor:
    """The cursor of a link, checked like any other parameter.

    Raises:
        BadRequestError: this list, in this order, gave no such cursor.
    """
    refused = BadRequestError("cursor: does not belong to this list in this order; begin again without it")
    if len(text) > LONGEST_CURSOR:
        raise refused
    try:
        of, backward, value, key_value = orjson.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        cursor = Cursor(of, backward, _checked(column, value), _checked(key, key_value))
    except (ValueError, TypeError):  # no base64, no JSON, no list of four, or values of other kinds
        raise refused from None
    if of != ordering or not isinstance(backward, bool):
        raise refused
    return cursor


def _checked(column: Column, value: object) -> Any:  # noqa: ANN401  a value of the column's kind
    if column.kind == "number":
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError
        return float(value)
    if column.kind == "integer":
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError
        return column.read(str(value))
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    return column.read(value) if column.kind == "time" else value
