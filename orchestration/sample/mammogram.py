"""One synthetic mammogram, from a breast to grey values of twelve bits.

Tissue and masses are built at half the resolution, where they have all their structure; calcifications and quantum
noise are added at the full one. A view of 3328 x 4096 takes 0.7 s of one core and 450 MB.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from orchestration.sample.anatomy import DETECTOR_MM, Breast, Floats, Lesion, Point, View
from orchestration.sample.lesions import LESIONS
from orchestration.sample.tissue import Canvas, Scene, brightness

Grey12 = npt.NDArray[np.uint16]
WHITE = 4095
NOISE_TILE = 1021
"""Rows and columns of noise that are repeated over the image: drawing it anew everywhere would take 0.2 s."""


def render(breast: Breast, view: View, size: tuple[int, int], rng: np.random.Generator) -> Grey12:
    """Draw one view.

    Args:
        breast: what is to be seen.
        view: the side decides the mirroring: the chest wall is at the left edge for L, at the right edge for R.
        size: width and height in pixels; the detector's size in millimetres stays the same.
        rng: source of the texture.

    Returns:
        (height, width) grey values from 0, the background, to 4095.
    """
    pixel = DETECTOR_MM[0] / size[0]
    full, half = Canvas(pixel, size[1] * pixel), Canvas(2 * pixel, size[1] * pixel)
    field = brightness(Scene(breast, view.projection, half), rng)
    masses = [lesion for lesion in breast.lesions if lesion.is_mass]
    calcifications = [lesion for lesion in breast.lesions if not lesion.is_mass]
    for lesion in masses:
        _add(field, half, lesion, breast.centre(lesion, view.projection), rng)
    field = half.finer(field, full, Image.Resampling.BILINEAR)
    for lesion in calcifications:
        _add(field, full, lesion, breast.centre(lesion, view.projection), rng)
    grey = _exposed(field, size, rng)
    if view.side == "R":
        grey = np.ascontiguousarray(grey[:, ::-1])
    _mark(grey, view)
    return grey


def _add(field: Floats, canvas: Canvas, lesion: Lesion, centre: Point, rng: np.random.Generator) -> None:
    """Add a lesion in place, where it lies within the breast."""
    reach = 1.3 * lesion.radius_mm
    columns = slice(*np.searchsorted(canvas.x, [centre.x - reach, centre.x + reach]))
    rows = slice(*np.searchsorted(canvas.y, [centre.y - reach, centre.y + reach]))
    x, y = canvas.x[None, columns] - centre.x, canvas.y[rows, None] - centre.y
    window = field[rows, columns]
    window += LESIONS[lesion.label](rng, x, y, lesion.radius_mm) * (window > 0)


def _exposed(field: Floats, size: tuple[int, int], rng: np.random.Generator) -> Grey12:
    """Add quantum noise to what the beam went through, and put it on the detector. Uses ``field`` up."""
    tile = rng.standard_normal((NOISE_TILE, NOISE_TILE), np.float32)
    grey = np.zeros((size[1], size[0]), np.uint16)
    for top in range(0, field.shape[0], NOISE_TILE):
        for left in range(0, field.shape[1], NOISE_TILE):
            part = field[top : top + NOISE_TILE, left : left + NOISE_TILE]
            noise = tile[: part.shape[0], : part.shape[1]] * (0.024 + 0.016 * part)
            part += noise * np.minimum(1, part * 20)
            np.clip(part, 0, 1, out=part)
            grey[top : top + NOISE_TILE, left : left + part.shape[1]] = part * WHITE + 0.5
    return grey


def _mark(grey: Grey12, view: View) -> None:
    """Burn in side and projection beside the axilla, as units do; nothing else is ever written there."""
    rows, columns = grey.shape
    size = max(6, rows // 60)
    label = Image.new("L", (6 * size, 2 * size))
    text = f"{view.side} {view.projection}"
    ImageDraw.Draw(label).text((3 * size, size), text, 255, ImageFont.load_default(size), "mm")
    left = int(columns * 0.70) if view.side == "L" else int(columns * 0.30) - label.width
    top = int(rows * 0.06)
    corner = grey[top : top + label.height, left : left + label.width]
    white = np.asarray(label, np.uint16) * np.uint16(WHITE // 255)
    np.maximum(corner, white[: corner.shape[0], : corner.shape[1]], out=corner)
