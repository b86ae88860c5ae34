"""An image's stored values, and apart from them how they are shown: what a case keeps of each of its images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.description import Description
from orchestration.dicom.greys import GreySteps, Stored, grey_table, patterns
from orchestration.dicom.reading import DicomImage, open_image, read_description
from orchestration.images import Image8, ImageError, look_up

MAX_FRAMES = 1_000
MAX_STORED_BYTES = 1 << 30
"""Most bytes that all frames may take: a tomosynthesis series of 100 frames of 2457 x 1996 takes 980 MB."""

_SAME = np.arange(256, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class StoredImage:
    """An image as it was stored.

    Attributes:
        stored: (rows, columns), of several frames (frames, rows, columns), in colour (rows, columns, 3); ``uint8``,
            ``int8``, ``uint16`` or ``int16``, before any look-up table.
        frames: how many; ``stored`` has an axis for them where there is more than one.
        tables: (1 or frames, 256 or 65,536) the grey of each bit pattern of a stored value, for all frames or each.
        pixel_spacing: millimetres between rows and between columns, where the file tells.
    """

    stored: npt.NDArray[Any]
    frames: int
    tables: Image8
    pixel_spacing: tuple[float, float] | None = None


def render(stored: npt.NDArray[Any], frames: int, tables: Image8) -> Image8:
    """The eight bits that an image is to be shown with; the arguments are those of ``StoredImage``.

    Returns:
        ``uint8`` of the shape of ``stored``.
    """
    found = patterns(stored)
    if frames == 1:
        return look_up(tables[0], found)
    pixels = np.empty(stored.shape, np.uint8)
    for number in range(frames):
        pixels[number] = look_up(tables[number % len(tables)], found[number])
    return pixels


def read_stored_dicom(data: bytes) -> StoredImage:
    """Decode a DICOM image of any number of frames; RGB of equal channels is grey.

    Raises:
        ImageError: damaged, too large, or in the colours of a palette.
    """
    image = open_image(data)
    described = image.description
    _check_frames(described)
    if not described.is_grey:
        return StoredImage(_colour(image), 1, _SAME[np.newaxis], described.pixel_spacing)
    steps = image.grey_steps()
    stored = image.frame() if described.frames == 1 else _decoded_frames(image)
    return StoredImage(stored, described.frames, _tables(steps, stored, described.frames), described.pixel_spacing)


def stored_dicom_bytes(data: bytes) -> int:
    """Bytes that ``stored`` of ``read_stored_dicom`` will take, from the header alone.

    Raises:
        ImageError: as ``read_stored_dicom``, as far as the header tells.
    """
    described = read_description(data)
    _check_frames(described)
    return described.frames * described.frame_bytes


def _check_frames(described: Description) -> None:
    """Refuse more frames, or larger ones, than memory is meant for, before any is decoded."""
    frames, frame_bytes = described.frames, described.frame_bytes
    if frames > MAX_FRAMES or frames * frame_bytes > MAX_STORED_BYTES:
        raise ImageError(
            f"declares {frames:,} frames of {frame_bytes:,} bytes; at most {MAX_FRAMES:,} frames and "
            f"{MAX_STORED_BYTES:,} bytes are read"
        )


def _colour(image: DicomImage) -> Image8:
    described = image.description
    if (
        described.frames != 1
        or described.photometric_interpretation == "PALETTE COLOR"
        or described.bits_allocated != 8
    ):
        raise ImageError("is a DICOM image in colour, of several frames, of a palette or of more than eight bits")
    colour: Image8 = one_channel_if_equal(image.rgb(image.frame()))
    return colour


def _decoded_frames(image: DicomImage) -> Stored:
    """All frames, one decoded after the other into memory whose size was checked before."""
    first = image.frame()
    stored = np.empty((image.description.frames, *first.shape), first.dtype)
    stored[0] = first
    for number in range(1, len(stored)):
        stored[number] = image.frame(number)
    return stored


def _tables(steps: Sequence[GreySteps], stored: Stored, frames: int) -> Image8:
    """One table for all frames, unless they have steps of their own; the last steps serve the frames beyond them."""
    if len(steps) == 1:
        return grey_table(steps[0], stored.reshape(-1, stored.shape[-1]))[np.newaxis]
    return np.stack([grey_table(steps[min(number, len(steps) - 1)], stored[number]) for number in range(frames)])


def one_channel_if_equal(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One channel of an RGB image whose channels are equal."""
    if samples.ndim == 3 and (samples == samples[..., :1]).all():
        return np.ascontiguousarray(samples[..., 0])
    return samples
