"""What the elements of a DICOM image say of its pixels, as checked values of Python's own types.

Every function here reads a pydicom data set, whose values are converted when they are first read and may then fail in
any way: call them within a guard, as ``orchestration.dicom.reading`` does.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset

from orchestration.dicom.greys import GreySteps, Lut, Rescaling, Window
from orchestration.images import ImageError, check_size, refusing

GREY = ("MONOCHROME1", "MONOCHROME2")
_MAX_BITS = 16
_SAMPLES = (1, 3)
_TRANSFORMATION = "PixelValueTransformationSequence"


@dataclass(frozen=True)
class Description:
    """The shape and type of the pixels (PS3.3 C.7.6.3).

    Attributes:
        rows: pixels, likewise ``columns``.
        samples: per pixel.
        frames: at least 1; what the file declares, which it need not have.
        bits_allocated: per sample, from 1 to 16; ``bits_stored`` are those that count.
        photometric_interpretation: as PS3.3 C.7.6.3.1.2 names it, though perhaps none of these names.
        pixel_spacing: millimetres between rows and between columns, where the file tells.
    """

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    photometric_interpretation: str
    pixel_spacing: tuple[float, float] | None

    @property
    def is_grey(self) -> bool:
        """Whether a sample is a shade of grey."""
        return self.photometric_interpretation in GREY

    @property
    def frame_bytes(self) -> int:
        """Bytes of one decoded frame."""
        return self.rows * self.columns * self.samples * (1 if self.bits_allocated <= 8 else 2)


def describe(dataset: Dataset) -> Description:
    """Read and check the description of the pixels.

    Raises:
        ImageError: an element is missing or cannot be, or the frames are too large; names the element.
    """
    bits_allocated = _integer(dataset, "BitsAllocated")
    if bits_allocated > _MAX_BITS:
        raise ImageError(f"is a DICOM image of {bits_allocated} bits a sample; at most {_MAX_BITS} are read")
    described = Description(
        rows=_integer(dataset, "Rows", at_least=0),
        columns=_integer(dataset, "Columns", at_least=0),
        samples=_integer(dataset, "SamplesPerPixel"),
        frames=_integer(dataset, "NumberOfFrames", at_least=0, default=1) or 1,
        bits_allocated=bits_allocated,
        bits_stored=_integer(dataset, "BitsStored", at_most=bits_allocated),
        photometric_interpretation=_text(dataset, "PhotometricInterpretation"),
        pixel_spacing=_spacing(dataset),
    )
    if described.samples not in _SAMPLES:
        raise ImageError(f"is a DICOM image of {described.samples} samples per pixel; 1 or 3 are read")
    check_size(described.columns, described.rows, described.samples * (1 if bits_allocated <= 8 else 2))
    return described


def grey_steps(dataset: Dataset, frames: int) -> tuple[GreySteps, ...]:
    """The steps from stored values to greys: one for all frames or, where frames have tables of their own, one each.

    Frames that the functional groups (PS3.3 C.7.6.16) do not reach share the last.

    Raises:
        ImageError: a look-up table does not have the entries that it declares.
    """
    groups = _items(dataset, "PerFrameFunctionalGroupsSequence")
    own = min(len(groups), frames)
    return tuple(_steps_of(dataset, groups[:own], frame) for frame in range(max(1, own + (0 < own < frames))))


def modality_steps(dataset: Dataset, frames: int) -> tuple[Lut | Rescaling, ...]:
    """The step from stored values to those after the modality LUT (PS3.3 C.11.1): one for all frames, or one each.

    Raises:
        ImageError: a look-up table does not have the entries that it declares.
    """
    groups = _items(dataset, "PerFrameFunctionalGroupsSequence")[:frames]
    if not any(group.get(_TRANSFORMATION) for group in groups):
        return (_modality(_module(dataset, (), _TRANSFORMATION)),)
    steps = [_modality(_module(dataset, [group], _TRANSFORMATION)) for group in groups]
    return (*steps, *(steps[-1:] * (frames - len(steps))))


def _module(dataset: Dataset, groups: Sequence[Dataset], name: str) -> Dataset:
    """What a functional group says for a frame, for all frames, or the data set itself, which is the older way."""
    every = [*groups, *_items(dataset, "SharedFunctionalGroupsSequence")]
    return next((group[name][0] for group in every if group.get(name)), dataset)


def _integer(
    dataset: Dataset, keyword: str, *, at_least: int = 1, at_most: int | None = None, default: int | None = None
) -> int:
    """The one whole number of an element; ``default``, where there is one, stands for an absent or empty element."""
    place = _place(keyword)
    with refusing(f"is a DICOM image whose {place} is no number"):
        value = dataset.get(keyword)
    if value in (None, "") and default is not None:
        return default
    if not isinstance(value, int):
        raise ImageError(f"is a DICOM image whose {place} is missing or not one whole number")
    if value < at_least or (at_most is not None and value > at_most):
        raise ImageError(f"is a DICOM image whose {place} is {int(value)}, which cannot be")
    return int(value)


def _text(dataset: Dataset, keyword: str) -> str:
    place = _place(keyword)
    with refusing(f"is a DICOM image whose {place} is no text"):
        value = dataset.get(keyword)
    if not isinstance(value, str) or not value:
        raise ImageError(f"is a DICOM image whose {place} is missing or not one value")
    return str(value)


def _place(keyword: str) -> str:
    """The name and the tag of an element: "Rows (0028,0010)"."""
    tag = tag_for_keyword(keyword) or 0
    return f"{dictionary_description(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """The items of a sequence; none where it is absent or empty."""
    return dataset.get(keyword) or ()


def _spacing(dataset: Dataset) -> tuple[float, float] | None:
    """The first spacing of two positive numbers; one that cannot be read, or cannot be, counts as absent.

    It is that of the image where it was calibrated, else at the detector, else as film was digitised (PS3.3 10.7,
    C.8.11.7.1, C.8.10.1).
    """
    candidates: tuple[Callable[[], Any], ...] = (
        lambda: dataset.get("PixelSpacing"),
        lambda: _items(_items(dataset, "SharedFunctionalGroupsSequence")[0], "PixelMeasuresSequence")[0].PixelSpacing,
        lambda: dataset.get("ImagerPixelSpacing"),
        lambda: dataset.get("NominalScannedPixelSpacing"),
    )
    for spacing in candidates:
        try:
            row, column = (float(number) for number in spacing())
        except Exception:  # noqa: BLE001, S112 - pydicom raises what its parts raise
            continue
        if all(math.isfinite(number) and number > 0 for number in (row, column)):
            return row, column
    return None


def _steps_of(dataset: Dataset, per_frame: Sequence[Dataset], frame: int) -> GreySteps:
    """The steps of a frame from the functional groups, or from the data set itself, which is the older way."""
    groups = per_frame[frame : frame + 1]
    transformation, voi = (_module(dataset, groups, name) for name in (_TRANSFORMATION, "FrameVOILUTSequence"))
    return GreySteps(
        modality=_modality(transformation),
        voi=_voi(voi),
        inverted=dataset.PhotometricInterpretation == "MONOCHROME1",
        padding=_padding(dataset),
    )


def _modality(module: Dataset) -> Lut | Rescaling:
    """The Modality LUT, else the rescaling (PS3.3 C.11.1), which may be none."""
    tables = _items(module, "ModalityLUTSequence")
    if tables:
        return _lut(tables[0])
    slope, intercept = module.get("RescaleSlope"), module.get("RescaleIntercept")
    return Rescaling(float(1 if slope is None else slope), float(0 if intercept is None else intercept))


def _voi(module: Dataset) -> Lut | Window | None:
    """The VOI LUT, else the first window (PS3.3 C.11.2)."""
    tables = _items(module, "VOILUTSequence")
    if tables:
        return _lut(tables[0])
    centre, width = _first(module.get("WindowCenter")), _first(module.get("WindowWidth"))
    if centre is None or width is None:
        return None
    return Window(centre, width, str(module.get("VOILUTFunction") or "LINEAR"))


def _padding(dataset: Dataset) -> tuple[float, float] | None:
    """The lowest and the highest value of padding (PS3.3 C.7.5.1.1.2)."""
    padding, limit = dataset.get("PixelPaddingValue"), dataset.get("PixelPaddingRangeLimit")
    if padding is None:
        return None
    low, high = sorted((float(padding), float(padding if limit is None else limit)))
    return low, high


def _lut(item: Dataset) -> Lut:
    """A look-up table (PS3.3 C.11.1.1.1).

    Some writers declare fewer bits than their entries have; the entries are believed.
    """
    count, first, bits = (int(number) for number in item.LUTDescriptor)
    count = count & 0xFFFF or 2**16  # of 16 bits, where 0 stands for 65,536
    data = item.LUTData
    if isinstance(data, bytes):
        is_big_endian = item.original_encoding[1] is False
        words = np.frombuffer(data[: len(data) // 2 * 2], ">u2" if is_big_endian else "<u2").astype(np.uint16)
    else:
        words = np.atleast_1d(np.asarray(data, np.uint16))
    # Entries of eight bits may be packed two to a word, the first in the lower half.
    entries: Any = words if len(words) >= count else words.astype("<u2").view(np.uint8)
    if len(entries) < count or not 1 <= bits <= _MAX_BITS:
        raise ImageError("is a DICOM image with a look-up table that does not have the entries that it declares")
    entries = entries[:count]
    return Lut(entries, first & 0xFFFF, max(bits, int(entries.max()).bit_length()))


def _first(value: float | Sequence[float] | str | None) -> float | None:
    """The first of several windows, or the only one; None where the element is empty or absent."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = next(iter(value), None)
    return None if value is None or value == "" else float(value)
