"""Cases as a hospital would upload them: DICOM and PNG images, indexed, with a report."""

from collections.abc import Mapping
from io import BytesIO

import numpy as np
from imagecodecs import jpeg2k_encode, jpeg8_encode
from PIL import Image
from pydicom.pixels import get_encoder
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from orchestration.cases.case import ClinicalCase
from orchestration.cases.get import CaseSource
from orchestration.cases.index import index_images
from tests.cases.clinic import Clinic
from tests.dicom.dicoms import compressed, file_bytes, image_dataset

VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")
PARTS = ("l_cc", "l_mlo", "r_cc", "r_mlo")
REPORT = "Bez známek malignity. ✅ BI-RADS 1\r\nSecond line, no newline at the end"


def values(seed: int, dtype: str = "uint16", shape: tuple[int, ...] = (24, 20)) -> np.ndarray:
    """Twelve-bit values, or eight bits of an eight-bit type, the extremes among them."""
    low, high = (0, 4096) if dtype == "uint16" else (-2048, 2048) if dtype == "int16" else (0, 256)
    made = np.random.default_rng(seed).integers(low, high, shape).astype(dtype)
    made.flat[:2] = low, high - 1
    return made


def dicom(seed: int, **elements: object) -> bytes:
    """A mammogram of twelve bits with a window, and with these elements."""
    image = {"WindowCenter": 2000, "WindowWidth": 3000, "ImagerPixelSpacing": [0.07, 0.08]}
    return file_bytes(image_dataset(values(seed), bits=12, **(image | {"SOPInstanceUID": uid(seed)} | elements)))


def uid(seed: int) -> str:
    """A UID of its own for each seed."""
    return f"2.25.{seed + 1}"


def compressed_dicom(seed: int, syntax: str) -> bytes:
    """The same mammogram as ``dicom``, its one frame compressed without loss by somebody else's encoder."""
    frame = values(seed)
    dataset = image_dataset(frame, bits=12, SOPInstanceUID=uid(seed))
    encoded = {
        JPEGLosslessSV1: lambda: jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=12),
        JPEG2000Lossless: lambda: jpeg2k_encode(frame, level=0, reversible=True, codecformat="j2k", bitspersample=12),
        RLELossless: lambda: get_encoder(RLELossless).encode(dataset, index=0, encoding_plugin="pydicom"),
    }[syntax]()
    return file_bytes(compressed(dataset, syntax, [encoded]))


def png(samples: np.ndarray) -> bytes:
    """A PNG by Pillow."""
    file = BytesIO()
    Image.fromarray(samples).save(file, "PNG")
    return file.getvalue()


def blob_name(case_id: str, year: int, view: str) -> str:
    """A name of the hospital's making."""
    return f"export {year}/{case_id}/{view}.dcm"


def upload(clinic: Clinic, case_id: str, year: int, images: Mapping[str, bytes]) -> None:
    """Put images by view into the container; the index does not know of them yet."""
    for view, data in images.items():
        clinic.put(blob_name(case_id, year, view), data=data)


def upload_case(
    clinic: Clinic, source: CaseSource, case_id: str = "S0000001", year: int = 2014, **images: bytes
) -> dict[str, bytes]:
    """Upload a complete case with its report, refresh the index, and return its images by view."""
    uploaded = {view: dicom(seed) for seed, view in enumerate(VIEWS)} | images
    upload(clinic, case_id, year, uploaded)
    index_images(source.database, source.store)
    add_report(source, case_id, year)
    return uploaded


def add_report(source: CaseSource, case_id: str, year: int, report: str = REPORT) -> None:
    """Put a report where the reading of the table would."""
    with source.database.tables("clinical") as connection:
        connection.execute(
            "insert into doubleread.clinical_reports values (%s, %s, %s, 'etag', now())", [case_id, year, report]
        )


def images_of(case: ClinicalCase) -> list[np.ndarray]:
    """The stored values of the four views in their order."""
    return [case.images[part].stored for part in PARTS]
