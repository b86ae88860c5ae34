"""The types of a record's fields: as Python has them, or as the text of a DICOM element."""

from collections.abc import Callable
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, Strict, StringConstraints

from orchestration.dicom.moments import age_of, date_of, time_of

MAX_TEXT = 10_240
"""Characters of a text, as DICOM's LT has at most (PS3.5 6.2)."""


def _read_by(rule: Callable[[str], object], python: Callable[[str], object] | None = None) -> BeforeValidator:
    """Read text by a rule of DICOM, or as Python writes it where that differs; blank text becomes None."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        if not value.strip(" \0"):
            return None
        if python is not None:
            try:
                return python(value)
            except ValueError:
                pass  # the rule's error says how it is to be written
        return rule(value)

    return BeforeValidator(read)


def _iso_date(text: str) -> date:
    if text.count("-") != 2:  # Python takes 20240229 as well, and week dates such as 2024W091
        raise ValueError
    return date.fromisoformat(text)


def _blank_is_none(value: object) -> object:
    return (value.strip(" \0") or None) if isinstance(value, str) else value


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("is true or false, not a number")  # noqa: TRY004 - pydantic reports ValueError alone
    return value


_BLANK_IS_NONE = BeforeValidator(_blank_is_none)
_NUMBER = BeforeValidator(lambda value: _no_boolean(_blank_is_none(value)))

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
OptionalText = Annotated[Text | None, _BLANK_IS_NONE]
Code = Annotated[
    Annotated[str, StringConstraints(to_upper=True, pattern=r"^[A-Za-z0-9 _]{1,16}$")] | None, _BLANK_IS_NONE
]
"""A code string (CS): at most 16 capital letters, digits, blanks and underscores."""

Sex = Annotated[Literal["M", "F", "O"] | None, BeforeValidator(lambda value: _upper(_blank_is_none(value)))]
Uid = Annotated[
    Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+$", max_length=64)] | None,
    _BLANK_IS_NONE,
]
"""A UID (PS3.5 9): numbers without leading zeros, with dots between them, at most 64 characters."""

Age = Annotated[
    Annotated[float, Field(ge=0, le=150, allow_inf_nan=False)] | None, BeforeValidator(_no_boolean), _read_by(age_of)
]
"""Years: a number, or text such as ``006M``, which is 0.5."""

Kilograms = Annotated[Annotated[float, Field(gt=0, le=1_000, allow_inf_nan=False)] | None, _NUMBER]
Day = Annotated[Annotated[date, Strict()] | None, _read_by(date_of, _iso_date)]
"""A date, or text: ``20240229``, ``2024.02.29`` or ``2024-02-29``."""

TimeOfDay = Annotated[Annotated[time, Strict()] | None, _read_by(time_of)]
"""A time, or text such as ``HHMMSS.FFFFFF`` or ``HH:MM:SS``."""

Integer = Annotated[Annotated[int, Field(ge=-(2**31), lt=2**31)] | None, _NUMBER]
Count = Annotated[Annotated[int, Field(ge=1, lt=2**31)] | None, _NUMBER]


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value
