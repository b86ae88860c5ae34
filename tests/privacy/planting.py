"""Words that nobody may find again, and inputs that hold one in every place that they have."""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from tests.dicom.dicoms import file_bytes, image_dataset

# Text elements of the patient, study, series, equipment, image and request modules (PS3.3 C.7, C.8.11, C.12).
DICOM_TEXTS = (
    "PatientName", "PatientID", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "PatientAddress",
    "PatientTelephoneNumbers", "MilitaryRank", "EthnicGroup", "Occupation", "AdditionalPatientHistory",
    "PatientComments", "MedicalRecordLocator", "IssuerOfPatientID", "ResponsiblePerson", "AccessionNumber",
    "StudyDescription", "StudyID", "ReferringPhysicianName", "PhysiciansOfRecord", "NameOfPhysiciansReadingStudy",
    "SeriesDescription", "ProtocolName", "OperatorsName", "PerformingPhysicianName", "InstitutionName",
    "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "DeviceSerialNumber", "ImageComments",
    "FrameComments", "RequestingPhysician", "RequestedProcedureDescription", "RequestedProcedureComments",
    "ReasonForStudy", "StudyComments", "InterpretationText", "VisitComments", "AdmissionID", "AcquisitionComments",
)  # fmt: skip
BIRTH_DATE, STUDY_DATE = "19370629", "19880217"


@dataclass
class Words:
    """The words that were planted, by the place that each was planted in."""

    planted: dict[str, str] = field(default_factory=dict)

    def word(self, place: str, length: int = 14) -> str:
        """A word for a place: letters and digits that occur nowhere by chance."""
        word = f"Zq{hashlib.sha256(place.encode()).hexdigest()[: length - 2]}"
        self.planted[place] = word
        return word

    def base64(self, place: str) -> str:
        """A word of 44 characters that is base64, as a key of Azure is."""
        return f"{self.word(place, 40)}AA=="


def dicom(words: Words, name: str, stored: np.ndarray) -> bytes:
    """A DICOM image with a word in every kind of place."""
    dataset = image_dataset(stored, bits=12)
    for keyword in DICOM_TEXTS:
        setattr(dataset, keyword, words.word(f"{name} {keyword}"))
    # Without these no report could be made of it.
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.Modality = "MG"
    dataset.PatientBirthDate, dataset.StudyDate = BIRTH_DATE, STUDY_DATE
    words.planted |= {f"{name} PatientBirthDate": BIRTH_DATE, f"{name} StudyDate": STUDY_DATE}
    other = Dataset()
    other.PatientID = words.word(f"{name} OtherPatientIDsSequence")
    dataset.OtherPatientIDsSequence = Sequence([other])
    request = Dataset()
    request.RequestedProcedureID = words.word(f"{name} RequestAttributesSequence")
    request.ScheduledProcedureStepDescription = words.word(f"{name} nested description")
    dataset.RequestAttributesSequence = Sequence([request])
    block = dataset.private_block(0x0019, words.word(f"{name} private creator"), create=True)
    block.add_new(0x01, "LO", words.word(f"{name} private element"))
    block.add_new(0x02, "UN", words.word(f"{name} private bytes").encode())
    dataset.add_new(0x60000022, "LO", words.word(f"{name} overlay description"))
    dataset.add_new(0x60001500, "LO", words.word(f"{name} overlay label"))
    dataset.add_new(0xFFFCFFFC, "OB", words.word(f"{name} trailing padding").encode())
    dataset.file_meta.ImplementationVersionName = words.word(f"{name} implementation")
    dataset.file_meta.SourceApplicationEntityTitle = words.word(f"{name} source title")
    dataset.file_meta.PrivateInformationCreatorUID = "1.2.3"
    dataset.file_meta.PrivateInformation = words.word(f"{name} private information").encode()
    dataset.preamble = words.word(f"{name} preamble").encode().ljust(128, b"\0")
    return file_bytes(dataset)


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(words: Words, name: str, pixels: np.ndarray) -> bytes:
    """A PNG with a word in each kind of chunk that holds text, and behind its end."""
    plain = io.BytesIO()
    Image.fromarray(pixels).save(plain, "PNG")
    data = plain.getvalue()
    header, rest = data[:33], data[33:]
    text, packed, compact, exif, own = (
        words.word(f"{name} {kind}").encode() for kind in ("tEXt", "zTXt", "iTXt", "eXIf", "private chunk")
    )
    chunks = (
        chunk(b"tEXt", b"Author\0" + text),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(packed)),
        chunk(b"iTXt", b"Title\0\1\0de\0Titel\0" + zlib.compress(compact)),
        chunk(b"eXIf", _exif(exif)),
        chunk(b"prVt", own),
    )
    return header + b"".join(chunks) + rest + words.word(f"{name} behind IEND").encode()


def jpeg(words: Words, name: str, pixels: np.ndarray) -> bytes:
    """A JPEG with a word in Exif, XMP, IPTC, a comment, and behind its end."""
    plain = io.BytesIO()
    Image.fromarray(pixels).save(plain, "JPEG", quality=95)
    data = plain.getvalue()
    exif, xmp, iptc, comment = (words.word(f"{name} {kind}").encode() for kind in ("Exif", "XMP", "IPTC", "comment"))
    segments = (
        _segment(0xE1, b"Exif\0\0" + _exif(exif)),
        _segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + xmp + b"</x>"),
        _segment(0xED, b"Photoshop 3.0\0" + iptc),
        _segment(0xFE, comment),
    )
    return data[:2] + b"".join(segments) + data[2:] + words.word(f"{name} behind EOI").encode()


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def _exif(text: bytes) -> bytes:
    """A TIFF of one directory whose ImageDescription (0x010E) is the text (Exif 2.32, 4.6.4)."""
    content = text + b"\0"
    entry = struct.pack("<HHII", 0x010E, 2, len(content), 26)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 0) + content


def damaged(words: Words, name: str) -> bytes:
    """Files that can't be read and whose reasons must not quote them: by turns a DICOM and a PNG."""
    if name.endswith("DICOM"):
        whole = dicom(words, name, np.zeros((8, 8), np.uint16))
        del words.planted[f"{name} trailing padding"]  # which is cut off
        return whole[: len(whole) - 60] + words.word(f"{name} in the pixels").encode()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", words.word(f"{name} in the header", 13).encode()) + b"rest"
