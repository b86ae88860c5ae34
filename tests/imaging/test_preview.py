"""Previews: small, the same picture, without metadata; what is no image is refused."""

import io

import numpy as np
import pytest
from PIL import Image

from orchestration.imaging import ImageError, preview


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("shape", "size"), [((1000, 500), (100, 200)), ((500, 1000), (200, 100)), ((90, 30), (30, 90)), ((1, 1), (1, 1))]
)
def test_no_side_is_longer_than_asked_and_nothing_grows(shape: tuple[int, int], size: tuple[int, int]) -> None:
    small = Image.open(io.BytesIO(preview(png(np.full(shape, 90, np.uint8)), 200)))
    assert (small.format, small.mode, small.size) == ("JPEG", "L", size)
    assert abs(np.asarray(small, int) - 90).max() <= 1


def test_colours_stay_and_thin_lines_do_not_vanish() -> None:
    pixels = np.zeros((1000, 1000, 3), np.uint8)
    pixels[500:508] = (255, 0, 0)
    small = np.asarray(Image.open(io.BytesIO(preview(png(pixels), 125))), int)
    assert small.shape == (125, 125, 3)
    assert small[..., 0].max() > 100 > small[..., 1].max()


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(ImageError, match="neither PNG"):
        preview(b"<html>", 100)
