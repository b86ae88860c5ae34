"""Folders of DICOMs for jobs, small and made element by element, and what a reader of one's own finds in them."""

from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage

CLASSES = {"MR": MRImageStorage, "CT": CTImageStorage}
PATIENT = "Curie^Marie"
SPACING = (3.0, 0.5, 0.75)  # mm between slices, rows and columns


def volume_of(*shape: int, seed: int = 0, highest: int = 4000) -> np.ndarray:
    """Stored values of 16 bits of such a shape, every value between 0 and the highest."""
    stored = np.random.default_rng(seed).integers(0, highest, shape, dtype=np.uint16)
    stored.flat[0], stored.flat[-1] = 0, highest
    return stored


def write_study(folder: Path, stored: np.ndarray, *, uid: str = "1.2.3", modality: str = "MR", **elements: Any) -> Path:
    """Write a series, a file for each slice: (slices, rows, columns), or with time points in front.

    The names say nothing of the order; elements are set in every file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    series = stored if stored.ndim == 4 else stored[np.newaxis]
    for time, volume in enumerate(series):
        for place, image in enumerate(volume):
            number = time * len(volume) + place
            dataset = image_of(image, place, f"{uid}.{number + 1}", uid, modality)
            dataset.InstanceNumber = number + 1
            if len(series) > 1:
                dataset.TemporalPositionIdentifier, dataset.NumberOfTemporalPositions = time + 1, len(series)
            for name, value in elements.items():
                setattr(dataset, name, value)
            dataset.save_as(folder / f"{(number * 7919) % 997:03d}.dcm", enforce_file_format=True)
    return folder


def image_of(stored: np.ndarray, place: int, sop_uid: str, series_uid: str, modality: str) -> Dataset:
    """One slice at its place along the patient's axis."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CLASSES[modality]
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = sop_uid
    dataset.SeriesInstanceUID, dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = series_uid, "1.2", "1.2.99"
    dataset.PatientName, dataset.PatientID, dataset.Modality = PATIENT, "P1", modality
    dataset.StudyDate = dataset.StudyTime = dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.PatientBirthDate = dataset.PatientSex = dataset.StudyID = dataset.Manufacturer = ""
    dataset.SeriesDescription, dataset.SeriesNumber = "sagittal", 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [0, 0, place * SPACING[0]]
    dataset.PixelSpacing, dataset.SliceThickness = [SPACING[1], SPACING[2]], 5
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.RescaleIntercept, dataset.RescaleSlope = 0, 1
    dataset.PixelData = stored.tobytes()
    return dataset


def read_folder(folder: Path) -> dict[str, Dataset]:
    """Every DICOM below a folder, by its name there, as pydicom reads it."""
    paths = sorted(path for path in folder.rglob("*.dcm"))
    return {path.relative_to(folder).as_posix(): dcmread(path) for path in paths}


def stored_volume(folder: Path, series_uid: str | None = None) -> np.ndarray:
    """(slices, rows, columns) of stored values, or with time points in front, sorted by what the headers say."""
    found = [one for one in read_folder(folder).values() if series_uid in (None, one.SeriesInstanceUID)]
    found.sort(key=lambda one: (int(one.get("TemporalPositionIdentifier", 1)), one.ImagePositionPatient[2]))
    times = len({int(one.get("TemporalPositionIdentifier", 1)) for one in found})
    stack = np.stack([one.pixel_array for one in found])
    return stack.reshape(times, -1, *stack.shape[1:]) if times > 1 else stack


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
