"""The encoder writes what Pillow reads back pixel by pixel, and nothing else."""

import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestration.images import STRIPE_ROWS
from orchestration.imaging.png import encode


def stripes(image: np.ndarray, rows: int):
    return (image[top : top + rows] for top in range(0, len(image), rows))


def chunks(data: bytes) -> list[bytes]:
    kinds, position = [], 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        content = data[position + 4 : position + 8 + length]
        assert zlib.crc32(content) == int.from_bytes(data[position + 8 + length : position + 12 + length], "big")
        kinds.append(content[:4])
        position += 12 + length
    return kinds


@given(
    channels=st.sampled_from([1, 3]),
    width=st.integers(1, 50),
    height=st.integers(1, 200),
    rows=st.integers(1, STRIPE_ROWS),
    levels=st.sampled_from([1, 2, 256]),
    seed=st.integers(0, 99),
)
def test_pillow_reads_back_what_was_written_whatever_the_stripes(*, channels, width, height, rows, levels, seed):
    generator = np.random.default_rng(seed)
    image = generator.integers(0, levels, (height, width, channels), np.uint8).squeeze(axis=2 if channels == 1 else ())
    palette = generator.integers(0, 256, (256, 3), np.uint8) if channels == 1 else None
    data = encode(stripes(image, rows), width, height, palette)
    back = Image.open(BytesIO(data))
    assert back.mode == ("RGB" if palette is None else "P")
    expected = image if palette is None else palette[image]
    np.testing.assert_array_equal(np.asarray(back.convert("RGB")), expected)


def test_a_file_holds_the_image_and_no_metadata():
    grey = np.zeros((3, 4), np.uint8)
    assert chunks(encode([grey], 4, 3, np.zeros((256, 3), np.uint8))) == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    assert chunks(encode([np.zeros((3, 4, 3), np.uint8)], 4, 3)) == [b"IHDR", b"IDAT", b"IEND"]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_checksum_of_the_deflated_data_is_right(share):
    """kornia-rs and some viewers do not compare it; libpng and zlib do."""
    image = (np.random.default_rng(0).random((300, 200)) < share).astype(np.uint8) * 200
    data = encode(stripes(image, 64), 200, 300, np.zeros((256, 3), np.uint8))
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    assert len(zlib.decompress(data[start + 4 : start + 4 + length])) == 300 * 201
