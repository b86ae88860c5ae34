"""How far two readers agree: their four cells as a bar, and kappa with its interval on an axis."""

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from orchestration.training_set.export.card.facts import Agreement
from orchestration.training_set.export.card.plots.svg import drawing, element, line, rect, text
from orchestration.training_set.export.card.templating import decimal

CELLS_WIDTH, HEIGHT = 150.0, 14.0
AXIS_WIDTH, MARGIN = 230.0, 8.0
STEP = 0.2


def cells_bar(row: Agreement) -> Markup:
    """The four cells: both yes, only the first, only the second, both no."""
    cells = (
        ("yes", row.both_positive_count), ("first", row.only_a_positive_count),
        ("second", row.only_b_positive_count), ("none", row.both_negative_count),
    )  # fmt: skip
    total = max(sum(count for _, count in cells), 1)
    parts, x = [], 0.0
    for kind, count in cells:
        width = CELLS_WIDTH * count / total
        if count:
            parts.append(rect(x, 0.0, max(width - 1, 0.6), HEIGHT, f"cell {kind}"))
        x += width
    label = (
        f"Both yes {row.both_positive_count:,}, only reader {row.reader_a} {row.only_a_positive_count:,}, "
        f"only reader {row.reader_b} {row.only_b_positive_count:,}, both no {row.both_negative_count:,}"
    )
    return drawing(CELLS_WIDTH, HEIGHT, label, parts, class_="bar")


def lowest_kappa(rows: Iterable[Agreement]) -> float:
    """Where the axis begins: at 0, or as far below as an interval reaches."""
    lows = [row.cohens_kappa if row.kappa_low is None else row.kappa_low for row in rows]
    return math.floor(min([0.0, *(low for low in lows if low is not None)]) / STEP) * STEP


def kappa_axis(lowest: float) -> Markup:
    """The numbers of the axis, for the head of a column."""
    ticks = [text(_place(value, lowest), 11.0, _tick(value), "tick", anchor="middle") for value in _values(lowest)]
    return drawing(AXIS_WIDTH, HEIGHT, f"from {_tick(lowest)} to 1", ticks, class_="bar")


def kappa_interval_plot(row: Agreement, lowest: float) -> Markup:
    """Kappa as a point, its 95 % interval as a line; chance is 0, always is 1."""
    middle = HEIGHT / 2
    parts = [line(_place(value, lowest), 0.0, _place(value, lowest), HEIGHT, "grid") for value in _values(lowest)]
    if row.cohens_kappa is None:
        return drawing(AXIS_WIDTH, HEIGHT, "kappa is undefined", parts, class_="bar")
    spoken = f"kappa {decimal(row.cohens_kappa)}"
    if row.kappa_low is not None and row.kappa_high is not None:
        parts.append(line(_place(row.kappa_low, lowest), middle, _place(row.kappa_high, lowest), middle, "interval"))
        spoken += f", 95 % interval {decimal(row.kappa_low)} to {decimal(row.kappa_high)}"
    parts.append(element("circle", cx=_place(row.cohens_kappa, lowest), cy=middle, r=4, class_="point"))
    return drawing(AXIS_WIDTH, HEIGHT, spoken, parts, class_="bar")


def _place(value: float, lowest: float) -> float:
    return MARGIN + (value - lowest) / (1 - lowest) * (AXIS_WIDTH - 2 * MARGIN)


def _values(lowest: float) -> Sequence[float]:
    """The values that the axis names: its beginning where there is room for it, no agreement, half, all."""
    return [*([lowest] if lowest < -STEP else []), 0.0, 0.5, 1.0]


def _tick(value: float) -> str:
    return "0" if abs(value) < STEP / 2 else decimal(value, 1).removesuffix(".0")
