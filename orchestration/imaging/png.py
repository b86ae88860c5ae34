"""Write a PNG: the Up filter in numpy, deflate by ISA-L, in stripes that stay in the processor's cache.

3328 x 4096 pixels take 21 ms with a palette and 44 ms in RGB, where Pillow's defaults take 700 and 1,000; the files
are 0.65 and 1.13 times as large as Pillow's RGB.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from orchestration.images import STRIPE_ROWS, Image8

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3  # colour types
_UP = 2  # filter type: each byte less the one above it (PNG specification, 9.2)
_LEVEL = 1  # of ISA-L's 0 to 3; 0 is 2 ms faster and a sixth larger, 3 a fifth slower for the same size
# Bits of the window. Noise of one byte a pixel repeats nothing but by chance, and a distant chance match costs more
# than the bytes: a window of 512 makes palette files 13 % smaller. RGB repeats each byte, and wants the largest.
_WINDOW_BITS = {_GREY: 9, _PALETTE: 9, _RGB: 15}
# Of a stream that may reach back as far as any (RFC 1950, 2.2): who keeps its pixels need not ask whether it reaches
# further than it says, which libpng refuses.
_ZLIB_HEADER = b"\x78\x01"


def encode(stripes: Iterable[Image8], width: int, height: int, palette: Image8 | None = None) -> bytes:
    """A PNG of eight bits without any metadata.

    Args:
        stripes: (rows, width) indices of the palette or (rows, width, 3) RGB, from top to bottom; each is used up
            before the next is asked for.
        width: pixels.
        height: rows of all stripes together.
        palette: (256, 3) RGB of each index; none for RGB.
    """
    return _png(stripes, (width, height), 8, _RGB if palette is None else _PALETTE, palette)


def encoder_settings(*, has_palette: bool) -> dict[str, str | int]:
    """How :func:`encode` writes a picture: filter, compressor, its level, and the bits of its window."""
    window_bits = _WINDOW_BITS[_PALETTE if has_palette else _RGB]
    return {"filter": "up", "compressor": "ISA-L", "level": _LEVEL, "window_bits": window_bits}


def encode_samples(samples: npt.NDArray[np.uint8 | np.uint16]) -> bytes:
    """A PNG of the samples as they are, without any metadata.

    Args:
        samples: (rows, columns) of grey or (rows, columns, 3) of RGB, of 8 or 16 bits.
    """
    big_endian = np.dtype(f">u{samples.itemsize}")  # as PNG has it (7.1)
    stripes = (
        np.ascontiguousarray(samples[top : top + STRIPE_ROWS], big_endian).view(np.uint8)
        for top in range(0, len(samples), STRIPE_ROWS)
    )
    height, width = samples.shape[:2]
    return _png(stripes, (width, height), 8 * samples.itemsize, _GREY if samples.ndim == 2 else _RGB)


def _png(
    stripes: Iterable[Image8], size: tuple[int, int], depth: int, colour_type: int, palette: Image8 | None = None
) -> bytes:
    parts = [SIGNATURE, *chunk(b"IHDR", [struct.pack(">IIBBBBB", *size, depth, colour_type, 0, 0, 0)])]
    if palette is not None:
        parts += chunk(b"PLTE", [palette.tobytes()])
    compressor = isal_zlib.compressobj(_LEVEL, wbits=_WINDOW_BITS[colour_type])
    compressed = [*map(compressor.compress, _filtered(stripes)), compressor.flush()]
    if colour_type == _GREY:
        compressed = [_ZLIB_HEADER, b"".join(compressed)[len(_ZLIB_HEADER) :]]
    parts += chunk(b"IDAT", compressed)
    return b"".join([*parts, *chunk(b"IEND", [])])


def _filtered(stripes: Iterable[Image8]) -> Iterator[Image8]:
    """Each stripe's rows behind their filter type; the memory is used again for the next."""
    above: Image8 | int = 0
    filtered = np.empty((0, 0), np.uint8)
    for stripe in stripes:
        rows = stripe.reshape(len(stripe), -1)
        if len(filtered) < len(rows):
            filtered = np.full((len(rows), 1 + rows.shape[1]), _UP, np.uint8)
        np.subtract(rows[0], above, out=filtered[0, 1:])
        np.subtract(rows[1:], rows[:-1], out=filtered[1 : len(rows), 1:])
        above = rows[-1].copy()
        yield filtered[: len(rows)]


def chunk(kind: bytes, content: Sequence[bytes]) -> list[bytes]:
    """Length, type, content and checksum (PNG specification, 5.3), in parts that are joined once."""
    checksum = 0
    for part in (kind, *content):
        checksum = isal_zlib.crc32(part, checksum)
    return [struct.pack(">I", sum(map(len, content))), kind, *content, struct.pack(">I", checksum)]
