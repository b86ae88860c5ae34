"""From the bytes of an image to the bytes of an annotated PNG."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from kornia_rs.imgproc import rgb_from_gray

from orchestration.images import STRIPE_ROWS, Image8
from orchestration.imaging.boxes import Box
from orchestration.imaging.colours import COLOURS
from orchestration.imaging.decode import read_image_and_whether_kept
from orchestration.imaging.draw import Drawing, draw
from orchestration.imaging.png import encode, encoder_settings

_RGB_COLOURS = np.array(COLOURS, np.uint8)
_ALL_GREYS = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True)
class Annotated:
    """A drawn picture.

    ``boxes_clipped`` are those of ``boxes_drawn`` that the edge cut; ``boxes_skipped`` had nothing to draw: no area,
    a coordinate that is NaN, or a place outside the picture. ``drawing`` holds the parameters that the picture follows
    from, in pixels, with the colour of each reader and the settings of the encoder, as JSON takes them. ``keepable``
    tells ``clean_image`` that it need not inflate the same image once more.
    """

    png: bytes
    width: int
    height: int
    boxes_drawn: int
    boxes_clipped: int
    boxes_skipped: int
    drawing: Mapping[str, object]
    keepable: bool


def annotate(data: bytes | memoryview, *, caption: str, boxes: Sequence[Box]) -> Annotated:
    """Decode an image, draw the boxes of a finding on it, and encode it as PNG.

    Outside frames and captions the pixels are those of ``read_image``. A grey image becomes a palette image where
    enough grey levels are unused to stand for the colours, else RGB; ``Image.open(...).convert("RGB")`` reads both.
    The same image, caption and boxes give the same bytes.

    Args:
        data: the whole file as the image store has it.
        caption: the finding; each box's says it and the reader.
        boxes: in the order in which they are drawn.

    Raises:
        ImageError: the image cannot be used.
    """
    image, keepable = read_image_and_whether_kept(data)
    height, width = image.shape[:2]
    drawing = draw(width, height, caption, boxes)
    levels = unused_greys(image, len(drawing.colours)) if image.ndim == 2 else None
    if levels is None:
        png = encode(_rgb_stripes(image, drawing), width, height)
    else:
        palette = np.repeat(_ALL_GREYS[:, None], 3, axis=1)
        palette[levels] = _RGB_COLOURS[drawing.colours]
        _paint_indices(image, drawing, levels)
        png = encode(_stripes(image), width, height, palette)
    parameters = {
        "line_width": drawing.line,
        "edge_width": drawing.edge,
        "font_size": drawing.font_size,
        "colours": {reader: "#" + bytes(COLOURS[colour]).hex() for reader, colour in drawing.readers.items()},
        "pixels": "rgb" if levels is None else "palette",
        "png": encoder_settings(has_palette=levels is not None),
    }
    return Annotated(
        png, width, height, drawing.boxes_drawn, drawing.boxes_clipped, drawing.boxes_skipped, parameters, keepable
    )


def unused_greys(image: Image8, count: int) -> list[int] | None:
    """Grey levels, brightest first, that no pixel has; None where there are fewer than ``count``.

    Black and white are left to the captions. Levels are looked for among those that a sample of pixels lacks, by
    ``memchr``, which stops at the first pixel that has the level: 1 ms where counting all pixels takes 25.
    """
    sample = np.bincount(image[::8, ::8].reshape(-1), minlength=256)
    candidates = [level for level in range(254, 0, -1) if not sample[level]]
    pixels = image.tobytes() if len(candidates) >= count > 0 else b""
    levels = list(islice((level for level in candidates if pixels.find(level) < 0), count))
    return levels if len(levels) == count else None


def _paint_indices(image: Image8, drawing: Drawing, levels: list[int]) -> None:
    """Draw on a grey image whose ``levels`` stand for the colours; captions keep off these."""
    index = dict(zip(drawing.colours, levels, strict=True))
    kept = np.setdiff1d(_ALL_GREYS, levels)
    nearest = kept[np.abs(kept.astype(int) - _ALL_GREYS[:, None]).argmin(axis=1)]
    for mark in drawing.marks:
        columns, rows = slice(mark.area.left, mark.area.right), slice(mark.area.top, mark.area.bottom)
        image[rows, columns] = nearest[mark.greys] if mark.colour is None else index[mark.colour]


def _stripes(image: Image8) -> Iterator[Image8]:
    for top in range(0, len(image), STRIPE_ROWS):
        yield image[top : top + STRIPE_ROWS]


def _rgb_stripes(image: Image8, drawing: Drawing) -> Iterator[Image8]:
    """The image in RGB with the marks on it; a grey image is never in memory three times over."""
    for top in range(0, len(image), STRIPE_ROWS):
        rows = image[top : top + STRIPE_ROWS]
        # 6 ms for 3328 x 4096, where assigning each channel in numpy takes 12.
        stripe = np.asarray(rgb_from_gray(rows[..., None])) if rows.ndim == 2 else rows
        _paint_rgb(stripe, top, drawing)
        yield stripe


def _paint_rgb(stripe: Image8, top: int, drawing: Drawing) -> None:
    """Draw what falls on the rows of a stripe that begins at row ``top``."""
    for mark in drawing.marks:
        first, last = max(mark.area.top, top), min(mark.area.bottom, top + len(stripe))
        if first < last:
            pixels = stripe[first - top : last - top, mark.area.left : mark.area.right]
            if mark.greys is None:
                pixels[:] = _RGB_COLOURS[mark.colour]
            else:
                greys = np.broadcast_to(mark.greys, (mark.area.height, mark.area.width))
                pixels[:] = greys[first - mark.area.top : last - mark.area.top, :, None]
