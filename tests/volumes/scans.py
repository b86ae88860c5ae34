"""Series of synthetic slices, written under names that say nothing of their order, and what comes of them."""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, generate_uid

from tests.dicom.dicoms import image_dataset

SERIES, STUDY, FRAME_OF_REFERENCE = "1.2.826.0.1.3", "1.2.826.0.1.2", "1.2.826.0.1.4"
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAMPLES = ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "693_J2KI.dcm",
           "MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm", "JPGExtended.dcm"]  # fmt: skip


def uid(*parts: object) -> str:
    return generate_uid(entropy_srcs=[str(part) for part in parts])


def slice_of(stored: np.ndarray, position: Sequence[float] | None, **elements: Any) -> Dataset:
    """One MR image; elements of None are left out."""
    said = {
        "Modality": "MR", "SeriesDescription": "T1 axial", "SeriesInstanceUID": SERIES, "StudyInstanceUID": STUDY,
        "FrameOfReferenceUID": FRAME_OF_REFERENCE, "ImageOrientationPatient": list(AXIAL), "PixelSpacing": [0.5, 0.25],
        "ImagePositionPatient": None if position is None else [float(f"{mm:.6f}") for mm in position],
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.4",
        "SOPInstanceUID": uid(stored.tobytes(), position, sorted(elements.items(), key=str)),
    } | elements  # fmt: skip
    image = image_dataset(stored, **{keyword: value for keyword, value in said.items() if value is not None})
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    return image


def volume_of(slices: int, *, seed: int = 0, side: tuple[int, int] = (6, 4)) -> np.ndarray:
    """Stored values, each slice another."""
    return np.random.default_rng(seed).integers(-1000, 3000, (slices, *side)).astype(np.int16)


def slices_of(volume: np.ndarray, *, between: float = 2.5, **elements: Any) -> list[Dataset]:
    """An axial series, its slices in ascending order along the normal."""
    return [slice_of(stored, (-10, 20, -30 + between * at), **elements) for at, stored in enumerate(volume)]


def acquisitions_of(volumes: np.ndarray, keyword: str = "AcquisitionNumber") -> list[Dataset]:
    """Several images at each position, told apart by one element."""
    return [image for number, volume in enumerate(volumes) for image in slices_of(volume, **{keyword: number + 1})]


def write(folder: Path, images: Iterable[Dataset], seed: int = 0) -> list[Path]:
    """Write images under shuffled names, some in a folder below; the paths in the order of the images."""
    images = list(images)
    names = random.Random(seed).sample(range(10_000), len(images))
    paths = [folder / ("below" if name % 3 == 0 else "") / f"{name:04d}" for name in names]
    for path, image in zip(paths, images, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save_as(path, enforce_file_format=True)
    return paths


def sample(folder: Path, name: str) -> Path:
    """A folder with one of pydicom's own files."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "image"
    target.write_bytes(Path(str(get_testdata_file(name))).read_bytes())
    return target


def enhanced(volumes: np.ndarray, between: float = 3.0) -> Dataset:
    """An Enhanced MR of (times, slices, rows, columns), its frames not in the order of their positions."""
    times, slices = volumes.shape[:2]
    order = random.Random(1).sample([(time, at) for time in range(times) for at in range(slices)], times * slices)
    image = image_dataset(volumes[0, 0], Modality="MR", SeriesInstanceUID=SERIES, StudyInstanceUID=STUDY)
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SOPClassUID = image.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = uid("enhanced", volumes.tobytes())
    image.FrameOfReferenceUID, image.NumberOfFrames = FRAME_OF_REFERENCE, len(order)
    image.ImageType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
    shared = Dataset()
    shared.PixelMeasuresSequence = Items([item(PixelSpacing=[0.5, 0.25], SliceThickness=9)])
    shared.PlaneOrientationSequence = Items([item(ImageOrientationPatient=list(AXIAL))])
    shared.MRImageFrameTypeSequence = Items([item(FrameType=["ORIGINAL", "PRIMARY", "M", "NONE"])])
    shared.PixelValueTransformationSequence = Items([item(RescaleSlope=2, RescaleIntercept=-5, RescaleType="US")])
    image.SharedFunctionalGroupsSequence = Items([shared])
    groups = []
    for time, at in order:
        group = Dataset()
        group.PlanePositionSequence = Items([item(ImagePositionPatient=[0, 0, between * at])])
        group.FrameContentSequence = Items([item(TemporalPositionIndex=time + 1)])
        groups.append(group)
    image.PerFrameFunctionalGroupsSequence = Items(groups)
    image.add_new("PixelData", "OW", b"".join(volumes[place].tobytes() for place in order))
    return image


def item(**elements: Any) -> Dataset:
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def stored_by_uid(folder: Path) -> dict[str, np.ndarray]:
    """The stored values of each file below a folder, by SOP Instance UID; through this package's decoders."""
    from orchestration.dicom.codecs import register  # noqa: PLC0415 - only where a test needs them

    register()
    images = [dcmread(path) for path in sorted(folder.rglob("*")) if path.is_file()]
    return {image.SOPInstanceUID: image.pixel_array for image in images}
