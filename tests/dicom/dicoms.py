"""DICOM images built element by element, native or compressed, and written as files in memory."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

MAMMOGRAM_STORAGE = "1.2.840.10008.5.1.4.1.1.1.2"


def image_dataset(
    stored: np.ndarray, *, bits: int | None = None, photometric: str = "MONOCHROME2", **elements: Any
) -> Dataset:
    """A data set with native pixels: (rows, columns) or (rows, columns, 3) of any integer type of 8 or 16 bits."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = MAMMOGRAM_STORAGE
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid(entropy_srcs=["test"])
    dataset.SOPClassUID = MAMMOGRAM_STORAGE
    dataset.PatientName = "Curie^Marie"
    dataset.SamplesPerPixel = 3 if stored.ndim == 3 else 1
    dataset.PhotometricInterpretation = photometric
    if stored.ndim == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.BitsAllocated = 8 * stored.dtype.itemsize
    dataset.BitsStored = bits or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(stored.dtype.kind == "i")
    for name, value in elements.items():
        setattr(dataset, name, value)
    data = stored.tobytes()
    dataset.add_new("PixelData", "OW" if dataset.BitsAllocated > 8 else "OB", data + bytes(len(data) % 2))
    return dataset


def compressed(dataset: Dataset, syntax: str, frames: Sequence[bytes]) -> Dataset:
    """The same data set with its pixels replaced by compressed frames."""
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.add_new("PixelData", "OB", encapsulate(list(frames)))
    dataset["PixelData"].is_undefined_length = True
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    return dataset


def file_bytes(dataset: Dataset) -> bytes:
    """The data set as a DICOM file."""
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def lut(entries: Sequence[int], first: int, bits: int = 16) -> Dataset:
    """An item of a Modality or VOI LUT Sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    item.add_new("LUTData", "US", list(entries))
    return item
