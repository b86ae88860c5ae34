"""How far readers agree on a label, as points on a line that the server draws."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

WIDTH, MARGIN = 400.0, 14.0  # of the drawing, in its own units
LEVEL = 13.0  # between two points that would lie on each other
SMALLEST, LARGEST = 3.0, 6.0  # radius of a point, by its studies
AXIS = 26.0  # height below the points
STEP = 0.2  # of the axis


@dataclass(frozen=True)
class Point:
    """A pair of readers."""

    x: float
    y: float
    radius: float
    name: str


@dataclass(frozen=True)
class Tick:
    """A value on the axis."""

    x: float
    text: str


@dataclass(frozen=True)
class Plot:
    """The points of a label from left to right, the axis below them, and the median."""

    points: list[Point]
    ticks: list[Tick]
    height: float
    baseline: float
    median: float | None
    median_x: float
    undefined: int


def decimal(value: float, digits: int = 2) -> str:
    """A number with a minus sign as long as a plus, as print has it."""
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def plot(rows: Sequence[Mapping[str, Any]]) -> Plot:
    """Lay out Cohen's kappa of pairs of readers, those of one value above each other.

    Args:
        rows: of the list of agreement, of one label.
    """
    defined = sorted((row for row in rows if row["cohens_kappa"] is not None), key=lambda row: row["cohens_kappa"])
    values = [float(row["cohens_kappa"]) for row in defined]
    lowest: float = math.floor(min([0.0, *values]) / STEP) * STEP
    most = max([row["study_count"] for row in defined], default=1)

    def place(value: float) -> float:
        return round(MARGIN + (value - lowest) / (1 - lowest) * (WIDTH - 2 * MARGIN), 1)

    levels: list[float] = []  # where each level is free again
    laid: list[tuple[Mapping[str, Any], float, int, float]] = []
    for row in defined:
        radius = round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(row["study_count"] / most), 1)
        x = place(row["cohens_kappa"])
        level = next((number for number, free in enumerate(levels) if free <= x - radius), len(levels))
        levels[level : level + 1] = [x + radius]
        laid.append((row, x, level, radius))
    baseline = max(2, len(levels)) * LEVEL
    points = [Point(x, baseline - LEVEL * (level + 0.5), radius, _name(row)) for row, x, level, radius in laid]
    count = round((1 - lowest) / STEP)
    values_of_ticks = [lowest + number * STEP for number in range(count + 1)]
    ticks = [Tick(place(value), decimal(value, 1) if abs(value) > STEP / 2 else "0") for value in values_of_ticks]
    middle = median(values) if values else None
    return Plot(
        points,
        ticks,
        baseline + AXIS,
        baseline,
        middle,
        place(middle) if middle is not None else 0.0,
        len(rows) - len(defined),
    )


def _name(row: Mapping[str, Any]) -> str:
    kappa = decimal(row["cohens_kappa"])
    return f"{row['reader_a']} and {row['reader_b']}: {kappa} over {row['study_count']:,} studies"
