"""Sizes, shapes and places of boxes."""

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from orchestration.training_set.export.card.boxes import Positions, Summary
from orchestration.training_set.export.card.plots.svg import drawing, line, rect, text

WIDTH, HEIGHT = 340.0, 150.0
BASE, TOP = 122.0, 20.0  # of the bars
LEFT = 6.0
MAP_WIDTH, MAP_HEIGHT = 96.0, 120.0
FAINTEST = 0.14  # opacity of a cell with a box; one with most is opaque


def histogram(
    counts: Sequence[int],
    edges: Sequence[float],
    ticks: Sequence[tuple[float, str]],
    summary: Summary | None,
    label: str,
) -> Markup:
    """Bars, of which the first and the last stand for everything beyond the edges; a line at the median.

    Args:
        counts: one more than there are spaces between edges, at both ends.
        edges: of the bins, evenly spaced on a scale of powers.
        ticks: values with what stands below them.
        summary: of the values.
        label: what is counted.
    """
    width = (WIDTH - 2 * LEFT) / len(counts)
    most = max(counts, default=0)
    parts = [line(LEFT, BASE, WIDTH - LEFT, BASE, "axis")]
    for number, count in enumerate(counts):
        if count:
            height = max((BASE - TOP) * count / most, 1.0)
            parts.append(rect(LEFT + number * width + 0.5, BASE - height, width - 1, height, "count"))
    for value, shown in ticks:
        x = LEFT + _bin(value, edges) * width
        parts += [line(x, BASE, x, BASE + 4, "axis"), text(x, BASE + 18, shown, "tick", anchor="middle")]
    if summary is not None:
        x = LEFT + _bin(summary.median, edges) * width
        anchor = "end" if x > WIDTH * 0.7 else "start"
        parts += [line(x, TOP - 6, x, BASE, "median")]
        parts += [text(x + (-5 if anchor == "end" else 5), TOP - 8, "median", "tick", anchor=anchor)]
    return drawing(WIDTH, HEIGHT, label, parts, class_="histogram")


def _bin(value: float, edges: Sequence[float]) -> float:
    """Where a value lies, in bins from the left end."""
    if value < edges[0]:
        return 0.5
    for number, (low, high) in enumerate(pairwise(edges)):
        if value < high:
            return number + 1 + (value - low) / (high - low)
    return len(edges) if value == edges[-1] else len(edges) + 0.5


def position_map(positions: Positions, label: str) -> Markup:
    """An image's outline with the places of the centres of boxes: the more there are, the stronger."""
    rows, columns = len(positions.cells), len(positions.cells[0])
    cell_width, cell_height = MAP_WIDTH / columns, MAP_HEIGHT / rows
    most = max(max(row) for row in positions.cells)
    parts = [rect(0.5, 0.5, MAP_WIDTH - 1, MAP_HEIGHT - 1, "frame")]
    for top, row in enumerate(positions.cells):
        for left, count in enumerate(row):
            if count:
                opacity = FAINTEST + (1 - FAINTEST) * count / most
                x, y = left * cell_width, top * cell_height
                parts.append(rect(x, y, cell_width, cell_height, "count", fill_opacity=float(opacity)))
    return drawing(MAP_WIDTH, MAP_HEIGHT, label, parts, class_="map")
