"""``index.html``: the card as one page that opens without a network, a server or a script."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from orchestration.imaging.boxes import Area
from orchestration.imaging.colours import reader_colours
from orchestration.labels import CAPTIONS
from orchestration.training_set.export.card import plots, words
from orchestration.training_set.export.card.boxes import SHAPE_EDGES, SIDE_EDGES, BoxFacts, Positions, edges_of
from orchestration.training_set.export.card.facts import Agreement, Facts
from orchestration.training_set.export.card.flow import Flow
from orchestration.training_set.export.card.plots.agreement import lowest_kappa
from orchestration.training_set.export.card.plots.sheets import css_colour
from orchestration.training_set.export.card.sheets import Tile
from orchestration.training_set.export.card.templating import decimal, environment, number, share
from orchestration.training_set.export.generation import SIDES

PAGE = "index.html"
PAIRS_SHOWN = 30  # of a label; card.json has all
SIDE_TICKS = [(float(2**power), f"{2**power:,}") for power in (3, 5, 7, 9, 11)]
SHAPE_TICKS = [(0.25, "1 : 4"), (0.5, "1 : 2"), (1.0, "square"), (2.0, "2 : 1"), (4.0, "4 : 1")]


@dataclass(frozen=True)
class ShownFlow:
    """A flow as a plot and as rows: what, studies, share, in other words."""

    title: str
    plot: Markup
    rows: Sequence[tuple[str, int, str]]


@dataclass(frozen=True)
class ShownAgreement:
    """The pairs of readers of a label, each with its two plots."""

    caption: str
    axis: Markup
    rows: Sequence[tuple[Agreement, Markup, Markup]]
    more: int


@dataclass(frozen=True)
class ShownBoxes:
    """The boxes of a label: plots, and tables of what they show."""

    caption: str
    facts: BoxFacts
    sides: Markup
    shapes: Markup
    maps: Sequence[tuple[str, int, Markup]]
    side_rows: Sequence[tuple[str, int]]
    shape_rows: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class ShownTile:
    """A finding on a contact sheet; no plots where its image could not be read."""

    scan_id: str
    side: str
    images: Sequence[Markup]
    readers: Sequence[tuple[int, str, int]]


def write_page(
    folder: Path,
    facts: Facts,
    tiles: Mapping[str, Sequence[Tile]],
    thumbnails: Mapping[tuple[str, Area | None], bytes],
    readers: Mapping[str, int],
) -> None:
    """Write the page.

    Args:
        folder: of the generation.
        facts: everything counted.
        tiles: what the contact sheet of each label shows.
        thumbnails: by scan and area, which is None for the whole of it.
        readers: their numbers on the card.
    """
    most = max((sum(one.studies for one in label.sides.values()) for label in facts.labels), default=0)
    text = environment().get_template("index.html.j2").render(
        facts=facts,
        said=facts.said,
        words=words,
        summary=words.summary(facts),
        sides=SIDES,
        sides_text=words.sides_text(facts),
        bars={label.label: plots.sides_bar(_studies(label.sides), most) for label in facts.labels},
        flows=[_flow(flow, facts) for flow in facts.flows],
        agreements=list(_agreements(facts)),
        boxes=[_boxes(one) for one in facts.boxes],
        sheets=[(CAPTIONS[label], [_tile(tile, label, thumbnails, readers) for tile in chosen])
                for label, chosen in tiles.items()],
        paragraphs=_paragraphs,
    )  # fmt: skip
    (folder / PAGE).write_text(text, encoding="utf-8")


def _paragraphs(text: str) -> Sequence[str]:
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _studies(sides: Mapping[str, object]) -> dict[str, int]:
    return {side: getattr(counted, "studies", 0) for side, counted in sides.items()}


def _flow(flow: Flow, facts: Facts) -> ShownFlow:
    title = CAPTIONS[flow.label] if flow.label else "All labels together"
    rows = [
        (words.outcome_caption(outcome), count, words.outcome_text(outcome, facts))
        for outcome, count in flow.outcomes.items()
        if count
    ]
    rows = [("All studies", flow.studies, ""), *rows, ("In this set", flow.exported, "Double-matched, with an image")]
    return ShownFlow(title, plots.flow_plot(flow, title), rows)


def _agreements(facts: Facts) -> Iterator[ShownAgreement]:
    shown = {label.label: [row for row in facts.agreement if row.label == label.label] for label in facts.labels}
    lowest = lowest_kappa(row for rows in shown.values() for row in rows[:PAIRS_SHOWN])
    for label, rows in shown.items():
        if rows:
            drawn = [(row, plots.cells_bar(row), plots.kappa_interval_plot(row, lowest)) for row in rows[:PAIRS_SHOWN]]
            yield ShownAgreement(CAPTIONS[label], plots.kappa_axis(lowest), drawn, max(len(rows) - PAIRS_SHOWN, 0))


def _boxes(facts: BoxFacts) -> ShownBoxes:
    """Plots and tables of a label's boxes."""
    caption = CAPTIONS[facts.label]
    maps = [
        (
            words.VIEWS[one.view],
            one.boxes,
            plots.position_map(one, f"{caption}, {words.VIEWS[one.view]}: {_where(one)}"),
        )
        for one in facts.positions
    ]
    return ShownBoxes(
        caption,
        facts,
        plots.histogram(facts.sides, SIDE_EDGES, SIDE_TICKS, facts.side, f"{caption}: sizes of {facts.boxes:,} boxes"),
        plots.histogram(
            facts.shapes, SHAPE_EDGES, SHAPE_TICKS, facts.shape, f"{caption}: shapes of {facts.boxes:,} boxes"
        ),
        maps,
        _rows(facts.sides, SIDE_EDGES, 0),
        _rows(facts.shapes, SHAPE_EDGES, 2),
    )


def _where(positions: Positions) -> str:
    """The middle half of the centres of boxes, in words."""
    left, top = positions.left, positions.top
    return (
        f"{positions.boxes:,} boxes, half of them between {share(left.lower)} and {share(left.upper)} of the width "
        f"and {share(top.lower)} and {share(top.upper)} of the height"
    )


def _rows(counts: Sequence[int], edges: Sequence[float], digits: int) -> list[tuple[str, int]]:
    """The bins that hold something, by their edges."""
    return [(_between(*edges_of(edges, place), digits), count) for place, count in enumerate(counts) if count]


def _between(low: float | None, high: float | None, digits: int) -> str:
    def shown(value: float | None) -> str:
        return number(value) if digits == 0 and value is not None else decimal(value, digits)

    if low is None:
        return f"below {shown(high)}"
    return f"{shown(low)} and more" if high is None else f"{shown(low)} to {shown(high)}"


def _tile(
    tile: Tile, label: str, thumbnails: Mapping[tuple[str, Area | None], bytes], readers: Mapping[str, int]
) -> ShownTile:
    """The scan and its close-up with the boxes of the finding, and whose they are."""
    scan, boxes = tile.scan, [box.placed for box in tile.finding.boxes]
    colours = reader_colours(box.reader for box in boxes)
    whole = Area(0, 0, scan.clean.width, scan.clean.height)
    areas = {None: "scan"} | ({tile.close_up: "close-up of scan"} if tile.close_up else {})
    images = [
        plots.tile_image(
            thumbnails[scan.scan_id, area], area or whole, boxes, colours, f"{CAPTIONS[label]}, {name} {scan.scan_id}"
        )
        for area, name in areas.items()
        if (scan.scan_id, area) in thumbnails
    ]
    drew = sorted(colours, key=lambda reader: readers[reader])
    counted = [(readers[one], css_colour(colours[one]), sum(box.reader == one for box in boxes)) for one in drew]
    return ShownTile(scan.scan_id, scan.side, images, counted)
