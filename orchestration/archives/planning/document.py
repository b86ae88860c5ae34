"""Renew the tables of ``docs/billions.md``: ``python -m orchestration.archives.planning.document docs/billions.md``.

A table stands between ``<!-- plan: name -->`` and ``<!-- end -->``; everything else in the document is left alone. A
figure in the running text stands between ``<!-- plan: name -->`` and ``<!-- end -->`` as well, on one line.
"""

import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

from orchestration.archives.planning import comparisons, prices, rates
from orchestration.archives.planning.campaign import Campaign, Join, Layout
from orchestration.archives.planning.comparisons import Table, number, size
from orchestration.archives.planning.plan import Plan, make_plan
from orchestration.archives.planning.risks import Risks
from orchestration.archives.planning.schedule import task_seconds
from orchestration.archives.planning.simulation import simulate
from orchestration.archives.planning.work import join_hours, output_bytes, table_bytes
from orchestration.errors import DoublereadError

# What the document is about: 3 billion DICOMs, 3 million archives of each kind, 3 PB; as it is built, and better.
CAMPAIGN = Campaign()
DESIGN = Campaign(join=Join.TABLES, shard_bytes=1e9)
MARKED = re.compile(r"<!-- plan: (?P<name>[\w-]+) -->(?P<old>.*?)<!-- end -->", re.DOTALL)


class DocumentError(DoublereadError):
    """The document asks for a table that is not made here."""


@cache
def _plan() -> Plan:
    return make_plan(CAMPAIGN)


def _copies_dollars() -> float:
    """The expected dollars for temporary copies, each kept for a day and a half."""
    return next(step.dollars for step in _plan().steps if step.name == "temporary copies")


TABLES: dict[str, Callable[[], Table]] = {
    "steps": lambda: comparisons.steps(_plan()),
    "layouts": lambda: comparisons.layouts(CAMPAIGN),
    "prefixes": lambda: comparisons.prefix_counts(CAMPAIGN),
    "waves": lambda: comparisons.wave_sizes(CAMPAIGN),
    "widths": lambda: comparisons.widths(CAMPAIGN),
    "tiers": lambda: comparisons.tiers(CAMPAIGN),
    "joins": lambda: comparisons.joins(CAMPAIGN),
    "indexing": lambda: comparisons.indexing(CAMPAIGN),
    "mistakes": lambda: comparisons.mistakes(CAMPAIGN),
    "rejected": lambda: comparisons.rejected(CAMPAIGN),
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
    "pb-day": lambda: number(_copies_dollars() / (CAMPAIGN.image_bytes + CAMPAIGN.text_bytes) * 1e15 / 1.5),
    "pib-day": lambda: number(2**50 / prices.GB * prices.STORAGE.each / 30),
    "copies-day": lambda: number(prices.storage_dollars(prices.gb_months(CAMPAIGN.image_bytes, 24))),
    "copies-week": lambda: number(prices.storage_dollars(prices.gb_months(CAMPAIGN.image_bytes, 24 * 7))),
    "restore-hours": lambda: f"{2 * CAMPAIGN.archives / prices.RESTORE_LIMIT.each / 3600:.1f}",
    "text-size": lambda: size(CAMPAIGN.text_bytes),
    "headers-size": lambda: size(CAMPAIGN.dicoms * CAMPAIGN.header_bytes),
    "tables-size": lambda: size(table_bytes(DESIGN)),
    "output-size": lambda: size(output_bytes(CAMPAIGN)),
    "image-waves": lambda: str(CAMPAIGN.image_waves),
    "design-days": lambda: f"{make_plan(DESIGN).expected.hours / 24:.1f}",
    "design-dollars": lambda: number(make_plan(DESIGN).expected.dollars),
    "design-dollars-bound": lambda: number(make_plan(DESIGN).bound.dollars),
    "design-less": lambda: number(_plan().expected.dollars - make_plan(DESIGN).expected.dollars),
    "inventory-hours": lambda: number(prices.INVENTORY_FIRST.each),
    "days-inventory": lambda: f"{(_plan().expected.hours + prices.INVENTORY_FIRST.each) / 24:.1f}",
    "days-bound-inventory": lambda: f"{(_plan().bound.hours + prices.INVENTORY_FIRST.each) / 24:.1f}",
    "wave-pairs": lambda: f"{CAMPAIGN.dicoms / CAMPAIGN.image_waves / 1e6:,.0f} million",
    "join-minutes": lambda: number(60 * join_hours(CAMPAIGN, CAMPAIGN.dicoms / CAMPAIGN.image_waves)),
    "after-restore": lambda: f"{_plan().waves[1].finished - _plan().waves[1].restored:.1f}",
    "standing-still": lambda: number(prices.storage_dollars(prices.gb_months(2 * CAMPAIGN.wave_bytes, 24))),
    "monthly-times": lambda: f"{_plan().monthly_dollars / _plan().expected.dollars:.0f}",
    "put-dollars": lambda: number(CAMPAIGN.dicoms * prices.PUT.each),
    "get-dollars": lambda: number(CAMPAIGN.dicoms * prices.GET.each),
    "tables-read": lambda: size(table_bytes(DESIGN) * DESIGN.image_waves),
    "copy-rate": lambda: number(rates.COPY.each),
    "worker-rate": lambda: number(prices.NETWORK.each * rates.NETWORK_SHARE.each),
    "redone": lambda: f"{100 * (Risks(retries=0, poison=0).overhead(task_seconds(CAMPAIGN)) - 1):.1f}",
    "task-minutes": lambda: number(task_seconds(CAMPAIGN) / 60),
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
