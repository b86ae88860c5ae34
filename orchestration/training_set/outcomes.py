"""Items that failed, as reports show them; the tables of records hold all of them."""

from dataclasses import dataclass

FAILURES_SHOWN = 100


@dataclass(frozen=True)
class Failure:
    """One item that failed, by a printable name, and why."""

    item: str
    reason: str
