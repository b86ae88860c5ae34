"""Finding text on an image of any size: tile by tile, at full size for small letters and reduced for large ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from orchestration.images import Image8
from orchestration.imaging.text.markers import Markers, letters
from orchestration.imaging.text.reading import Line, read_lines

# Raised with every change of what is found: images are looked at again.
FINDING_VERSION = 1

# Pixels a side. Small letters are lost on larger tiles: of those of 12 pixels and a contrast of 160, 60 % were found on
# tiles of 1024 pixels, all on these. Their edge is repeated up to the size below which the network would enlarge them.
TILE, PADDED = 640, 736
OVERLAP = 96  # a line as high as half of that is whole on some tile, unless it is long
SCALES = (1, 3)  # letters of 8 to 100 pixels on the first, up to 500 on the second
FEWEST_LETTERS = 2  # one letter tells nobody's name, and bright spots and edges are taken for one
LEAST_CONTRAST = 4  # grey levels between the darkest and the brightest pixel of a tile that is worth reading


@dataclass(frozen=True)
class TextRegion:
    """Where text is: x, y, width and height in the image's pixels, and whether it is a view marker.

    What it says is nowhere kept.
    """

    x: int
    y: int
    width: int
    height: int
    is_marker: bool

    def place(self, image_width: int, image_height: int) -> str:
        """Roughly where on an image, such as ``top left``; ``middle`` in its middle."""
        column = ("left", "", "right")[min(2, 3 * (self.x + self.width // 2) // image_width)]
        row = ("top", "", "bottom")[min(2, 3 * (self.y + self.height // 2) // image_height)]
        return f"{row} {column}".strip() or "middle"


def find_text(image: Image8, markers: Markers) -> list[TextRegion]:
    """The regions of an image that hold text, from top to bottom.

    Args:
        image: (rows, columns) or (rows, columns, 3).
        markers: what counts as a view marker.

    Raises:
        TextMissingError: the extra is not installed.
    """
    grey = image if image.ndim == 2 else image.max(axis=2)
    lines = sorted(_lines(grey), key=lambda line: line.score, reverse=True)
    allowed = [line for line in lines if markers.allow(line.text)]
    others: list[Line] = []
    for line in lines:
        is_text = len(letters(line.text)) >= FEWEST_LETTERS and not markers.allow(line.text)
        if is_text and not _repeats(line, allowed) and not any(_covers(one, line) for one in others):
            others.append(line)
    seen: list[Line] = []
    for line in allowed:
        if not any(_covers(one, line) for one in seen):
            seen.append(line)
    found = [_region(line, grey.shape, is_marker=False) for line in others]
    found += [_region(line, grey.shape, is_marker=True) for line in seen]
    return sorted(found, key=lambda region: (region.y, region.x))


def _lines(grey: Image8) -> Iterator[Line]:
    """Every line that is read, on any tile of any scale: the same one several times."""
    for scale in SCALES:
        small = grey if scale == 1 else _reduced(grey, scale)
        rows, columns = small.shape
        for (top, bottom), (left, right) in product(_spans(rows), _spans(columns)):
            tile = small[top:bottom, left:right]
            darkest, brightest = int(tile.min()), int(tile.max())
            if brightest - darkest >= LEAST_CONTRAST:
                for line in read_lines(_padded(_stretched(tile, darkest, brightest))):
                    yield line.moved(left, top, scale)


def _reduced(grey: Image8, scale: int) -> Image8:
    """The means of squares of ``scale`` pixels a side; what is left over at the right and the bottom is repeated."""
    rows, columns = grey.shape
    whole = np.pad(grey, ((0, -rows % scale), (0, -columns % scale)), mode="edge")
    squares = whole.reshape(whole.shape[0] // scale, scale, -1, scale)
    means: Image8 = squares.mean(axis=(1, 3), dtype=np.float32).astype(np.uint8)
    return means


def _spans(length: int) -> Sequence[tuple[int, int]]:
    """Where tiles begin and end that cover a length and overlap by ``OVERLAP`` at least."""
    if length <= TILE:
        return [(0, length)]
    count = -(-(length - OVERLAP) // (TILE - OVERLAP))
    starts = np.linspace(0, length - TILE, count).round().astype(int).tolist()
    return [(start, start + TILE) for start in starts]


def _stretched(tile: Image8, darkest: int, brightest: int) -> Image8:
    """A tile whose greys take all of 0 to 255, so that faint text on a dark ground is seen."""
    greys = (tile.astype(np.float32) - darkest) * (255 / (brightest - darkest))
    stretched: Image8 = greys.astype(np.uint8)
    return stretched


def _padded(tile: Image8) -> Image8:
    """A tile of ``PADDED`` pixels a side, the rest at the right and the bottom filled with what is at its edge."""
    rows, columns = tile.shape
    return np.pad(tile, ((0, max(0, PADDED - rows)), (0, max(0, PADDED - columns))), mode="edge")


def _covers(one: Line, other: Line) -> bool:
    """Whether two lines lie on one another by more than half of the smaller one."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    if width <= 0 or height <= 0:
        return False
    return 2 * width * height > min(_area(one), _area(other))


def _area(line: Line) -> float:
    return (line.right - line.left) * (line.bottom - line.top)


def _repeats(line: Line, allowed: Sequence[Line]) -> bool:
    """Whether a line is a marker of which another reading is right: with at most a letter more, as of its frame."""
    most = len(letters(line.text)) - 1
    return any(_covers(marker, line) and len(letters(marker.text)) >= most for marker in allowed)


def _region(line: Line, shape: tuple[int, ...], *, is_marker: bool) -> TextRegion:
    left, top = max(0, int(line.left)), max(0, int(line.top))
    right, bottom = min(shape[1], int(np.ceil(line.right))), min(shape[0], int(np.ceil(line.bottom)))
    return TextRegion(left, top, max(1, right - left), max(1, bottom - top), is_marker)
