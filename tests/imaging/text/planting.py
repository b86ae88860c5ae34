"""Text written on images, as old devices burned it in."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orchestration.imaging.text import Markers
from orchestration.settings import Settings, marker_words

MARKERS = Markers(marker_words(Settings.model_fields["doubleread_view_markers"].default))


def ground(width: int = 500, height: int = 400, seed: int = 0) -> np.ndarray:
    """A dark image with a little noise and a bright, smooth half disc."""
    rows, columns = np.mgrid[:height, :width]
    disc = np.clip(1 - np.hypot(columns / (0.5 * width), (rows - height / 2) / (0.45 * height)), 0, 1)
    noise = np.random.default_rng(seed).normal(0, 1, (height, width))
    greys: np.ndarray = np.clip(160 * np.sqrt(disc) + noise + 4, 0, 255).astype(np.uint8)
    return greys


def write(image: np.ndarray, text: str, x: int, y: int, *, size: int = 28, grey: int = 230) -> np.ndarray:
    """The image with a text on it; ``size`` is the font's, of which a capital letter has 0.7."""
    canvas = Image.fromarray(image)
    fill = grey if image.ndim == 2 else (grey, grey // 4, grey // 4)
    ImageDraw.Draw(canvas).text((x, y), text, fill=fill, font=ImageFont.load_default(size))
    return np.asarray(canvas)
