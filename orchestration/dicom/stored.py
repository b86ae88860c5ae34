"""An image's stored values, and apart from them how they are shown: what a case keeps of each of its images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from orchestration.dicom.greys import Stored, grey_table, patterns
from orchestration.dicom.reading import GREY, applying_tables, decoded, frame_count, open_image, rgb
from orchestration.images import Image8, ImageError, look_up

MAX_FRAMES = 1_000
MAX_STORED_BYTES = 1 << 30
"""Most bytes that all frames may take: a tomosynthesis series of 100 frames of 2457 x 1996 takes 980 MB."""

# Where it was calibrated, else at the detector, else as film was digitised (PS3.3 10.7, C.8.11.7.1, C.8.10.1).
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
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
    dataset = open_image(data, _SPACINGS)
    frames = frame_count(dataset)
    spacing = _spacing(dataset)
    if dataset.PhotometricInterpretation not in GREY:
        return StoredImage(_colour(dataset, frames), 1, _SAME[np.newaxis], spacing)
    stored = decoded(dataset) if frames == 1 else _decoded_frames(dataset, frames)
    with applying_tables():
        tables = _tables(dataset, stored, frames)
    return StoredImage(stored, frames, tables, spacing)


def _colour(dataset: Dataset, frames: int) -> Image8:
    if frames != 1 or dataset.PhotometricInterpretation == "PALETTE COLOR" or dataset.BitsAllocated != 8:
        raise ImageError("is a DICOM image in colour, of several frames, of a palette or of more than eight bits")
    samples = decoded(dataset)
    with applying_tables():
        grey: Image8 = one_channel_if_equal(rgb(dataset, samples))
        return grey


def _decoded_frames(dataset: Dataset, frames: int) -> Stored:
    """All frames, one decoded after the other into memory whose size was checked before."""
    frame_bytes = dataset.Rows * dataset.Columns * (1 if dataset.BitsAllocated <= 8 else 2)
    if not 1 <= frames <= MAX_FRAMES or frames * frame_bytes > MAX_STORED_BYTES:
        raise ImageError(
            f"declares {frames:,} frames of {frame_bytes:,} bytes; at most {MAX_FRAMES:,} frames and "
            f"{MAX_STORED_BYTES:,} bytes are read"
        )
    first = decoded(dataset)
    stored = np.empty((frames, *first.shape), first.dtype)
    stored[0] = first
    for number in range(1, frames):
        stored[number] = decoded(dataset, number)
    return stored


def _tables(dataset: Dataset, stored: Stored, frames: int) -> Image8:
    """One table for all frames, unless they have functional groups, and so perhaps windows, of their own."""
    if frames == 1 or not dataset.get("PerFrameFunctionalGroupsSequence"):
        return grey_table(dataset, stored.reshape(-1, stored.shape[-1]))[np.newaxis]
    return np.stack([grey_table(dataset, stored[number], number) for number in range(frames)])


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    """The first spacing of two positive numbers; a value that is none counts as absent."""
    groups: Sequence[Dataset] = dataset.get("SharedFunctionalGroupsSequence") or []
    measures: Sequence[Dataset] = (groups[0].get("PixelMeasuresSequence") or []) if groups else []
    for module, keyword in ((dataset, "PixelSpacing"), *((item, "PixelSpacing") for item in measures[:1]),
                            (dataset, "ImagerPixelSpacing"), (dataset, "NominalScannedPixelSpacing")):  # fmt: skip
        try:
            row, column = (float(number) for number in module.get(keyword) or ())
        except (TypeError, ValueError):
            continue
        if all(math.isfinite(number) and number > 0 for number in (row, column)):
            return row, column
    return None


def one_channel_if_equal(samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """One channel of an RGB image whose channels are equal."""
    if samples.ndim == 3 and (samples == samples[..., :1]).all():
        return np.ascontiguousarray(samples[..., 0])
    return samples
