r"""What a blob's name says: year, case id and view.

- A year is four digits with a non-digit or an end on both sides. The digits of an id are no year: ``S2014`` is a case.
- An id is ``S`` and digits, whole: no letter or digit stands before or after it, so that ``S0000001`` is not found in
  ``S00000012`` or ``XS0000001``.
- A view is ``L__CC``, ``L__MLO``, ``R__CC`` or ``R__MLO``, whole in the same sense.

The same year, id or view twice is one; two different ones are none, since nobody knows which is meant.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

# [^\W_]: a letter or digit of any script. The underscore separates.
_ID = re.compile(r"(?<![^\W_])S[0-9]+(?![^\W_])")
_YEAR = re.compile(r"(?<!\d)[0-9]{4}(?!\d)")
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
    ids = set(_ID.findall(name))
    years = {int(year) for year in _YEAR.findall(_ID.sub("S", name))}
    views = {view.lower().replace("__", "_") for view in _VIEW.findall(name)}
    if not (ids or years or views):
        return None
    problems = [*_problem("year", years), *_problem("id", ids), *_problem("view", views)]
    return BlobName(_only(years), _only(ids), _only(views), "; ".join(problems) or None)


def _problem(what: str, found: set[int] | set[str]) -> Iterable[str]:
    if len(found) != 1:
        yield f"more than one {what}" if found else f"no {what}"


def _only(found: set[T]) -> T | None:
    return next(iter(found)) if len(found) == 1 else None
