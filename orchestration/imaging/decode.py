"""From the bytes of an image to eight-bit pixels, by what the bytes are and not by what they are called."""

from collections.abc import Callable

import numpy as np

from orchestration.dicom.reading import read_dicom
from orchestration.dicom.stored import StoredImage, one_channel_if_equal, read_stored_dicom, stored_dicom_bytes
from orchestration.images import Image8, ImageError
from orchestration.imaging.jpeg_reader import JPEG_SIGNATURE, jpeg_bytes, read_jpeg
from orchestration.imaging.png import SIGNATURE
from orchestration.imaging.png_reader import png_bytes, read_png, read_png_image, read_samples

_SAME = np.arange(256, dtype=np.uint8)
_PREAMBLE, _DICOM = 128, b"DICM"
_READERS: tuple[tuple[int, bytes, Callable[[bytes], Image8]], ...] = (
    (0, SIGNATURE, read_png),
    (0, JPEG_SIGNATURE, read_jpeg),
    (_PREAMBLE, _DICOM, read_dicom),
)


def read_image(data: bytes | memoryview) -> Image8:
    """Decode a PNG, JPEG or DICOM image to eight bits.

    Args:
        data: the whole file.

    Returns:
        ``uint8``, (rows, columns) where the image is grey, also if stored as RGB, else (rows, columns, 3).

    Raises:
        ImageError: not one of these formats, damaged, too large, or of a kind that has no faithful rendering.
    """
    data = bytes(data)
    for offset, magic, reader in _READERS:
        if data.startswith(magic, offset):
            return reader(data)
    raise ImageError(f"is neither PNG, JPEG nor DICOM{_likely(data)}")


def read_image_and_whether_kept(data: bytes | memoryview) -> tuple[Image8, bool]:
    """As ``read_image``, and whether ``clean_image`` may keep the compressed pixels without looking at them again.

    Raises:
        ImageError: as ``read_image``.
    """
    data = bytes(data)
    if not data.startswith(SIGNATURE):
        return read_image(data), False
    return read_png_image(data)


def is_dicom(data: bytes) -> bool:
    """Whether a file is a DICOM file by its beginning (PS3.10 7.1), and so has a header."""
    return data.startswith(_DICOM, _PREAMBLE)


def read_stored(data: bytes) -> StoredImage:
    """Decode a DICOM image of any number of frames, a PNG or a JPEG to its stored values; equal channels become one.

    ``render`` makes of it what ``read_image`` does, bit for bit.

    Raises:
        ImageError: not one of these formats, damaged, too large, or a DICOM image in a palette's colours.
    """
    if is_dicom(data):
        return read_stored_dicom(data)
    samples, table = read_samples(data) if data.startswith(SIGNATURE) else (read_image(data), _SAME)
    return StoredImage(one_channel_if_equal(samples), 1, table[np.newaxis])


def stored_bytes(data: bytes) -> int:
    """Bytes that the stored values of an image will take once ``read_stored`` has decoded it; nothing is decoded.

    RGB of equal channels, which becomes one channel, is counted as RGB.

    Raises:
        ImageError: not an image, or one that ``read_stored`` refuses by its header.
    """
    if is_dicom(data):
        return stored_dicom_bytes(data)
    if data.startswith(SIGNATURE):
        return png_bytes(data)
    if data.startswith(JPEG_SIGNATURE):
        return jpeg_bytes(data)
    raise ImageError(f"is neither PNG, JPEG nor DICOM{_likely(data)}")


def _likely(data: bytes) -> str:
    """What else the bytes look like, for the person who has to find out."""
    if not data:
        return "; it is empty"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "; it is an HTML page, such as a server sends instead of an image"
    if start.startswith((b"<?xml", b"<error", b"{")):
        return "; it is XML or JSON text, such as a server sends instead of an image"
    if not any(start):
        return "; it begins with zeros"
    return ""
