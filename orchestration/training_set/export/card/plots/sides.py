"""How a label's studies are shared out among the sides."""

from collections.abc import Mapping

from markupsafe import Markup

from orchestration.training_set.export.card.plots.svg import drawing, rect

WIDTH, HEIGHT = 320.0, 14.0
GAP = 2.0


def sides_bar(counts: Mapping[str, int], most: int) -> Markup:
    """A bar in parts, one for each side; ``most`` is what the longest bar of the table stands for."""
    shown = {side: count for side, count in counts.items() if count}
    room = WIDTH - GAP * max(len(counts) - 1, 0)
    parts, x = [], 0.0
    for side, count in shown.items():
        width = max(room * count / max(most, 1), 1.0)
        parts.append(rect(x, 0.0, width, HEIGHT, f"side {side}", rx=2))
        x += width + GAP
    label = ", ".join(f"{count:,} {side}" for side, count in counts.items())
    return drawing(WIDTH, HEIGHT, label, parts, class_="bar")
