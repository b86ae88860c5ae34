"""From the bytes of an image to eight-bit pixels, by what the bytes are and not by what they are called."""

from collections.abc import Callable

from orchestration.imaging.dicom_reader import read_dicom
from orchestration.imaging.errors import ImageError
from orchestration.imaging.jpeg_reader import read_jpeg
from orchestration.imaging.pixels import Image8
from orchestration.imaging.png_reader import SIGNATURE, read_png

_READERS: tuple[tuple[int, bytes, Callable[[bytes], Image8]], ...] = (
    (0, SIGNATURE, read_png),
    (0, b"\xff\xd8\xff", read_jpeg),
    (128, b"DICM", read_dicom),
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
