"""What a caption says, how it looks, and where it stands."""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from orchestration.imaging.boxes import Area
from orchestration.imaging.colours import reader_digest
from orchestration.imaging.pixels import Image8

SEPARATOR = " · "
ELLIPSIS = "…"
MISSING = "?"
MAX_CAPTION = 40
"""Characters of a caption; the longest of the four labels, "Malignant microcalcifications", has 29."""
MAX_READER = 36
"""Characters of a reader's name: a UUID is shown whole."""
_NO_GLYPH = "\U0010ffff"  # a code point that no font has

Font = ImageFont.FreeTypeFont


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

    Args:
        size: width and height of the caption, no larger than the picture.
        frame: the drawn frame that the caption belongs to.
        picture: width and height.
        captions: those that stand already.
        frames: all of the picture.

    Returns:
        Of the places above, below, beside and inside the frame and next to the captions that stand, the first that
        hides least; a hidden caption counts eight times as much as the inside of a frame.
    """
    room = np.array([picture[0] - size[0], picture[1] - size[1]])
    corners = np.clip(_corners(size, frame, captions), 0, room)
    hidden = 8 * _overlap(corners, size, captions) + _overlap(corners, size, frames)
    left, top = corners[hidden.argmin()].tolist()
    return Area(left, top, left + size[0], top + size[1])


def _corners(size: tuple[int, int], frame: Area, captions: Sequence[Area]) -> list[tuple[int, int]]:
    """Left top corners, best first: above, below, right, left, inside, then above and below other captions."""
    width, height = size
    return [
        (frame.left, frame.top - height),
        (frame.right - width, frame.top - height),
        (frame.left, frame.bottom),
        (frame.right - width, frame.bottom),
        (frame.right, frame.top),
        (frame.left - width, frame.top),
        (frame.right, frame.bottom - height),
        (frame.left - width, frame.bottom - height),
        *((other.left, other.top - height) for other in captions[-8:]),
        *((other.left, other.bottom) for other in captions[-8:]),
        (frame.left, frame.top),
    ]


def _overlap(corners: npt.NDArray[np.int64], size: tuple[int, int], areas: Sequence[Area]) -> npt.NDArray[np.int64]:
    """For each corner, the pixels of the areas that a caption there would hide."""
    others = np.array(areas, np.int64).reshape(1, -1, 4)
    starts, ends = corners[:, None], corners[:, None] + size
    sides = np.minimum(ends, others[..., 2:]) - np.maximum(starts, others[..., :2])
    hidden: npt.NDArray[np.int64] = np.clip(sides, 0, None).prod(axis=2).sum(axis=1)
    return hidden
