"""The way from all studies to those of the generation, as bands whose width is a number of studies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from orchestration.training_set.export.card.flow import DOUBLE_MATCHED, Flow
from orchestration.training_set.export.card.plots.svg import drawing, element, rect, text
from orchestration.training_set.export.card.words import outcome_caption

WIDE = (760.0, 190.0, 410.0, 620.0)  # of the drawing, and where its three columns of nodes stand
NARROW = (570.0, 168.0, 300.0, 445.0)
NODE = 10.0  # width of a node
TALLEST = 190.0  # of all nodes of a column together
SLOT = 38.0  # of a node with its two lines of text at least
TOP = 34.0  # for the headings of the columns
THINNEST = 1.5  # so that one study of a million is seen
_OUTCOMES_BEFORE = ("not_read", "not_called", "negative", "too_few_readers")


@dataclass(frozen=True)
class _Node:
    """A number of studies: where it stands, how tall it is, what it is called, in which colour."""

    name: str
    count: int
    kind: str
    y: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


def flow_plot(flow: Flow, title: str) -> Markup:
    """Draw a flow: all studies, those that somebody calls true by what became of them, and those that are here.

    What follows the studies that somebody calls true is drawn at a scale of its own, since of many they may be few.
    """
    width, *columns = WIDE if not flow.label else NARROW
    before = [
        (outcome_caption(name), flow.outcomes[name], "none") for name in _OUTCOMES_BEFORE if flow.outcomes.get(name)
    ]
    called = "A reader calls it true" if flow.label else "A label is called true"
    left = _stacked([(called, flow.called, "called"), *before])
    rejected = [(outcome_caption(name), count, "no") for name, count in flow.rejected.items()]
    matched = flow.outcomes.get(DOUBLE_MATCHED, 0)
    middle = _stacked([*([(outcome_caption(DOUBLE_MATCHED), matched, "yes")] if matched else []), *rejected])
    lost = max(matched - flow.exported, 0)
    here = [("In this set", flow.exported, "yes"), *([("Left out: no image", lost, "no")] if lost else [])]
    right = _stacked(here if matched else [], scale=_scale(flow.called))
    stacks = (left, middle, right)
    parts = [
        *_headings(flow, columns),
        *_bands(stacks, columns),
        *(shape for node in left for shape in _drawn(node, columns[0], flow.studies, before=True)),
        *(shape for node in middle for shape in _drawn(node, columns[1], flow.called)),
        *(shape for node in right for shape in _drawn(node, columns[2], matched)),
    ]
    height = max(map(_end, stacks)) + 6
    return drawing(width, height, f"{title}: {_spoken(flow)}", parts, class_="flow" if flow.label else "flow wide")


def _scale(total: int) -> float:
    return TALLEST / max(total, 1)


def _stacked(items: Sequence[tuple[str, int, str]], scale: float | None = None) -> list[_Node]:
    """Nodes below each other, each as tall as its number asks for, in a slot that its text fits into."""
    scale = _scale(sum(count for _, count, _ in items)) if scale is None else scale
    nodes, y = [], TOP
    for name, count, kind in items:
        height = max(count * scale, THINNEST) if count else 0.0
        slot = max(height + 6, SLOT)
        nodes.append(_Node(name, count, kind, y + (slot - height) / 2, height))
        y += slot
    return nodes


def _end(nodes: Sequence[_Node]) -> float:
    return max((max(node.y + node.height, node.middle + SLOT / 2) for node in nodes), default=TOP + SLOT)


def _headings(flow: Flow, columns: Sequence[float]) -> Iterator[Markup]:
    yield text(columns[0] + NODE, 14.0, f"All {flow.studies:,} studies", "head", anchor="end")
    if flow.called:
        yield text(columns[1], 14.0, f"{flow.called:,} called true", "head")


def _bands(stacks: Sequence[Sequence[_Node]], columns: Sequence[float]) -> Iterator[Markup]:
    """From the studies called true to what became of them, and from the double-matched ones to those here.

    Each band begins at its part of the node that it leaves, and is as tall as the node that it reaches.
    """
    for number, (whole, parts) in enumerate(pairwise(stacks)):
        start, total = whole[0].y if whole else 0.0, sum(node.count for node in parts)
        for node in parts:
            share = whole[0].height * node.count / max(total, 1)
            if share:
                begin = (columns[number] + NODE, start, start + share)
                yield _band(begin, (columns[number + 1], node.y, node.y + node.height), node.kind)
            start += share


def _band(start: tuple[float, float, float], end: tuple[float, float, float], kind: str) -> Markup:
    """A band from one upright line to another, each by its x, top and bottom."""
    (x1, top1, bottom1), (x2, top2, bottom2) = start, end
    bend = (x1 + x2) / 2
    path = (
        f"M{x1:.1f} {top1:.1f}C{bend:.1f} {top1:.1f} {bend:.1f} {top2:.1f} {x2:.1f} {top2:.1f}"
        f"V{bottom2:.1f}C{bend:.1f} {bottom2:.1f} {bend:.1f} {bottom1:.1f} {x1:.1f} {bottom1:.1f}Z"
    )
    return element("path", d=path, class_=f"band {kind}")


def _drawn(node: _Node, x: float, total: int, *, before: bool = False) -> Iterator[Markup]:
    """The node and what it is, to its right or ``before`` it."""
    if node.height:
        yield rect(x, node.y, NODE, node.height, f"node {node.kind}", rx=1)
    start, anchor = (x - 8, "end") if before else (x + NODE + 8, None)
    yield text(start, node.middle - 3, node.name, "name", anchor=anchor)
    yield text(start, node.middle + 13, f"{node.count:,} · {_share(node.count, total)}", "part", anchor=anchor)


def _share(count: int, total: int) -> str:
    share = 100 * count / max(total, 1)
    return f"{share:.0f} %" if share >= 1 or not count else "under 1 %"


def _spoken(flow: Flow) -> str:
    parts = [f"{outcome_caption(name)} {count:,}" for name, count in flow.outcomes.items() if count]
    return f"of {flow.studies:,} studies, {'; '.join(parts)}; in this set {flow.exported:,}"
