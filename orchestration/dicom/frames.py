"""One frame of a file on disk, decoded to its stored values without reading the others.

Where the pixels contradict the transfer syntax that the file names, or a long codestream gives a frame of one value, a
second decoder has to agree: a decoder that misreads a frame often returns a constant one and says nothing.
"""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, ExplicitVRBigEndian, RLELossless

from orchestration.dicom.codecs import decode_frame
from orchestration.dicom.codestreams import Family, family_of
from orchestration.dicom.description import Description
from orchestration.dicom.pixel_file import PixelElement, content
from orchestration.dicom.quiet import calling_pydicom
from orchestration.images import ImageError

Stored = npt.NDArray[Any]

# Bytes a pixel that a frame of one value takes at most: two bits in JPEG Lossless, a run of 128 in each segment of RLE.
_CONSTANT_BYTES: dict[Family, float] = {"JPEG": 0.3, "JPEG-LS": 1 / 64, "JPEG 2000": 1 / 64, "RLE": 1 / 24}
_HEADER_BYTES = 2048  # that a codestream may have beside its samples


def read_frame(path: Path, described: Description, pixels: PixelElement, number: int) -> Stored:
    """The stored values of one frame.

    Args:
        path: of the file.
        described: its description.
        pixels: where its pixels lie.
        number: of the frame, from 0.

    Returns:
        (rows, columns) of ``uint8``, ``int8``, ``uint16`` or ``int16``.

    Raises:
        ImageError: damaged, of a transfer syntax that is not read, or two decoders disagree.
        OSError: the file can't be read.
    """
    data = _frame_bytes(path, pixels, number)
    if not pixels.is_compressed:
        return _native(data, described, pixels)
    name = UID(pixels.syntax).name
    with calling_pydicom(f"is a damaged DICOM file, or one that no decoder here reads ({name})"):
        dataset = _image_pixel(described, pixels)
        dataset.add_new("PixelData", "OB", encapsulate([data]))
        samples = decode_frame(dataset)
        if pixels.is_contradicted or _is_suspicious(samples, data):
            _compare(samples, data, dataset)
        return samples


def _frame_bytes(path: Path, pixels: PixelElement, number: int) -> bytes:
    if pixels.is_deflated:
        with content(path, is_deflated=True) as file:
            return b"".join(_read(file.seek, file.read, offset, length) for offset, length in pixels.frames[number])
    descriptor = os.open(path, os.O_RDONLY)
    try:
        parts = [os.pread(descriptor, length, offset) for offset, length in pixels.frames[number]]
    finally:
        os.close(descriptor)
    if sum(map(len, parts)) != sum(length for _, length in pixels.frames[number]):
        raise ImageError("is a DICOM file that has become shorter since its header was read")
    return b"".join(parts) if len(parts) > 1 else parts[0]


def _read(seek: Callable[[int], int], read: Callable[[int], bytes], offset: int, length: int) -> bytes:
    seek(offset)
    return read(length)


def _native(data: bytes, described: Description, pixels: PixelElement) -> Stored:
    """Native pixels of whole bytes; bits above Bits Stored, where old files keep overlays, do not count."""
    is_big = pixels.syntax == ExplicitVRBigEndian
    if described.bits_allocated not in (8, 16):
        raise ImageError(f"is a DICOM image of {described.bits_allocated} bits a sample; 8 or 16 are read")
    kind = f"{'>' if is_big else '<'}{'i' if pixels.signed else 'u'}{described.bits_allocated // 8}"
    if is_big and described.bits_allocated == 8:  # written as words (PS3.5 A.3), whose bytes are in the other order
        data = np.frombuffer(data[: len(data) // 2 * 2], ">u2").astype("<u2").tobytes() + data[len(data) // 2 * 2 :]
    stored = np.frombuffer(data, kind).reshape(described.rows, described.columns)
    stored = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    unused = described.bits_allocated - described.bits_stored
    return stored if not unused else np.right_shift(np.left_shift(stored, unused), unused)


def _image_pixel(described: Description, pixels: PixelElement) -> Dataset:
    """A data set that says what the pixels are like and nothing else."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(pixels.syntax)
    dataset.Rows, dataset.Columns = described.rows, described.columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, described.photometric_interpretation
    dataset.BitsAllocated, dataset.BitsStored = described.bits_allocated, described.bits_stored
    dataset.HighBit, dataset.PixelRepresentation = described.bits_stored - 1, int(pixels.signed)
    return dataset


def _is_suspicious(samples: Stored, data: bytes) -> bool:
    """Whether a frame of one value came from more bytes than such a frame takes."""
    family = family_of(data)
    if family is None or len(data) < _HEADER_BYTES + samples.nbytes / samples.itemsize * _CONSTANT_BYTES[family]:
        return False
    first = samples.flat[0]
    return bool((samples[:: max(1, len(samples) // 8)] == first).all() and (samples == first).all())


def _compare(samples: Stored, data: bytes, dataset: Dataset) -> None:
    """Refuse a frame that a second decoder reads otherwise, or that is suspicious where there is no second one."""
    family = family_of(data)
    second = _SECOND[family](data, dataset) if family in _SECOND else None
    if second is None:
        if _is_suspicious(samples, data):
            raise ImageError("decodes to one single value although its codestream is long, and nothing can confirm it")
        return
    patterns = [np.asarray(one).view(f"u{one.itemsize}").astype(np.uint32) for one in (samples, second)]
    mask = np.uint32((1 << dataset.BitsStored) - 1)
    if patterns[0].shape != patterns[1].shape or not np.array_equal(patterns[0] & mask, patterns[1] & mask):
        raise ImageError("contradicts its transfer syntax, and two decoders read its pixels differently")


def _second_jpeg(data: bytes, _: Dataset) -> Stored | None:
    """JPEG Lossless by liblj92; libjpeg-turbo is the only decoder here of the lossy ones of 12 bits."""
    try:
        decoded: Stored = imagecodecs.ljpeg_decode(data)
    except imagecodecs.LjpegError:
        return None
    return decoded


def _second_jpeg2000(data: bytes, _: Dataset) -> Stored:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image)


def _second_rle(data: bytes, dataset: Dataset) -> Stored:
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.add_new("PixelData", "OB", encapsulate([data]))
    return get_decoder(RLELossless).as_array(dataset, index=0, decoding_plugin="pydicom")[0]


_SECOND: dict[Family | None, Callable[[bytes, Dataset], Stored | None]] = {
    "JPEG": _second_jpeg,
    "JPEG 2000": _second_jpeg2000,
    "RLE": _second_rle,
}
