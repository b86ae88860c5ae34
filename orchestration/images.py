"""Images as every room sees them: their type, the sizes that are read, tables to eight bits, and their one error."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import numpy.typing as npt

Image8 = npt.NDArray[np.uint8]
"""``uint8``, C-contiguous: (rows, columns) of grey values or (rows, columns, 3) of RGB."""

MAX_PIXELS = 45_000_000
"""Most pixels that an image may have: a full-field mammogram has 14 million, digitised film up to 35."""

MAX_DECODED_BYTES = 3 * MAX_PIXELS
"""Most bytes that the samples may take once decoded: all of RGB, a third of the pixels in RGBA of 16 bits.

With both, a process that draws stays below 400 MB whatever it is given (382 MB at most when measured, for JPEG 2000).
"""

STRIPE_ROWS = 64
"""Rows worked on at once where the whole image would leave the processor's cache (64 rows of RGB are 0.6 MB)."""


def check_size(width: int, height: int, bytes_per_pixel: int) -> None:
    """Refuse a size before memory is taken for it.

    Raises:
        ImageError: no pixels, too many, or too many bytes once decoded.
    """
    if width < 1 or height < 1:
        raise ImageError(f"has no pixels ({width} x {height})")
    if width * height > MAX_PIXELS:
        raise ImageError(f"declares {width} x {height} pixels; at most {MAX_PIXELS:,} are read")
    if width * height * bytes_per_pixel > MAX_DECODED_BYTES:
        raise ImageError(
            f"declares {width} x {height} pixels of {bytes_per_pixel} bytes each; at most {MAX_DECODED_BYTES:,} bytes "
            "are read"
        )


@cache
def linear_table(bits: int) -> Image8:
    """Grey value of eight bits for each sample of ``bits`` bits: v * 255 / (2**bits - 1), rounded half up.

    Samples beyond ``bits`` are white. Shape (65536,), so that any ``uint16`` is an index.
    """
    top = 2**bits - 1
    samples = np.minimum(np.arange(65536, dtype=np.int64), top)
    table: Image8 = ((2 * 255 * samples + top) // (2 * top)).astype(np.uint8)
    table.flags.writeable = False
    return table


def look_up(table: Image8, samples: npt.NDArray[np.uint8 | np.uint16]) -> Image8:
    """``table[samples]`` in stripes, 10 ms for 3328 x 4096 where the plain expression takes 19.

    Args:
        table: a grey value for each number that a sample of this type can be.
        samples: (rows, ...) indices.
    """
    greys = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), STRIPE_ROWS):
        stripe = slice(top, top + STRIPE_ROWS)
        np.take(table, samples[stripe], out=greys[stripe], mode="clip")  # "raise" would make a copy first
    return greys


def grey_if_equal(image: Image8) -> Image8:
    """The grey image that an RGB image of equal channels is, else the RGB image itself.

    Neighbouring bytes are compared, which is contiguous and so three times faster than comparing channels; the
    third comparison of each pixel is with the next pixel's red and does not count.
    """
    if image.ndim == 2:
        return image
    for top in range(0, len(image), STRIPE_ROWS):
        samples = np.ascontiguousarray(image[top : top + STRIPE_ROWS]).reshape(-1)
        differs = samples[:-1] != samples[1:]
        differs[2::3] = False
        if differs.any():
            return image
    return np.ascontiguousarray(image[..., 0])


class ImageError(ValueError):
    """This image cannot be used, and trying again will not help.

    The message says why in words that complete "The image …"; it carries no patient text and no file name, since
    the caller knows which image it was.
    """


@contextmanager
def refusing(reason: str) -> Iterator[None]:
    """Turn whatever a library raises for a bad image into an ``ImageError`` with this reason.

    The original is not chained to it: what it quotes from the file could be patient text.
    """
    try:
        yield
    except (ImageError, MemoryError):  # too little memory is no fault of the image
        raise
    except Exception:  # noqa: BLE001 - decoders have no base class in common; some raise plain Exception
        raise ImageError(reason) from None
