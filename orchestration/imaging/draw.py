"""What is drawn on a picture: a frame around each box and its caption, as a list of marks on few pixels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from orchestration.images import Image8, ImageError
from orchestration.imaging.boxes import Area, Box, visible_area
from orchestration.imaging.captions import caption_text, place, plate
from orchestration.imaging.colours import COLOURS, reader_colours

MAX_BOXES = 1000
"""Boxes on one picture beyond which nobody could tell them apart; laying out their captions takes a few seconds."""

_BLACK = np.zeros((1, 1), np.uint8)


@dataclass(frozen=True)
class Mark:
    """Pixels to set: to one of ``COLOURS``, or to grey values that fill the area."""

    area: Area
    colour: int | None = None
    greys: Image8 | None = None


@dataclass(frozen=True)
class Drawing:
    """All marks of a picture, in the order in which they go on top of each other, and what became of its boxes.

    ``line``, ``edge`` and ``font_size`` are pixels; ``readers`` gives each one's number in ``COLOURS``.
    """

    marks: tuple[Mark, ...]
    boxes_drawn: int
    boxes_clipped: int
    boxes_skipped: int
    line: int
    edge: int
    font_size: int
    readers: Mapping[str, int]

    @property
    def colours(self) -> list[int]:
        """Numbers of the colours that occur."""
        return sorted({mark.colour for mark in self.marks if mark.colour is not None})


def draw(width: int, height: int, caption: str, boxes: Sequence[Box]) -> Drawing:
    """Lay out frames and captions on a picture of that size.

    A frame lies around its box, so that no pixel of the finding is covered, except where the edge of the picture
    leaves no room. Where it would fall on the frame of an earlier box, it lies around that.

    Raises:
        ImageError: more than ``MAX_BOXES`` boxes.
    """
    if len(boxes) > MAX_BOXES:
        raise ImageError(f"has {len(boxes)} boxes; at most {MAX_BOXES} are drawn on one picture")
    line = line_width(width, height)
    edge = max(1, line // 4)  # sets the line off from bright tissue
    colours = reader_colours(box.reader for box in boxes)
    seen = [(box.reader, *found) for box in boxes if (found := visible_area(box, width, height)) is not None]
    frames = _frames([area for _, area, _ in seen], line, edge, (width, height))
    bounds = [frame.grown(edge, width, height) for frame in frames]
    labels = [(caption_text(caption, reader), colours[reader]) for reader, _, _ in seen]
    edges = [mark for bound in bounds for mark in _band(bound, edge, None)]
    lines = [mark for frame, (_, colour) in zip(frames, labels, strict=True) for mark in _band(frame, line, colour)]
    return Drawing(
        marks=(*edges, *lines, *_captions(labels, bounds, line, (width, height))),
        boxes_drawn=len(seen),
        boxes_clipped=sum(clipped for _, _, clipped in seen),
        boxes_skipped=len(boxes) - len(seen),
        line=line,
        edge=edge,
        font_size=font_size(width, height),
        readers=colours,
    )


def line_width(width: int, height: int) -> int:
    """Pixels of a line: 8 on 3328 x 4096, where a screen shows about every third; 1 on a thumbnail."""
    return max(1, round(min(width, height) / 400))


def font_size(width: int, height: int) -> int:
    """Pixels of the font: 52 on 3328 x 4096, and never too few to read."""
    return max(13, round(min(width, height) / 64))


def _frames(areas: Sequence[Area], line: int, edge: int, picture: tuple[int, int]) -> list[Area]:
    """The outer bounds of each frame; boxes that coincide to within a line get frames around each other.

    As many go around each other as there are colours, so that every reader's can be seen.
    """
    frames: list[Area] = []
    for area in areas:
        frame = area.grown(line, *picture)
        taken = np.array(frames, np.int64).reshape(-1, 4)
        for _ in COLOURS:
            if not (np.abs(taken - frame) < line).all(axis=1).any():
                break
            frame = frame.grown(line + edge, *picture)
        frames.append(frame)
    return frames


def _band(frame: Area, thickness: int, colour: int | None) -> Iterator[Mark]:
    """The four sides of a frame, inwards from its bounds; black where there is no colour."""
    left, top, right, bottom = frame
    inner_left, inner_right = min(left + thickness, right), max(right - thickness, left)
    inner_top, inner_bottom = min(top + thickness, bottom), max(bottom - thickness, top)
    for side in (
        Area(left, top, right, inner_top),
        Area(left, inner_bottom, right, bottom),
        Area(left, top, inner_left, bottom),
        Area(inner_right, top, right, bottom),
    ):
        yield Mark(side, colour, _BLACK if colour is None else None)


def _captions(
    labels: Sequence[tuple[str, int]], frames: Sequence[Area], line: int, picture: tuple[int, int]
) -> Iterator[Mark]:
    """White on black with a border in the reader's colour; left out where the picture is too small for a letter."""
    width, height = picture
    border = max(1, line // 2)
    size = font_size(width, height)
    placed: list[Area] = []
    for (text, colour), frame in zip(labels, frames, strict=True):
        greys = plate(text, size, width - 2 * border)
        if greys is None or len(greys) + 2 * border > height:
            continue
        rows, columns = greys.shape
        area = place((columns + 2 * border, rows + 2 * border), frame, picture, placed, frames)
        placed.append(area)
        yield Mark(area, colour=colour)
        yield Mark(Area(area.left + border, area.top + border, area.right - border, area.bottom - border), greys=greys)
