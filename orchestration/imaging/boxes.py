"""A reader's box, and the part of a picture that it covers."""

import math
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Box:
    """A rectangle that a reader marked, in pixels from the top left corner of the image.

    A negative width or height means that it was drawn leftwards or upwards. Any number is allowed;
    ``visible_area`` tells whether the box lies on a picture.
    """

    reader: str
    x: float
    y: float
    width: float
    height: float


class Area(NamedTuple):
    """Whole pixels: ``left <= column < right`` and ``top <= row < bottom``."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Columns covered."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Rows covered."""
        return self.bottom - self.top

    def overlaps(self, other: "Area") -> bool:
        """Whether some pixel belongs to both."""
        return max(self.left, other.left) < min(self.right, other.right) and max(self.top, other.top) < min(
            self.bottom, other.bottom
        )

    def grown(self, margin: int, width: int, height: int) -> "Area":
        """This area with ``margin`` more on each side, as far as a picture of that size goes."""
        return Area(
            max(0, self.left - margin),
            max(0, self.top - margin),
            min(width, self.right + margin),
            min(height, self.bottom + margin),
        )


def visible_area(box: Box, width: int, height: int) -> tuple[Area, bool] | None:
    """The pixels of the picture that the box covers, and whether the edge cuts some of it off.

    Returns:
        None where there is nothing to draw: an empty box, a coordinate that is NaN, or a box outside the picture.
    """
    try:
        left, right = sorted((box.x, box.x + box.width))
        top, bottom = sorted((box.y, box.y + box.height))
    except OverflowError:  # an integer of JSON too large to be added to a float
        return None
    if not (left < right and top < bottom):  # also where one of them is NaN
        return None
    if right <= 0 or bottom <= 0 or left >= width or top >= height:
        return None
    clipped = left < 0 or top < 0 or right > width or bottom > height
    area = Area(
        math.floor(max(left, 0)), math.floor(max(top, 0)), math.ceil(min(right, width)), math.ceil(min(bottom, height))
    )
    return area, clipped
