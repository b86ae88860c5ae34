"""The Pixel Data element, native or encapsulated, in pieces of which none is a copy of pixels (PS3.5, A.2 and A.4)."""

from collections.abc import Sequence
from itertools import accumulate
from struct import pack

from orchestration.dicom.encoding.errors import PixelDataError

_TAG = b"\xe0\x7f\x10\x00"
_ITEM = b"\xfe\xff\x00\xe0"
_DELIMITER = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_UNDEFINED_LENGTH = 0xFFFF_FFFF
_LONGEST = 0xFFFF_FFFE
_TOO_LONG = f"pixel data of more than {_LONGEST} bytes fit no element or fragment"


def native(pixels: memoryview, bits_allocated: int) -> list[bytes | memoryview]:
    """Uncompressed pixels; up to 8 bits as OB, as pydicom does where PS3.5 A.2 leaves the choice, deeper ones as OW."""
    padding = len(pixels) % 2
    if len(pixels) + padding > _LONGEST:
        raise PixelDataError(_TOO_LONG)
    vr = b"OW" if bits_allocated > 8 else b"OB"
    return [pack("<4s2sHL", _TAG, vr, 0, len(pixels) + padding), pixels, bytes(padding)]


def encapsulated(frames: Sequence[memoryview]) -> list[bytes | memoryview]:
    """Compressed frames, one fragment each.

    The basic offset table holds where each frame begins, so that a reader need not walk all; it stays empty, as it
    may, where an offset has more than the 32 bits that the table has for it.
    """
    padded = [len(frame) + len(frame) % 2 for frame in frames]
    if max(padded) > _LONGEST:
        raise PixelDataError(_TOO_LONG)
    offsets = list(accumulate((8 + size for size in padded[:-1]), initial=0))
    table = pack(f"<{len(offsets)}L", *offsets) if offsets[-1] <= _LONGEST else b""
    parts: list[bytes | memoryview] = [
        pack("<4s2sHL", _TAG, b"OB", 0, _UNDEFINED_LENGTH) + pack("<4sL", _ITEM, len(table)) + table
    ]
    for frame, size in zip(frames, padded, strict=True):
        parts += (pack("<4sL", _ITEM, size), frame, bytes(size - len(frame)))
    parts.append(_DELIMITER)
    return parts
