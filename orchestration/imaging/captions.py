"""What a caption says, how it looks, and where it stands."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from orchestration.images import Image8
from orchestration.imaging.boxes import Area
from orchestration.imaging.colours import reader_digest

SEPARATOR = " · "
ELLIPSIS = "…"
MISSING = "?"
MAX_CAPTION = 40
"""Characters of a caption; the longest of the four labels, "Malignant microcalcifications", has 29."""
MAX_READER = 36
"""Characters of a reader's name: a UUID is shown whole."""
_NO_GLYPH = "\U0010ffff"  # a code point that no font has

Font = ImageFont.FreeTypeFont
Corners = npt.NDArray[np.int64]


@lru_cache(maxsize=32)
def font(size: int) -> Font:
    """The font in Pillow's own wheel (Aileron), laid out by Pillow itself: the same glyphs on every machine."""
    loaded = ImageFont.load_default(size)
    if not isinstance(loaded, ImageFont.FreeTypeFont):
        raise TypeError("Pillow is built without FreeType")
    return loaded


def caption_text(caption: str, reader: str) -> str:
    """Finding and reader, "Malignant mass · U1", of bounded length and of characters that the font has.

    Accents are dropped, other characters that the font lacks become question marks. Where that or the length has
    changed a reader's name, four digits of its digest follow it, so that two readers stay two.
    """
    shown = _printable(reader, MAX_READER) or MISSING
    if shown != " ".join(reader.split()):
        shown += f"#{reader_digest(reader).hex()[:4]}"
    return _printable(caption, MAX_CAPTION) + SEPARATOR + shown


def _printable(text: str, limit: int) -> str:
    """At most ``limit`` characters, all of which the font can show."""
    text = " ".join(text.split())[: 4 * limit]
    letters = [letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)]
    shown = "".join(letter if _has_glyph(letter) else MISSING for letter in letters)
    return shown if len(shown) <= limit else shown[: limit - 1] + ELLIPSIS


@lru_cache(maxsize=4096)
def _has_glyph(letter: str) -> bool:
    face = font(20)
    return letter == " " or (
        unicodedata.category(letter)[0] not in "CMZ" and bytes(face.getmask(letter)) != bytes(face.getmask(_NO_GLYPH))
    )


@lru_cache(maxsize=256)
def plate(text: str, size: int, max_width: int) -> Image8 | None:
    """White text on black, cut with an ellipsis where it would be wider than ``max_width`` pixels.

    Returns:
        (rows, columns) greys, the same number of rows for every text of that size; None where nothing fits.
    """
    face = font(size)
    padding = max(1, size // 6)
    room = max_width - 2 * padding
    while text and face.getlength(text) > room:
        text = text.removesuffix(ELLIPSIS)[:-1].rstrip()
        text = text and text + ELLIPSIS
    if not text:
        return None
    ascent, descent = face.getmetrics()
    width = int(np.ceil(face.getlength(text)))
    image = Image.new("L", (width + 2 * padding, ascent + descent + padding))
    ImageDraw.Draw(image).text((padding, ascent), text, fill=255, font=face, anchor="ls")
    return np.asarray(image)


def place(
    size: tuple[int, int], frame: Area, picture: tuple[int, int], captions: Sequence[Area], frames: Sequence[Area]
) -> Area:
    """Where a caption stands: inside the picture, and where there is room off other captions and off the boxes.

    Of the places above, below, beside and inside the frame, about the frames that it overlaps, and next to captions
    that stand already, the first that costs least is taken. A pixel of a frame that it hides costs 1, of a
    caption 1,000, and a pixel between it and its frame as much as the caption is high.

    Args:
        size: width and height of the caption, no larger than the picture.
        frame: the drawn frame that the caption belongs to.
        picture: width and height.
        captions: those that stand already.
        frames: all of the picture.
    """
    room = np.array([picture[0] - size[0], picture[1] - size[1]])
    corners = np.clip(_corners(size, frame, captions, frames), 0, room)
    cost = (
        1000 * _hidden(corners, size, captions) + _hidden(corners, size, frames) + size[1] * _gap(corners, size, frame)
    )
    left, top = corners[cost.argmin()].tolist()
    return Area(left, top, left + size[0], top + size[1])


def _corners(
    size: tuple[int, int], frame: Area, captions: Sequence[Area], frames: Sequence[Area]
) -> list[tuple[int, int]]:
    """Left top corners, best first."""
    group = np.array([other for other in frames if frame.overlaps(other)])
    around = Area(*group.min(axis=0)[:2].tolist(), *group.max(axis=0)[2:].tolist())
    return [
        *_beside(size, frame),
        *_beside(size, around),
        *((other.left, other.top - size[1]) for other in captions[-8:]),
        *((other.left, other.bottom) for other in captions[-8:]),
        (frame.left, frame.top),
    ]


def _beside(size: tuple[int, int], area: Area) -> list[tuple[int, int]]:
    """Above, below, right and left of the area."""
    width, height = size
    return [
        (area.left, area.top - height),
        (area.right - width, area.top - height),
        (area.left, area.bottom),
        (area.right - width, area.bottom),
        (area.right, area.top),
        (area.left - width, area.top),
        (area.right, area.bottom - height),
        (area.left - width, area.bottom - height),
    ]


def _sides(corners: Corners, size: tuple[int, int], areas: Sequence[Area]) -> Corners:
    """(corners, areas, 2) widths and heights that a caption and an area share; negative is a gap."""
    others = np.array(areas, np.int64).reshape(1, -1, 4)
    starts, ends = corners[:, None], corners[:, None] + size
    sides: Corners = np.minimum(ends, others[..., 2:]) - np.maximum(starts, others[..., :2])
    return sides


def _hidden(corners: Corners, size: tuple[int, int], areas: Sequence[Area]) -> Corners:
    """For each corner, the pixels of the areas that a caption there would hide."""
    hidden: Corners = np.clip(_sides(corners, size, areas), 0, None).prod(axis=2).sum(axis=1)
    return hidden


def _gap(corners: Corners, size: tuple[int, int], frame: Area) -> Corners:
    """For each corner, the pixels between the frame and a caption there."""
    gap: Corners = -np.clip(_sides(corners, size, [frame]), None, 0).min(axis=(1, 2))
    return gap
