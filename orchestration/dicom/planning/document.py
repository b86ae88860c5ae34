"""The tables of ``docs/billions.md``: ``python -m orchestration.dicom.planning.document docs/billions.md`` renews them.

A table stands between ``<!-- plan: name -->`` and ``<!-- end -->``; everything else in the document is left alone. A
figure in the running text stands between ``<!-- plan: name -->`` and ``<!-- end -->`` as well, on one line.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from orchestration.dicom.planning import comparisons, prices, rates
from orchestration.dicom.planning.campaign import Campaign, Layout
from orchestration.dicom.planning.comparisons import Table, number, size
from orchestration.dicom.planning.plan import Plan, make_plan
from orchestration.dicom.planning.simulation import simulate
from orchestration.dicom.planning.work import output_bytes, table_bytes
from orchestration.errors import DoublereadError

# What the document is about: 3 billion DICOMs, 3 million archives of each kind, 3 PB.
CAMPAIGN = Campaign()
MARKED = re.compile(r"<!-- plan: (?P<name>[\w-]+) -->(?P<old>.*?)<!-- end -->", re.DOTALL)


class DocumentError(DoublereadError):
    """The document asks for a table that there is none of."""


@cache
def _plan() -> Plan:
    return make_plan(CAMPAIGN)


TABLES: dict[str, Callable[[], Table]] = {
    "steps": lambda: comparisons.steps(_plan()),
    "layouts": lambda: comparisons.layouts(CAMPAIGN),
    "waves": lambda: comparisons.wave_sizes(CAMPAIGN),
    "widths": lambda: comparisons.widths(CAMPAIGN),
    "tiers": lambda: comparisons.tiers(CAMPAIGN),
    "joins": lambda: comparisons.joins(CAMPAIGN),
    "indexing": lambda: comparisons.indexing(CAMPAIGN),
    "mistakes": lambda: comparisons.mistakes(CAMPAIGN),
    "simulated": lambda: comparisons.simulated(_plan(), simulate(CAMPAIGN, seed=1, runs=400)),
    "prices": lambda: comparisons.sources(prices.PRICES),
    "limits": lambda: comparisons.sources(prices.LIMITS),
    "measured": lambda: comparisons.sources(rates.MEASURED),
    "assumed": lambda: comparisons.sources(rates.ASSUMED),
}

FIGURES: dict[str, Callable[[], str]] = {
    "days": lambda: f"{_plan().expected.hours / 24:.1f}",
    "days-bound": lambda: f"{_plan().bound.hours / 24:.1f}",
    "dollars": lambda: number(_plan().expected.dollars),
    "dollars-bound": lambda: number(_plan().bound.dollars),
    "monthly": lambda: number(_plan().monthly_dollars),
    "objects-dollars": lambda: number(make_plan(Campaign(layout=Layout.OBJECTS)).expected.dollars),
    "pb-day": lambda: number(prices.storage_dollars(prices.gb_months(1e15, 24 * 30)) / 30),
    "pib-day": lambda: number(2**50 / prices.GB * prices.STORAGE.each / 30),
    "copies-day": lambda: number(prices.storage_dollars(prices.gb_months(3e15, 24 * 30)) / 30),
    "copies-week": lambda: number(prices.storage_dollars(prices.gb_months(3e15, 24 * 7))),
    "restore-hours": lambda: f"{2 * CAMPAIGN.archives / prices.RESTORE_LIMIT.each / 3600:.1f}",
    "text-size": lambda: size(CAMPAIGN.text_bytes),
    "headers-size": lambda: size(CAMPAIGN.dicoms * CAMPAIGN.header_bytes),
    "tables-size": lambda: size(table_bytes(CAMPAIGN)),
    "output-size": lambda: size(output_bytes(CAMPAIGN)),
    "skip-size": lambda: size(comparisons.skipping_pays_above()),
}


def markdown(table: Table) -> str:
    """``table`` as GitHub shows it; a column whose cells are all figures stands right."""
    marks = tuple("---:" if is_figures else "---" for is_figures in table.figures)
    lines = [table.headings, marks, *table.rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def render(text: str) -> str:
    """``text`` with every marked place renewed.

    Raises:
        DocumentError: A mark names nothing that the calculator makes.
    """

    def renewed(match: re.Match[str]) -> str:
        name = match["name"]
        if name in TABLES:
            new = f"\n{markdown(TABLES[name]())}\n"
        elif name in FIGURES:
            new = FIGURES[name]()
        else:
            raise DocumentError(f"no table or figure is called {name}: there are {', '.join([*TABLES, *FIGURES])}")
        return f"<!-- plan: {name} -->{new}<!-- end -->"

    return MARKED.sub(renewed, text)


def main(arguments: list[str]) -> None:
    """Renew each document that is named."""
    for name in arguments:
        path = Path(name)
        path.write_text(render(path.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
