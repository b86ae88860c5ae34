"""The boxes of a finding as shapes over its scan, in the colours that its picture has them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.imaging import Box
from orchestration.imaging.boxes import visible_area
from orchestration.imaging.colours import COLOURS, reader_colours


@dataclass(frozen=True)
class Shape:
    """A box as a page draws it: whole pixels of the scan, within it; ``name`` is what a screen reader says."""

    reader_number: int
    colour: str
    x: int
    y: int
    width: int
    height: int
    name: str


@dataclass(frozen=True)
class Marker:
    """A reader who agrees on a finding: a number on this page, the colour of the boxes, how many there are."""

    number: int
    reader: str
    colour: str
    box_count: int


def lay_over(
    boxes: Sequence[Mapping[str, Any]], readers: Sequence[str], width: int, height: int
) -> tuple[list[Shape], list[Marker]]:
    """Shapes for the boxes that lie on a scan of this size, and the readers with how to tell them apart.

    Args:
        boxes: as the mart has them.
        readers: all who agree, those without a box too.
        width: pixels of the scan.
        height: pixels of the scan.
    """
    numbers = {reader: number for number, reader in enumerate(readers, 1)}
    colours = reader_colours(str(box["reader"]) for box in boxes)
    shapes = []
    for box in boxes:
        reader = str(box["reader"])
        found = visible_area(
            Box(reader, float(box["x"]), float(box["y"]), float(box["width"]), float(box["height"])), width, height
        )
        if found is None:
            continue
        area, _ = found
        name = (
            f"Box of reader {reader}: {area.width} by {area.height} pixels, {area.left} from the left, {area.top} down"
        )
        colour = _css(colours[reader])
        shapes.append(Shape(numbers.get(reader, 0), colour, area.left, area.top, area.width, area.height, name))
    counts = [sum(shape.reader_number == number for shape in shapes) for number in numbers.values()]
    markers = [
        Marker(number, reader, _css(colours[reader]) if reader in colours else "", count)
        for (reader, number), count in zip(numbers.items(), counts, strict=True)
    ]
    return shapes, markers


def _css(colour: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*COLOURS[colour])
