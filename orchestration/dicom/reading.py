"""DICOM images: opened, decoded a frame at a time, and those of one frame brought to eight bits.

Only the elements that make up the image are parsed; ``read_identity`` reads others, and gives digests of what they say
about the patient, and ``read_header`` reads those that it is asked for. This module is the one way into pydicom for a
file that is read: whatever pydicom raises becomes an ``ImageError``, and what it remarks stays unsaid, since both quote
values of the file.
"""

import zlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from orchestration.dicom.codecs import Samples, decode_frame
from orchestration.dicom.description import Description, describe, grey_steps
from orchestration.dicom.greys import GreySteps, grey8
from orchestration.dicom.header import DEFERRED, PIXELS, Header, header_of
from orchestration.dicom.identity import IDENTITY_ELEMENTS, Identity, identity
from orchestration.dicom.quiet import calling_pydicom
from orchestration.dicom.reference import REFERENCE_ELEMENTS, ImageReference, reference_of
from orchestration.images import (
    MAX_DECODED_BYTES,
    Image8,
    ImageError,
    grey_if_equal,
    linear_table,
    look_up,
)

_DESCRIPTION_ELEMENTS = [
    *("SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames", "Rows", "Columns", "BitsAllocated"),
    *("BitsStored", "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"),
    "SharedFunctionalGroupsSequence",
]
IMAGE_ELEMENTS = [
    *_DESCRIPTION_ELEMENTS,
    *("PlanarConfiguration", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("RescaleIntercept", "RescaleSlope", "ModalityLUTSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")),
    *(f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    "PerFrameFunctionalGroupsSequence",
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
]
_PREAMBLE = 132  # bytes, with the four letters at its end
_MAGIC = b"DICM"
_HEAD = 8  # bytes of a tag, with what follows it at least: a length, or a representation and a length
_UNDEFINED = 0xFFFFFFFF
_UNREADABLE = "is a damaged DICOM file: its header cannot be read"


class DicomImage:
    """An opened DICOM image: its checked description, and its frames and tables, each read when asked for.

    Args:
        dataset: with ``IMAGE_ELEMENTS`` and file meta information.

    Raises:
        ImageError: without pixels, too large, of more than 16 bits a sample, or with a description that cannot be.
    """

    def __init__(self, dataset: Dataset) -> None:
        with calling_pydicom(_UNREADABLE):
            if "PixelData" not in dataset:
                raise ImageError("is a DICOM file without Pixel Data (7FE0,0010), or cut short before them")
            syntax = UID(dataset.file_meta.TransferSyntaxUID)
            self._syntax = syntax.name if syntax.is_transfer_syntax else "unknown transfer syntax"
            self.description: Description = describe(dataset)
            if not syntax.is_encapsulated:
                _check_length(dataset, self.description)
        self._dataset = dataset

    def frame(self, number: int = 0) -> Samples:
        """The stored values of one frame, as ``decode_frame``.

        Raises:
            ImageError: damaged, or of a transfer syntax that is not read.
        """
        with calling_pydicom(f"is a damaged DICOM file, or one that no decoder here reads ({self._syntax})"):
            return decode_frame(self._dataset, number)

    def grey_steps(self) -> tuple[GreySteps, ...]:
        """The steps from stored values to greys: one for all frames, or one each.

        Raises:
            ImageError: a look-up table or window cannot be read.
        """
        with _applying_tables():
            return grey_steps(self._dataset, self.description.frames)

    def rgb(self, samples: Samples) -> Image8:
        """Eight-bit RGB of a colour frame; a palette is applied, YBR_FULL and YBR_FULL_422 have become RGB already.

        Raises:
            ImageError: a palette cannot be applied, or a colour space is not read.
        """
        bits = self.description.bits_stored
        with _applying_tables():
            if self.description.photometric_interpretation == "PALETTE COLOR":
                samples = apply_color_lut(samples, self._dataset)
                bits = 8 * samples.dtype.itemsize
        if samples.ndim != 3 or samples.shape[2] != 3 or samples.dtype not in (np.uint8, np.uint16):
            raise ImageError("is a DICOM image of a colour space that is not read")
        return np.ascontiguousarray(samples if bits == 8 else look_up(linear_table(bits), samples))


def read_dicom(data: bytes) -> Image8:
    """Decode a DICOM image (PS3.3 C.7.6.3) to the eight bits that it is to be shown with.

    Raises:
        ImageError: damaged, cut short, too large, without pixels, or of several frames: a box does not say on which
            of them it was drawn.
    """
    image = open_image(data)
    frames = image.description.frames
    if frames != 1:
        raise ImageError(f"is a DICOM image of {frames} frames; a box does not say on which of them it was drawn")
    if image.description.is_grey:
        return grey8(image.grey_steps()[0], image.frame())
    return grey_if_equal(image.rgb(image.frame()))


def open_image(data: bytes) -> DicomImage:
    """Read and check the elements that make up an image, before memory is taken for a frame; nothing is decoded.

    Args:
        data: the whole file.

    Raises:
        ImageError: damaged, or as ``DicomImage``.
    """
    with calling_pydicom(_UNREADABLE):
        _check_deflated(data)
        return DicomImage(dcmread(BytesIO(data), specific_tags=list(IMAGE_ELEMENTS)))


def read_description(data: bytes) -> Description:
    """Read and check the shape and type of an image's pixels alone: the pixels are not even copied.

    Raises:
        ImageError: damaged, too large, of more than 16 bits a sample, or with a description that cannot be.
    """
    with calling_pydicom(_UNREADABLE):
        return describe(_header(data, _DESCRIPTION_ELEMENTS))


def read_identity(data: bytes) -> Identity:
    """Read which patient, study and view a header names; an element that cannot be read counts as absent.

    Raises:
        ImageError: damaged.
    """
    with calling_pydicom(_UNREADABLE):
        return identity(_header(data, IDENTITY_ELEMENTS))


def read_reference(data: bytes) -> ImageReference | None:
    """Read the UIDs that refer to an image; None where one is missing or is no UID.

    Raises:
        ImageError: damaged.
    """
    with calling_pydicom(_UNREADABLE):
        return reference_of(_header(data, REFERENCE_ELEMENTS))


def read_header(path: Path, tags: Iterable[int], *, masked: bool = True) -> Header:
    """Read some elements of a file of any kind and size: its pixels, and values beyond ``DEFERRED`` bytes, are skipped.

    Args:
        path: of the file.
        tags: of the elements that are wanted.
        masked: put ``***`` in place of what PS3.15's Basic Profile removes or replaces.

    Raises:
        ImageError: it is no DICOM file, damaged, or cut short.
        OSError: it cannot be opened or read.
    """
    wanted = list(tags)
    with path.open("rb") as file:
        file.seek(_PREAMBLE - len(_MAGIC))
        if file.read(len(_MAGIC)) != _MAGIC:
            raise ImageError("is not a DICOM file: it has no DICM at byte 128 (PS3.10 7.1)")
        with calling_pydicom(_UNREADABLE):
            return header_of(_read_whole(file, [*wanted, *PIXELS]), wanted, masked=masked)


def _read_whole(file: BinaryIO, tags: list[int]) -> Dataset:
    """Some elements of a file, all of which are gone through.

    pydicom takes the end of a file for the end of its data set wherever it lies: in the middle of an element as well.
    """
    size = file.seek(0, SEEK_END)
    file.seek(0)
    if _file_meta(file).get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        if size > MAX_DECODED_BYTES:
            raise ImageError("is a deflated DICOM file that is too large to be read")
        file.seek(0)
        _check_deflated(file.read())
    file.seek(0)
    watched = _Watched(file)
    dataset = dcmread(cast("BinaryIO", watched), specific_tags=list(tags), defer_size=DEFERRED)
    raw = (dataset.get_item(tag, keep_deferred=True) for tag in dataset.keys())  # noqa: SIM118 - values would be converted
    short = any(isinstance(one, RawDataElement) and one.value is not None and len(one.value) < one.length != _UNDEFINED
                for one in raw)  # fmt: skip
    if short or watched.has_partial_head or file.tell() != size:
        raise ImageError("is a DICOM file that is cut short or damaged: it does not end where an element ends")
    return dataset


class _Watched:
    """A file that notes whether it ended within the eight bytes that an element begins with."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell
        self.has_partial_head = False

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        if size == _HEAD and 0 < len(data) < _HEAD:
            self.has_partial_head = any(data)  # zeros at the end are padding
        return data


def _header(data: bytes, elements: list[str]) -> Dataset:
    _check_deflated(data)
    return dcmread(BytesIO(data), specific_tags=list(elements), stop_before_pixels=True)


def _applying_tables() -> AbstractContextManager[None]:
    """Refuse an image whose look-up tables or window fail within the block."""
    return calling_pydicom("is a DICOM image whose look-up tables or window cannot be applied")


def _check_length(dataset: Dataset, described: Description) -> None:
    """Refuse uncompressed pixels that are fewer than the description asks for: the file is cut short."""
    bits = described.rows * described.columns * described.samples * described.frames * described.bits_allocated
    if described.photometric_interpretation in ("YBR_FULL_422", "YBR_PARTIAL_422"):  # two of six samples are left out
        bits = bits // 3 * 2
    present = len(dataset.PixelData)
    if 8 * present < bits:
        raise ImageError(
            f"is a DICOM file that is cut short or damaged: its Pixel Data (7FE0,0010) have {present:,} bytes, its "
            f"Rows, Columns, frames and bits ask for {-(-bits // 8):,}"
        )


def _check_deflated(data: bytes) -> None:
    """Refuse a deflated data set that grows too large, since pydicom inflates it whole (PS3.5 A.5)."""
    file = BytesIO(data)
    meta = _file_meta(file)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        inflater.decompress(data[file.tell() :], MAX_DECODED_BYTES)
        if not inflater.eof:
            raise ImageError("is a deflated DICOM file that is cut short or too large")


def _file_meta(file: BinaryIO) -> Dataset:
    """The file meta information (PS3.10 7.1); the file stands where the data set begins."""
    file.seek(_PREAMBLE)
    return read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_file_meta)


def _after_file_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2
