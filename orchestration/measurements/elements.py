"""One element: rows of integers from a device, checked, and the two averages that are made of them."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import orjson

from orchestration.measurements.errors import (
    EmptyDataError,
    MissingFieldError,
    NotAnIntegerError,
    NotNormalisableError,
    NumberTooLargeError,
    UnusableTextError,
    WrongTypeError,
)

LONGEST_ID = 200  # characters
LONGEST_DEVICE_NAME = 200
LARGEST = 2**63 - 1
SMALLEST = -(2**63)

_PLAIN = b"0123456789 \t\n\r\v\f"
_SIGNED = _PLAIN + b"-"
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_LONGEST_INTEGER = 4000  # characters, leading zeros included; int() refuses 4,301
# From this many characters on NumPy reads numbers faster than orjson: 20 ns each, and 4 us a call, against 50 ns.
_WORTH_AN_ARRAY = 600


class Element(NamedTuple):
    """An element as it was sent, its fields of the right types; ``rows`` are texts that still may hold anything."""

    id: str
    device_name: str
    rows: Sequence[str]


class Measurement(NamedTuple):
    """What was computed of an element; ``data_size`` counts its values."""

    id: str
    device_name: str
    average_before_normalization: float
    average_after_normalization: float
    data_size: int


def read_element(value: object) -> Element:
    """Check the fields of ``{"id": text, "data": [text, …], "deviceName": text}``; further ones are passed over.

    Raises:
        ElementError: of the kind that says what is wrong.
    """
    if not isinstance(value, Mapping):
        raise WrongTypeError("an element", "an object", value)
    for field in ("id", "data", "deviceName"):
        if field not in value:
            raise MissingFieldError(field)
    rows = value["data"]
    if not isinstance(rows, list):
        raise WrongTypeError("data", "a list of rows", rows)
    for number, row in enumerate(rows, 1):
        if not isinstance(row, str):
            raise WrongTypeError(f"row {number:,} of data", "text", row)
    return Element(
        check_text("id", value["id"], LONGEST_ID),
        check_text("deviceName", value["deviceName"], LONGEST_DEVICE_NAME),
        rows,
    )


def check_text(field: str, value: object, longest: int) -> str:
    """``value`` as text that can be stored.

    Raises:
        WrongTypeError: it is no text.
        UnusableTextError: it is empty, longer than ``longest`` characters, or holds a NUL or half a surrogate pair.
    """
    if not isinstance(value, str):
        raise WrongTypeError(field, "text", value)
    if not value or value.isspace():
        raise UnusableTextError(field, "is empty")
    if len(value) > longest:
        raise UnusableTextError(field, f"has {len(value):,} characters, {longest} at most")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise UnusableTextError(field, "holds half a surrogate pair, which is no character")
    if "\0" in value:
        raise UnusableTextError(field, "holds a NUL character")
    return value


def measure(element: Element) -> Measurement:
    """The average of an element's values, and of the values divided by the largest, each correctly rounded.

    Values are integers of ASCII digits with an optional sign, apart from each other by any white space, from
    ``SMALLEST`` to ``LARGEST``. ``1_000``, ``1.0`` and digits of other scripts are no integers here.

    Raises:
        ElementError: the data are empty, hold a word that is no integer or one that is too large, or their largest
            value is 0.
    """
    total, largest, size = total_of_rows(element.rows)
    if largest == 0:
        raise NotNormalisableError
    return Measurement(element.id, element.device_name, total / size, total / (size * largest), size)


def total_of_rows(rows: Sequence[str]) -> tuple[int, int, int]:
    """The sum of all values, the largest of them, and how many there are.

    Raises:
        ElementError: there are none, or one is not an integer of 64 bits.
    """
    text = " ".join(rows)
    if text.isascii():
        found = _total_of_plain(text.encode())
        if found is not None:
            return found
    return _total_of_any(rows)


def _total_of_plain(text: bytes) -> tuple[int, int, int] | None:
    """The same, fast, for digits, blanks and minus signs that are what they look like; None for all else.

    None is an answer that costs time only: the careful reading decides.
    """
    if not text.translate(None, _PLAIN):
        if len(text) >= _WORTH_AN_ARRAY:
            return _total_of_digits(text)
    elif text.translate(None, _SIGNED):
        return None
    values = _json_numbers(text.replace(b" ", b",")) or _json_numbers(b",".join(text.split()))
    if not values:
        return None
    total, largest = sum(values), max(values)
    # orjson reads what needs more than 64 bits, and -0, as floats; one makes the sum a float.
    if type(total) is not int or largest > LARGEST:
        return None
    return total, largest, len(values)


def _json_numbers(text: bytes) -> list[int] | None:
    """Strictly: no `1-2`, no leading zero, and no comma too many, as two blanks in a row make one."""
    try:
        values: list[int] = orjson.loads(b"[%b]" % text)
    except orjson.JSONDecodeError:
        return None
    return values


def _total_of_digits(text: bytes) -> tuple[int, int, int] | None:
    """Of digits and blanks alone every word is an integer; NumPy takes those that are too large for the largest."""
    values = np.fromstring(text, dtype=np.int64, sep=" ")
    if not len(values):
        return None
    largest = int(values.max())
    if largest == LARGEST:
        return None
    if largest * len(values) <= LARGEST:
        return int(values.sum()), largest, len(values)
    return sum(values.tolist()), largest, len(values)


def _total_of_any(rows: Sequence[str]) -> tuple[int, int, int]:
    """Word by word, which finds the one that is wrong."""
    words = [row.split() for row in rows]
    for row, words_of_row in enumerate(words, 1):
        for place, word in enumerate(words_of_row, 1):
            _check_word(word, row, place)
    values = [int(word) for word in chain.from_iterable(words)]
    if not values:
        raise EmptyDataError
    return sum(values), max(values), len(values)


def _check_word(word: str, row: int, place: int) -> None:
    if not _INTEGER.fullmatch(word):
        raise NotAnIntegerError(row, place)
    if len(word) > _LONGEST_INTEGER or not SMALLEST <= int(word) <= LARGEST:
        raise NumberTooLargeError(row, place)
