"""Boxes in the pixels of an exported image, and how these lie in the source's."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.imaging import Box

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""An affine map (a, b, c, d, e, f) that changes nothing: x' = a x + b y + c, y' = d x + e y + f."""

_ID_BITS = 51  # JSON's readers keep integers below 2**53 exact

Map = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlacedBox:
    """A reader's box on an exported image, in pixels from the top left; no width or height is negative.

    ``source`` is the box as the reader drew it, in pixels of the source: x, y, width, height. ``clipped`` tells that
    the image's edge cut some of it off.
    """

    reader: str
    x: float
    y: float
    width: float
    height: float
    clipped: bool
    source: tuple[float, float, float, float]


def placed(box: Box, width: int, height: int) -> PlacedBox | None:
    """The part of a box that lies on an image; None for a box beside it, as in pictures (``visible_area``)."""
    source = (box.x, box.y, box.width, box.height)
    left, right = sorted((box.x, box.x + box.width))
    top, bottom = sorted((box.y, box.y + box.height))
    seen_left, seen_top = max(left, 0.0), max(top, 0.0)
    seen_right, seen_bottom = min(right, float(width)), min(bottom, float(height))
    if not (seen_left < seen_right and seen_top < seen_bottom):  # also where one of them is NaN
        return None
    clipped = (left, top, right, bottom) != (seen_left, seen_top, seen_right, seen_bottom)
    return PlacedBox(box.reader, seen_left, seen_top, seen_right - seen_left, seen_bottom - seen_top, clipped, source)


def mapped(affine: Map, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
    """A box after an affine map that turns by quarters only: x, y, width, height."""
    a, b, c, d, e, f = affine
    xs = sorted((a * x + b * y + c, a * (x + width) + b * (y + height) + c))
    ys = sorted((d * x + e * y + f, d * (x + width) + e * (y + height) + f))
    return xs[0], ys[0], xs[1] - xs[0], ys[1] - ys[0]


def stable_ids(keys: Iterable[str]) -> dict[str, int]:
    """A positive integer for each key that depends on nothing but the key, unless two would have the same one.

    Of a million keys two meet with a chance of 1 in 4,500; the one that sorts later then takes the next free number.
    """
    ids: dict[str, int] = {}
    taken: set[int] = set()
    for key in sorted(set(keys)):
        number = int.from_bytes(hashlib.sha256(key.encode(errors="surrogatepass")).digest()[:8], "big") % 2**_ID_BITS
        while number in taken or number == 0:
            number = (number + 1) % 2**_ID_BITS
        taken.add(number)
        ids[key] = number
    return ids


def box_keys(finding_id: str, boxes: Sequence[PlacedBox]) -> list[str]:
    """A key for each box of a finding: what was drawn, by whom; of equal ones, which one."""
    keys: list[str] = []
    for box in boxes:
        key = f"{finding_id} {box.source} {box.reader}"
        keys.append(f"{key} {keys.count(key)}" if key in keys else key)
    return keys
