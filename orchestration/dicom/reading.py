"""DICOM images: opened, decoded a frame at a time, and those of one frame brought to eight bits.

Only the elements that make up the image are parsed, so that nothing about the patient is ever in memory as text.
"""

import zlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from orchestration.dicom.codecs import Samples, decode_frame
from orchestration.dicom.greys import grey8
from orchestration.images import (
    MAX_DECODED_BYTES,
    Image8,
    ImageError,
    check_size,
    grey_if_equal,
    linear_table,
    look_up,
    refusing,
)

IMAGE_ELEMENTS = [
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("WindowCenter", "WindowWidth", "VOILUTFunction", "VOILUTSequence"),
    *("RescaleIntercept", "RescaleSlope", "ModalityLUTSequence"),
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in ("Red", "Green", "Blue")),
    *(f"{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in ("Red", "Green", "Blue")),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
    *("ExtendedOffsetTable", "ExtendedOffsetTableLengths", "PixelData"),
]
_PREAMBLE = 132
GREY = ("MONOCHROME1", "MONOCHROME2")


def read_dicom(data: bytes) -> Image8:
    """Decode a DICOM image (PS3.3 C.7.6.3) to the eight bits that it is to be shown with.

    Raises:
        ImageError: damaged, cut short, too large, without pixels, or of several frames: a box does not say on which
            of them it was drawn.
    """
    dataset = open_image(data)
    frames = frame_count(dataset)
    if frames != 1:
        raise ImageError(f"is a DICOM image of {frames} frames; a box does not say on which of them it was drawn")
    samples = decoded(dataset)
    with applying_tables():
        if dataset.PhotometricInterpretation in GREY:
            return grey8(dataset, samples)
        return grey_if_equal(rgb(dataset, samples))


def open_image(data: bytes, more_elements: Sequence[str] = ()) -> Dataset:
    """The elements of a DICOM image that make it up, checked before memory is taken for a frame; nothing is decoded.

    Args:
        data: the whole file.
        more_elements: keywords of others that are wanted.

    Raises:
        ImageError: damaged, without pixels, too large, or of more than 16 bits a sample.
    """
    with refusing("is a damaged DICOM file: its header cannot be read"):
        _check_deflated(data)
        dataset = dcmread(BytesIO(data), specific_tags=[*IMAGE_ELEMENTS, *more_elements])
        _check_image(dataset)
        return dataset


def frame_count(dataset: Dataset) -> int:
    """How many frames the image says it has."""
    return int(dataset.get("NumberOfFrames") or 1)


def decoded(dataset: Dataset, frame: int = 0) -> Samples:
    """The stored values of one frame, as ``decode_frame``.

    Raises:
        ImageError: damaged, or of a transfer syntax that is not read.
    """
    with refusing("is a damaged DICOM file: its header cannot be read"):
        syntax = dataset.file_meta.TransferSyntaxUID
        known = syntax.name if syntax.is_transfer_syntax else "unknown transfer syntax"
    with refusing(f"is a damaged DICOM file, or one that no decoder here reads ({known})"):
        return decode_frame(dataset, frame)


def applying_tables() -> AbstractContextManager[None]:
    """Refuse an image whose look-up tables or window fail within the block."""
    return refusing("is a DICOM image whose look-up tables or window cannot be applied")


def _check_deflated(data: bytes) -> None:
    """Refuse a deflated data set that grows too large, since pydicom inflates it whole (PS3.5 A.5)."""
    file = BytesIO(data)
    file.seek(_PREAMBLE)
    meta = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_file_meta)
    if meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        inflater.decompress(data[file.tell() :], MAX_DECODED_BYTES)
        if not inflater.eof:
            raise ImageError("is a deflated DICOM file that is cut short or too large")


def _after_file_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _check_image(dataset: Dataset) -> None:
    """Refuse what has no faithful picture, before memory is taken for it."""
    if "PixelData" not in dataset:
        raise ImageError("is a DICOM file without Pixel Data (7FE0,0010)")
    if not 1 <= dataset.BitsAllocated <= 16:
        raise ImageError(f"is a DICOM image of {dataset.BitsAllocated} bits a sample; at most 16 are read")
    check_size(dataset.Columns, dataset.Rows, dataset.SamplesPerPixel * (1 if dataset.BitsAllocated <= 8 else 2))


def rgb(dataset: Dataset, samples: Samples) -> Image8:
    """Eight-bit RGB of a colour image; a palette is applied, YBR_FULL and YBR_FULL_422 have become RGB already."""
    bits = int(dataset.BitsStored)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        samples = apply_color_lut(samples, dataset)
        bits = 8 * samples.dtype.itemsize
    if samples.ndim != 3 or samples.shape[2] != 3 or samples.dtype not in (np.uint8, np.uint16):
        raise ImageError("is a DICOM image of a colour space that is not read")
    return np.ascontiguousarray(samples if bits == 8 else look_up(linear_table(bits), samples))
