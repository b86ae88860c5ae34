"""One figure that the plan stands on: what it is, where it is from, and when that was read."""

from dataclasses import dataclass
from typing import Final

READ: Final = "2026-11-21"


@dataclass(frozen=True, slots=True)
class Figure:
    """``amount`` of ``unit`` for every ``per`` of ``of``; ``source`` said so when it was read on ``date``."""

    name: str
    amount: float
    unit: str
    of: str
    source: str
    per: float = 1.0
    note: str = ""
    date: str = READ

    @property
    def each(self) -> float:
        """The amount for one of ``of``."""
        return self.amount / self.per

    @property
    def text(self) -> str:
        """As a person writes it, such as ``0.005 dollars per 1,000 requests``."""
        per = "" if self.per == 1 else f"{self.per:,.0f} "
        return f"{self.amount:,.6g} {self.unit} per {per}{self.of}"
