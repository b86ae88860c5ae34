"""Dates, times and ages as DICOM writes them (PS3.5 6.2), and as ACR-NEMA did before (PS3.5 6.2, note to DA and TM).

An error says what is wrong and never repeats the value.
"""

import re
from datetime import date, time

_DATE = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})", re.ASCII)
_TIME = re.compile(r"(\d{2})(?:(:?)(\d{2})(?:\2(\d{2})(?:\.(\d{1,6}))?)?)?", re.ASCII)
_AGE = re.compile(r"(\d{3})([DWMY])", re.ASCII)
_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}
_PADDING = " \0"


def date_of(text: str) -> date:
    """The date of a DA value: ``20240229``, or ``2024.02.29`` as ACR-NEMA wrote it.

    Raises:
        ValueError: it is not written so, or the calendar has no such day.
    """
    match = _DATE.fullmatch(text.strip(_PADDING))
    if match is None:
        raise ValueError("is not a date as DICOM writes it, YYYYMMDD (or YYYY.MM.DD, as ACR-NEMA did)")
    try:
        return date(int(match[1]), int(match[3]), int(match[4]))
    except ValueError:
        raise ValueError(
            "is not a date of the calendar: there is no such month, or no such day in that month"
        ) from None


def time_of(text: str) -> time:
    """The time of a TM value: ``HHMMSS.FFFFFF`` with any of its parts left out from the right, or with colons.

    A leap second, which Python's times do not have, becomes the second before it.

    Raises:
        ValueError: it is not written so, or a day has no such time.
    """
    match = _TIME.fullmatch(text.strip(_PADDING))
    if match is None:
        raise ValueError("is not a time as DICOM writes it, HHMMSS.FFFFFF (or HH:MM:SS, as ACR-NEMA did)")
    hour, minute, second = (int(part or 0) for part in (match[1], match[3], match[4]))
    try:
        return time(hour, minute, 59 if second == 60 else second, int((match[5] or "0").ljust(6, "0")))
    except ValueError:
        raise ValueError("is not a time of a day: hours go to 23, minutes and seconds to 59") from None


def age_of(text: str) -> float:
    """The years of an AS value: ``034Y`` is 34, ``006M`` 0.5, ``010W`` and ``020D`` are weeks and days.

    Raises:
        ValueError: it is not written so.
    """
    match = _AGE.fullmatch(text.strip(_PADDING))
    if match is None:
        raise ValueError("is not an age as DICOM writes it: three digits and D, W, M or Y, such as 034Y")
    return int(match[1]) / _A_YEAR[match[2]]
