"""One DICOM file of a series: its identity, the geometry of its frames and where its pixels lie, as checked values.

Only the elements that a volume needs are parsed, and the pixels are not read.
"""

import math
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import UID

from orchestration.dicom.description import GREY, Description, describe, modality_steps
from orchestration.dicom.greys import Lut, Rescaling
from orchestration.dicom.pixel_file import PixelElement, find_pixels, open_header
from orchestration.dicom.quiet import calling_pydicom
from orchestration.images import ImageError

Vector = tuple[float, float, float]
Orientation = tuple[float, float, float, float, float, float]

_BEGINNING_BYTES = 136  # a preamble, DICM and the tag that follows
_UNREADABLE = "is a damaged DICOM file: its header cannot be read"
_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_UNIT_TOLERANCE = 0.01  # of the length of a direction: decimal strings of few digits miss it by less

# Elements by which images at one position may differ, with the functional group of each in multi-frame objects
# (PS3.3 C.7.6.16), in the order in which they are tried, and what the axis is called.
MARKS: Mapping[str, tuple[str, str]] = {
    "TemporalPositionIdentifier": ("time", ""),
    "TemporalPositionIndex": ("time", "FrameContentSequence"),
    "EchoNumbers": ("echo", ""),
    "EchoTime": ("echo", ""),
    "EffectiveEchoTime": ("echo", "MREchoSequence"),
    "DiffusionBValue": ("b_value", "MRDiffusionSequence"),
    "NominalCardiacTriggerDelayTime": ("phase", "CardiacSynchronizationSequence"),
    "TriggerTime": ("phase", ""),
    "InversionTime": ("inversion", ""),
    "ComplexImageComponent": ("component", "MRImageFrameTypeSequence"),
    "ImageType": ("component", ""),
    "AcquisitionNumber": ("acquisition", ""),
    "FrameAcquisitionNumber": ("acquisition", "FrameContentSequence"),
    "AcquisitionDateTime": ("acquisition", ""),
    "FrameAcquisitionDateTime": ("acquisition", "FrameContentSequence"),
    "AcquisitionTime": ("acquisition", ""),
    "ContentTime": ("acquisition", ""),
    "InstanceNumber": ("instance", ""),
}
_IDENTITY = [
    *("SOPClassUID", "SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"),
    *("Modality", "SeriesDescription"),
]
_GEOMETRY = ["ImagePositionPatient", "ImageOrientationPatient", "SliceLocation"]
_PIXELS = [
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"),
    *("RescaleIntercept", "RescaleSlope", "RescaleType", "ModalityLUTSequence"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
]


@dataclass(frozen=True, slots=True)
class Plane:
    """Where one frame lies, and what tells it apart from others at its position.

    Attributes:
        position: Image Position (Patient), of the centre of the first pixel, in mm.
        orientation: Image Orientation (Patient), the directions of a row and of a column.
        location: Slice Location in mm.
        marks: values of the elements ``MARKS``.
        spacing: mm between rows and between columns.
        modality: the step from stored values to those after the modality LUT.
    """

    position: Vector | None
    orientation: Orientation | None
    location: float | None
    marks: Mapping[str, float | str]
    spacing: tuple[float, float] | None
    modality: Lut | Rescaling


@dataclass(frozen=True, slots=True)
class Instance:
    """One file with pixels.

    Attributes:
        name: of the file, relative to the folder that was searched.
        frame_of_reference_uid: None where the file names none.
        elements: the text of each element that was asked for.
        pixels: where they lie in the file, and of what type.
        planes: one for each frame.
    """

    name: str
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    frame_of_reference_uid: str | None
    modality: str
    series_description: str
    elements: Mapping[str, str]
    description: Description
    pixels: PixelElement
    planes: tuple[Plane, ...]


class NoVolumeError(ImageError):
    """An image of a kind of which no volume is made: it is passed over."""


class BrokenInstanceError(ImageError):
    """An image that cannot be used though its series is known, which is therefore not whole."""

    def __init__(self, message: str, series_instance_uid: str) -> None:
        super().__init__(message)
        self.series_instance_uid = series_instance_uid

    def __reduce__(self) -> tuple[type["BrokenInstanceError"], tuple[str, str]]:
        return BrokenInstanceError, (str(self), self.series_instance_uid)


def may_be_dicom(path: Path) -> bool:
    """Whether a file begins like DICOM: with a preamble, or with an element of group 2 or 8.

    Files without a preamble (PS3.10 7.1 asks for one) are common in old archives; those are taken whose first element
    is of group 2 or 8 and has a length that an element there may have. Pipes, sockets and devices are not opened.

    Raises:
        OSError: it can't be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        return False
    with path.open("rb") as file:
        return _is_beginning(file.read(_BEGINNING_BYTES))


def _is_beginning(data: bytes) -> bool:
    if data[128:132] == b"DICM":
        return True
    for order in _ORDERS:
        group, element = (int.from_bytes(data[at : at + 2], order) for at in (0, 2))
        if len(data) >= 12 and (group, element) in {(2, 0), (2, 1), (8, 0), (8, 1), (8, 5), (8, 8), (8, 0x16)}:
            vr = data[4:6]
            return vr in {b"UL", b"OB", b"CS", b"UI"} or int.from_bytes(data[4:8], order) < 256
    return False


def read_instance(path: Path, name: str, keywords: Sequence[str] = ()) -> Instance | None:
    """What a file says of itself; None where it is DICOM without images (a report, a plan, a DICOMDIR).

    Args:
        path: of the file.
        name: for ``Instance.name``.
        keywords: DICOM keywords of further elements, kept as text.

    Raises:
        NoVolumeError: in colour, or of another number of bits than volumes are made of.
        BrokenInstanceError: damaged or cut short, of a series that is known.
        ImageError: damaged, cut short, or without an element that a series needs.
        OSError: it can't be read.
    """
    wanted = list(dict.fromkeys([*_IDENTITY, *_GEOMETRY, *_PIXELS, *MARKS, *keywords]))
    with path.open("rb") as file, calling_pydicom(_UNREADABLE):
        header, opened = open_header(file, wanted)
        if "Rows" not in header:
            _refuse_broken_off(header)
            return None
        try:
            return _instance(header, opened, name, keywords)
        except NoVolumeError:
            raise
        except ImageError as error:
            series = _text(header, "SeriesInstanceUID")
            raise BrokenInstanceError(str(error), series) from None


def _instance(dataset: Dataset, file: BinaryIO, name: str, keywords: Sequence[str]) -> Instance:
    """Check the elements of one image and find its pixels."""
    _refuse_kind(dataset)
    described = describe(dataset)
    pixels = find_pixels(file, dataset, described)
    return Instance(
        name=name,
        sop_class_uid=_uid(dataset, "SOPClassUID"),
        sop_instance_uid=_uid(dataset, "SOPInstanceUID"),
        series_instance_uid=_uid(dataset, "SeriesInstanceUID"),
        study_instance_uid=_uid(dataset, "StudyInstanceUID"),
        frame_of_reference_uid=_text(dataset, "FrameOfReferenceUID") or None,
        modality=_text(dataset, "Modality"),
        series_description=_text(dataset, "SeriesDescription"),
        elements={keyword: _text(dataset, keyword) for keyword in keywords},
        description=described,
        pixels=pixels,
        planes=_planes(dataset, described),
    )


def _refuse_broken_off(dataset: Dataset) -> None:
    """Refuse a file that breaks off before its image: those of other kinds have a class that is no image's."""
    name = UID(_text(dataset, "SOPClassUID") or _text(dataset.file_meta, "MediaStorageSOPClassUID")).name
    if "Image Storage" in name:
        message = "is a damaged DICOM file: it is cut short before its image"
        raise BrokenInstanceError(message, _text(dataset, "SeriesInstanceUID"))


def _refuse_kind(dataset: Dataset) -> None:
    photometric, bits = _text(dataset, "PhotometricInterpretation"), _text(dataset, "BitsAllocated")
    if photometric and photometric not in GREY:
        raise NoVolumeError("is in colour; volumes hold grey values")
    if bits and bits not in ("8", "16"):
        raise NoVolumeError("has neither 8 nor 16 bits a sample, which volumes are made of")


def _uid(dataset: Dataset, keyword: str) -> str:
    text = _text(dataset, keyword)
    if not text:
        tag = tag_for_keyword(keyword) or 0
        raise ImageError(
            f"is a DICOM image without {keyword} ({tag >> 16:04X},{tag & 0xFFFF:04X}), which a series needs"
        )
    if len(text) > 64 or not all(character in "0123456789." for character in text):
        raise ImageError(f"is a DICOM image whose {keyword} is no UID")
    return text


def _text(dataset: Dataset, keyword: str) -> str:
    """The values of an element as text, joined as in the file; empty where it is absent or cannot be read."""
    try:
        value = dataset.get(keyword)
        values = value if isinstance(value, MultiValue) else [value]
        return "\\".join("" if one is None else str(one).strip() for one in values)
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        return ""


def _planes(dataset: Dataset, described: Description) -> tuple[Plane, ...]:
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or ())[:1]
    per_frame = list(dataset.get("PerFrameFunctionalGroupsSequence") or ())
    steps = modality_steps(dataset, described.frames)
    return tuple(
        _plane(dataset, described, [*per_frame[number : number + 1], *shared], steps[number % len(steps)])
        for number in range(described.frames)
    )


def _plane(dataset: Dataset, described: Description, groups: list[Dataset], modality: Lut | Rescaling) -> Plane:
    """Where a frame lies, what marks it, and its rescaling, from its functional groups or the data set."""
    marks = {
        keyword: value
        for keyword, (_, macro) in MARKS.items()
        if (value := _mark(_found(dataset, groups, macro, keyword), keyword)) is not None
    }
    position = _numbers(_found(dataset, groups, "PlanePositionSequence", "ImagePositionPatient"), 3)
    orientation = _numbers(_found(dataset, groups, "PlaneOrientationSequence", "ImageOrientationPatient"), 6)
    location = _numbers([_found(dataset, groups, "", "SliceLocation")], 1)
    spacing = _numbers(_found(dataset, groups, "PixelMeasuresSequence", "PixelSpacing"), 2)
    if isinstance(modality, Rescaling) and not (
        math.isfinite(modality.slope) and modality.slope and math.isfinite(modality.intercept)
    ):
        raise ImageError("is a DICOM image whose Rescale Slope or Rescale Intercept cannot be")
    return Plane(
        position=position,  # type: ignore[arg-type]
        orientation=orientation if _is_orientation(orientation) else None,  # type: ignore[arg-type]
        location=location[0] if location else None,
        marks=marks,
        spacing=(spacing[0], spacing[1]) if spacing and min(spacing) > 0 else described.pixel_spacing,
        modality=modality,
    )


def _found(dataset: Dataset, groups: list[Dataset], macro: str, keyword: str) -> object:
    """The value of an element from a functional group of the frame, else from the data set; None where absent."""
    try:
        for group in groups if macro else ():
            items = group.get(macro)
            if items and keyword in items[0]:
                return items[0][keyword].value
        return dataset.get(keyword)
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        return None


def _numbers(value: object, count: int) -> tuple[float, ...] | None:
    """So many finite numbers; None where the value is absent or is something else."""
    try:
        numbers = tuple(float(number) for number in cast("Sequence[Any]", value))
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        return None
    return numbers if len(numbers) == count and all(map(math.isfinite, numbers)) else None


def _is_orientation(numbers: tuple[float, ...] | None) -> bool:
    """Whether the numbers are two directions at right angles (PS3.3 C.7.6.2.1.1)."""
    if numbers is None:
        return False
    row, column = numbers[:3], numbers[3:]
    lengths = [math.hypot(*row), math.hypot(*column)]
    product = sum(a * b for a, b in zip(row, column, strict=True))
    return abs(product) <= _UNIT_TOLERANCE and all(abs(length - 1) <= _UNIT_TOLERANCE for length in lengths)


def _mark(value: object, keyword: str) -> float | str | None:
    """A number or a text by which frames can be told apart and ordered; None where the element says nothing."""
    if value is None or value == "":
        return None
    if keyword == "ImageType":  # its third value tells magnitude from phase (PS3.3 C.8.3.1.1.1)
        return "\\".join(str(part) for part in value[2:]) if isinstance(value, MultiValue) and value[2:] else None
    if isinstance(value, MultiValue):
        return "\\".join(map(str, value))
    try:
        number = float(cast("Any", value))
    except (TypeError, ValueError):
        return str(value)
    return number if math.isfinite(number) else None
