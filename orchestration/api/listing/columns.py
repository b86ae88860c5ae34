"""Columns of a list: their kinds, how a parameter's text becomes a value, what the schema says."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Kind = Literal["text", "integer", "number", "time", "boolean", "texts", "json"]
"""``texts`` is a list of text, ``json`` whatever JSON holds; neither can be filtered or ordered."""

OPERATORS: Mapping[str, str] = {"": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
RANGE = ("", "gt", "gte", "lt", "lte")
EXACT = ("",)

LARGEST = 2**63 - 1
LONGEST_TEXT = 1000  # characters of a filter
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class Column:
    """One column of a list.

    Args:
        name: as in answers and parameters.
        kind: what its values are.
        description: a sentence for the schema.
        example: a value for the schema.
        sql: the expression, where it is not the name; a constant of the code.
        filters: the operators that parameters may use, keys of ``OPERATORS``.
        filter_sql: a condition with one ``%s`` for equality, where comparing ``sql`` would use no index.
        can_order: whether lists can be ordered by it; it is then never null.
        nullable: whether a value may be missing.
        choices: the values that there are, where they are few.
    """

    name: str
    kind: Kind
    description: str
    example: Any
    sql: str = ""
    filters: tuple[str, ...] = ()
    filter_sql: str = ""
    can_order: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()

    @property
    def expression(self) -> str:
        """The column in a statement."""
        return self.sql or self.name

    def read(self, text: str) -> Any:  # noqa: ANN401  a value of the kind
        """The value that the text of a parameter stands for.

        Raises:
            ValueError: it stands for none; the message says what would.
        """
        value = _READERS[self.kind](text)
        if self.choices and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return value


def _read_text(text: str) -> str:
    if not text or len(text) > LONGEST_TEXT:
        raise ValueError(f"must have 1 to {LONGEST_TEXT:,} characters")
    return text


def _read_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -LARGEST <= int(text) <= LARGEST:
        raise ValueError("must be an integer of 64 bits")
    return int(text)


def _read_number(text: str) -> float:
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise ValueError("must be a number, such as 54.25")
    return value


def _read_time(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2026-01-31T08:00:00Z, or a day; a + in a URL is written %2B") from None


def _read_boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("must be true or false")
    return text == "true"


def _refuse(_text: str) -> None:
    raise ValueError("cannot be compared")


_READERS: Mapping[Kind, Callable[[str], Any]] = {
    "text": _read_text,
    "integer": _read_integer,
    "number": _read_number,
    "time": _read_time,
    "boolean": _read_boolean,
    "texts": _refuse,
    "json": _refuse,
}
