"""What pydicom makes of a header and pixels, with nothing of ours but the file meta information's two constants."""

import io
import json
import warnings
from typing import Any

from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from orchestration.dicom.encoding import Assembled, assemble, parse_header
from orchestration.dicom.encoding.file_meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.7"
PIXELS = b"\x01\x02\x03\x04"
IMAGE: dict[str, Any] = {
    "00080016": {"vr": "UI", "Value": [SOP_CLASS]},
    "00080018": {"vr": "UI", "Value": ["2.25.1"]},
    "00280002": {"vr": "US", "Value": [1]},
    "00280004": {"vr": "CS", "Value": ["MONOCHROME2"]},
    "00280010": {"vr": "US", "Value": [2]},
    "00280011": {"vr": "US", "Value": [2]},
    "00280100": {"vr": "US", "Value": [8]},
    "00280101": {"vr": "US", "Value": [8]},
    "00280102": {"vr": "US", "Value": [7]},
    "00280103": {"vr": "US", "Value": [0]},
}
"""A header of 2 x 2 pixels of 8 bits, those in PIXELS."""


def written_by_pydicom(
    elements: dict[str, Any], pixels: bytes, syntax: str = ExplicitVRLittleEndian, frames: list[bytes] | None = None
) -> bytes:
    """The file that ``from_json`` and ``save_as`` make; native pixels, or ``frames`` to encapsulate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = Dataset.from_json(json.dumps(elements))
        dataset.PixelData = encapsulate(frames) if frames else pixels
        if frames:
            dataset["PixelData"].VR = "OB"
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.file_meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
        dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        file = io.BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        return file.getvalue()


def assembled(elements: dict[str, Any], pixels: bytes = PIXELS, *, decode: bool = False) -> Assembled:
    """What we make of the same."""
    return assemble(parse_header(json.dumps(elements).encode()), pixels, decode=decode)


def file_of(result: Assembled) -> bytes:
    """The parts of a file, one after the other."""
    return b"".join(result.parts)
