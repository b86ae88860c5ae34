"""How large boxes are, what shape they have and where they lie, counted so that a page can draw it."""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import quantiles

from orchestration.training_set.export.boxes import PlacedBox

SIDE_EDGES = tuple(2.0 ** (half / 2) for half in range(6, 25))
"""Edges of the bins of box sides: 8 to 4,096 pixels, two bins for each doubling."""
SHAPE_EDGES = tuple(2.0 ** (third / 3) for third in range(-6, 7))
"""Edges of the bins of width by height: 1/4 to 4, three bins for each doubling."""
MOST = 1e6  # times as wide as high, beyond which a box is a line
COLUMNS, ROWS = 12, 15
"""Cells of a map of positions: about square on 3328 x 4096."""
VIEWS = ("l_cc", "l_mlo", "r_cc", "r_mlo")
ANY_VIEW = "unknown"

# [^\W_]: a letter or digit of any script. The underscore separates.
_VIEW = re.compile(r"(?<![^\W_])([LR])[ _-]*(CC|MLO)(?![^\W_])", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Summary:
    """The smallest, the quartiles and the largest of some numbers."""

    smallest: float
    lower: float
    median: float
    upper: float
    largest: float


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the centres of boxes lie, in shares of the width and height of their image.

    ``cells`` counts them in ``ROWS`` rows of ``COLUMNS``; ``left`` and ``top`` summarise their shares.
    """

    view: str
    boxes: int
    cells: Sequence[Sequence[int]]
    left: Summary
    top: Summary


@dataclass(frozen=True, slots=True)
class BoxFacts:
    """The boxes of a label.

    Attributes:
        label: theirs.
        boxes: how many.
        sides: counts of the square root of their area, in pixels: below the first of ``SIDE_EDGES``, between each
            two, above the last.
        side: summarises it; None where there is no box.
        shapes: likewise of width by height, at ``SHAPE_EDGES``.
        shape: summarises that.
        positions: for each view that occurs.
    """

    label: str
    boxes: int
    sides: Sequence[int]
    side: Summary | None
    shapes: Sequence[int]
    shape: Summary | None
    positions: Sequence[Positions]


@dataclass(frozen=True, slots=True)
class Seen:
    """A box with the size of its image and the view, where one is known."""

    box: PlacedBox
    image_width: int
    image_height: int
    view: str


def view_of(file_name: str) -> str:
    """The view that a file's name tells, such as ``l_cc``; ``unknown`` where it tells none or several."""
    found = {f"{laterality}_{projection}".lower() for laterality, projection in _VIEW.findall(file_name)}
    return found.pop() if len(found) == 1 else ANY_VIEW


def box_facts(label: str, seen: Sequence[Seen]) -> BoxFacts:
    """Count the boxes of a label."""
    sides = [math.sqrt(one.box.width * one.box.height) for one in seen]
    shapes = [min(one.box.width / one.box.height, MOST) for one in seen]
    by_view: dict[str, list[Seen]] = {}
    for one in seen:
        by_view.setdefault(one.view, []).append(one)
    return BoxFacts(
        label,
        len(seen),
        _binned(sides, SIDE_EDGES),
        _summary(sides),
        _binned(shapes, SHAPE_EDGES),
        _summary(shapes),
        [_positions(view, by_view[view]) for view in (*VIEWS, ANY_VIEW) if view in by_view],
    )


def _binned(values: Iterable[float], edges: Sequence[float]) -> list[int]:
    """How many values lie below the first edge, between each two (the lower one included), and from the last one on."""
    counts = Counter(bisect_right(edges, value) for value in values)
    return [counts[number] for number in range(len(edges) + 1)]


def _summary(values: Sequence[float]) -> Summary | None:
    """Quartiles with interpolation, rounded to what a page shows."""
    if not values:
        return None
    lower, median, upper = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return Summary(*(round(value, 4) for value in (min(values), lower, median, upper, max(values))))


def _positions(view: str, seen: Sequence[Seen]) -> Positions:
    lefts = [(one.box.x + one.box.width / 2) / one.image_width for one in seen]
    tops = [(one.box.y + one.box.height / 2) / one.image_height for one in seen]
    cells = Counter(
        (min(int(top * ROWS), ROWS - 1), min(int(left * COLUMNS), COLUMNS - 1))
        for left, top in zip(lefts, tops, strict=True)
    )
    left, top = _summary(lefts), _summary(tops)
    if left is None or top is None:
        raise ValueError("a map of positions needs a box")
    rows = [[cells[row, column] for column in range(COLUMNS)] for row in range(ROWS)]
    return Positions(view, len(seen), rows, left, top)


def edges_of(edges: Sequence[float], number: int) -> tuple[float | None, float | None]:
    """The lower and upper edge of a bin; None where it has none."""
    return edges[number - 1] if number else None, edges[number] if number < len(edges) else None
