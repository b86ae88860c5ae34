r"""What a blob's name says: year, case id and view.

- A year is four digits, from 1900 to next year, with a non-digit or an end on both sides. Digital or digitised, no
  mammogram is older than 1900, and none is made after next year (a clock may be ahead, and the year ends at different
  hours around the world). So the number in ``IMG_0001`` is no year. The digits of an id are no year either: ``S2014``
  is a case.
- Eight digits that are a date in such a year, year first (``20160305``), give the year of the date. No date of these
  years written with the year last is also one with the year first: its month would be 19 or 20.
- An id is ``S`` and digits, whole: no letter or digit stands before or after it, so that ``S0000001`` is not found in
  ``S00000012`` or ``XS0000001``.
- A view is ``L__CC``, ``L__MLO``, ``R__CC`` or ``R__MLO``, whole in the same sense.

The same year, id or view twice counts once. Two different ones count as none, since either may be meant: a folder of
2016 that holds a file of 20151230 gives no year.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeVar

T = TypeVar("T")

FIRST_YEAR = 1900

# [^\W_]: a letter or digit of any script. The underscore separates.
_ID = re.compile(r"(?<![^\W_])S[0-9]+(?![^\W_])")
_DIGITS = re.compile(r"(?<!\d)(?:[0-9]{4}|[0-9]{8})(?!\d)")
_VIEW = re.compile(r"(?<![^\W_])[LR]__(?:CC|MLO)(?![^\W_])")


@dataclass(frozen=True)
class BlobName:
    """What was found in a name; None for what is missing or ambiguous, which ``problem`` then says.

    ``view`` is ``l_cc``, ``l_mlo``, ``r_cc`` or ``r_mlo``.
    """

    year: int | None
    case_id: str | None
    view: str | None
    problem: str | None


def parse_blob_name(name: str) -> BlobName | None:
    """Read a blob's name; None where it holds no year, no id and no view."""
    ids = ids_in(name)
    years = set(_years(_ID.sub("S", name)))
    views = {view.lower().replace("__", "_") for view in _VIEW.findall(name)}
    if not (ids or years or views):
        return None
    problems = [*_problem("year", years), *_problem("id", ids), *_problem("view", views)]
    return BlobName(_only(years), _only(ids), _only(views), "; ".join(problems) or None)


def ids_in(name: str) -> set[str]:
    """Every case id that a blob's name holds."""
    return set(_ID.findall(name))


def _years(text: str) -> Iterator[int]:
    last_year = datetime.now(UTC).year + 1
    for digits in _DIGITS.findall(text):
        year = int(digits[:4])
        if FIRST_YEAR <= year <= last_year and (len(digits) == 4 or _is_date(digits)):
            yield year


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _problem(what: str, found: set[int] | set[str]) -> Iterable[str]:
    if len(found) != 1:
        names = ", ".join(map(str, sorted(found)))
        yield f"more than one {what} ({names})" if found else f"no {what}"


def _only(found: set[T]) -> T | None:
    return next(iter(found)) if len(found) == 1 else None
