"""PNG files written by hand from the specification, so that they can be of any kind and damaged in any way."""

import struct
import zlib

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
KINDS = [
    (0, 1),
    (0, 2),
    (0, 4),
    (0, 8),
    (0, 16),
    (2, 8),
    (2, 16),
    (3, 1),
    (3, 2),
    (3, 4),
    (3, 8),
    (4, 8),
    (4, 16),
    (6, 8),
    (6, 16),
]
"""Every colour type and bit depth of the specification."""

# Adam7: first row, first column, step down, step right of each pass.
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def header(width: int, height: int, depth: int, colour_type: int, interlace: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace))


def rows(samples: npt.NDArray[np.integer], depth: int) -> bytes:
    """The samples (rows, columns, channels) as unfiltered rows."""
    height = len(samples)
    if depth == 16:
        packed = samples.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        packed = samples.astype(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(samples.astype(np.uint8).reshape(height, -1, 1), axis=2)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(height, -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in packed)


def png(
    samples: npt.NDArray[np.integer],
    depth: int,
    colour_type: int,
    *,
    interlace: bool = False,
    before: bytes = b"",
    data: bytes | None = None,
) -> bytes:
    """A PNG of samples (rows, columns, channels); ``before`` are chunks that stand before the pixels."""
    height, width = samples.shape[:2]
    if interlace:
        parts = [samples[top::down, left::right] for top, left, down, right in PASSES]
        raw = b"".join(rows(part, depth) for part in parts if part.size)
    else:
        raw = rows(samples, depth)
    pixels = zlib.compress(raw) if data is None else data
    return (
        SIGNATURE
        + header(width, height, depth, colour_type, int(interlace))
        + before
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def random_png(seed: int, width: int, height: int, depth: int, colour_type: int, *, interlace: bool = False) -> bytes:
    """A PNG of noise with the palette that it may need."""
    generator = np.random.default_rng(seed)
    samples = generator.integers(0, 2**depth, (height, width, CHANNELS[colour_type]))
    palette = generator.integers(0, 256, 3 * 2**depth, np.uint8).tobytes() if colour_type == 3 else b""
    return png(samples, depth, colour_type, interlace=interlace, before=chunk(b"PLTE", palette) if palette else b"")
