"""A picture without paint: what a network is to see of an image, as a PNG that holds nothing but pixels."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from orchestration.dicom.stored import StoredImage
from orchestration.images import Image8, ImageError
from orchestration.imaging.decode import is_dicom, read_image, read_stored
from orchestration.imaging.png import SIGNATURE, encode_samples
from orchestration.imaging.png_reader import kept_grey

Bits = Literal[8, 16]

_BITS_AT = 24  # of a PNG's header: its bit depth, after the width and the height (PNG specification, 11.2.1)


@dataclass(frozen=True)
class CleanImage:
    """A clean picture and what its samples mean.

    Attributes:
        png: the whole file.
        width: pixels.
        height: pixels.
        bits: of a sample, 8 or 16.
        channels: 1 of grey, 3 of RGB.
        value_offset: what a sample and this number add up to is the stored value; 0 unless that is of a signed type.
        inverted: whether greater samples are darker, as in MONOCHROME1; never so where bits are the rendering's.
    """

    png: bytes
    width: int
    height: int
    bits: int
    channels: int
    value_offset: int = 0
    inverted: bool = False


def clean_image(data: bytes, bits: Bits = 8, *, keepable: bool = False) -> CleanImage:
    """Decode an image and encode it as it is, without metadata; the same image gives the same bytes.

    With 8 bits the pixels are those of ``read_image``. A grey PNG of eight bits keeps its compressed pixels.
    With 16 bits they are the stored values of a DICOM image or of a PNG of 16 bits, before any window and whatever
    their depth is; other images have nothing more than their 8 bits.

    Args:
        data: the whole file as the image store has it.
        bits: 8 for the rendering, 16 for stored values.
        keepable: ``annotate`` has said of the same bytes that their compressed pixels can be kept.

    Raises:
        ImageError: the image cannot be used.
    """
    if bits == 16 and (stored := _stored(data)) is not None:
        return stored
    png = kept_grey(data, keepable=keepable) if data.startswith(SIGNATURE) else None
    if png is not None:
        width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
        return CleanImage(png, width, height, 8, 1)
    return _encoded(read_image(data))


def _stored(data: bytes) -> CleanImage | None:
    """Stored values as a PNG; None where the rendering holds as much."""
    if data.startswith(SIGNATURE) and data[_BITS_AT : _BITS_AT + 1] == b"\x10":
        samples = read_stored(data).stored
        return CleanImage(encode_samples(samples), samples.shape[1], samples.shape[0], 16, _channels(samples))
    if not is_dicom(data):
        return None
    try:
        image = read_stored(data)
    except ImageError:  # in a palette's colours, or one that the rendering will refuse as well
        return None
    if image.frames != 1:
        return None  # the rendering refuses it, saying why
    smallest = int(np.iinfo(image.stored.dtype).min)
    samples = (image.stored.astype(np.int32) - smallest).astype(f"u{image.stored.itemsize}")
    height, width = samples.shape[:2]
    bits, channels = 8 * samples.itemsize, _channels(samples)
    return CleanImage(encode_samples(samples), width, height, bits, channels, smallest, _is_inverted(image))


def _encoded(image: Image8) -> CleanImage:
    height, width = image.shape[:2]
    return CleanImage(encode_samples(image), width, height, 8, _channels(image))


def _channels(samples: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> int:
    return 1 if samples.ndim == 2 else 3


def _is_inverted(image: StoredImage) -> bool:
    """Whether the greatest value that occurs is shown darker than the smallest."""
    extremes = np.array([image.stored.min(), image.stored.max()], image.stored.dtype)
    darkest, brightest = image.tables[0][extremes.view(f"u{extremes.itemsize}")]
    return bool(darkest > brightest)
