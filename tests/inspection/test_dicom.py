"""A DICOM file says what it is, nothing that could tell who the patient is, and never a traceback."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import JPEG2000Lossless

from orchestration.dicom.confidentiality import MASKED
from orchestration.dicom.elements import tag_of
from orchestration.inspection.dicom import inspect_dicom
from orchestration.inspection.errors import InspectionError
from orchestration.records import StudyRecord
from tests.dicom.dicoms import compressed, file_bytes, image_dataset

BUNDLED = sorted(path for path in (Path(pydicom.__file__).parent / "data").rglob("*") if path.is_file())
CT = get_testdata_file("CT_small.dcm", download=False)


@pytest.fixture
def file(tmp_path: Path):
    """Write bytes, or a data set, to a file."""

    def write(content) -> Path:
        path = tmp_path / "a.dcm"
        path.write_bytes(content if isinstance(content, bytes) else file_bytes(content))
        return path

    return write


def test_how_pixels_are_stored(file) -> None:
    stored = np.zeros((3, 4), "u2")
    native = inspect_dicom(file(image_dataset(stored, bits=12, Modality="MG", StudyDate="20240229")))
    assert (native.rows, native.columns, native.frames, native.modality) == (3, 4, 1, "MG")
    assert (native.study_date, native.bits_stored, native.bits_allocated) == ("20240229", 12, 16)
    assert (native.is_encapsulated, native.has_pixels) == (False, True)
    several = inspect_dicom(file(compressed(image_dataset(stored), JPEG2000Lossless, [b"\xff\x4f"] * 3)))
    assert (several.frames, several.is_encapsulated) == (3, True)
    assert several.transfer_syntax == "JPEG 2000 Image Compression (Lossless Only) (1.2.840.10008.1.2.4.90)"


def test_the_patient_is_masked_unless_asked_for(file) -> None:
    path = file(image_dataset(np.zeros((2, 2), "u1"), PatientID="x-1867", Manufacturer="Radium"))
    tags = [tag_of(name) for name in ("PatientID", "Manufacturer", "SOPInstanceUID", "StudyDate")]
    found = inspect_dicom(path, tags)
    assert (found.patient_name, found.elements["PatientID"], found.elements["SOPInstanceUID"]) == (MASKED,) * 3
    assert (found.elements["Manufacturer"], found.elements["StudyDate"]) == ("Radium", None)
    assert "Curie" not in repr(found)
    shown = inspect_dicom(path, tags, show_phi=True)
    assert (shown.patient_name, shown.elements["PatientID"]) == ("Curie^Marie", "x-1867")


def test_an_element_that_cannot_be_read_is_named(file) -> None:
    dataset = image_dataset(np.zeros((2, 2), "u1"))
    dataset.add_new("NumberOfFrames", "LO", "many")
    found = inspect_dicom(file(dataset))
    assert (found.frames, found.rows, found.unreadable) == (1, 2, ("NumberOfFrames",))


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is not a DICOM file"), (b"a,b\n1,2\n" * 50, "is not a DICOM file"), (None, "no such file")],
)
def test_what_is_no_dicom_is_refused(file, tmp_path: Path, content: bytes | None, said: str) -> None:
    with pytest.raises(InspectionError, match=said):
        inspect_dicom(tmp_path / "nosuch" if content is None else file(content))


def test_a_file_cut_within_an_element_is_refused(file) -> None:
    """Cut where an element ends, a file is one that lacks the others."""
    data = Path(CT).read_bytes()
    starts = {element.file_tell for element in dcmread(CT)}
    whole = set()
    for length in range(0, len(data), 7):
        with contextlib.suppress(InspectionError):
            inspect_dicom(file(data[:length]))
            whole.add(length)
    assert len(whole) < len(starts)
    assert max(whole) < dcmread(CT)["PixelData"].file_tell


def refusal(action: Callable[[], object]) -> str | None:
    """What an error of ours says, or None where there is none."""
    try:
        action()
    except (InspectionError, ValueError) as error:
        return str(error)
    return None


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.name)
@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
def test_every_file_that_pydicom_brings_is_read_or_refused(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tags = [tag_of(name) for name in ("PatientID", "PixelData", "SharedFunctionalGroupsSequence", "0x00091001")]
    refused = refusal(lambda: inspect_dicom(path, tags))
    if refused:
        assert str(path) in refused
        return
    said = (refusal(lambda: StudyRecord.from_dicom(path)) or "") + caplog.text
    expected = dcmread(path)
    patient_id = str(expected.get("PatientID") or "").strip()
    found = inspect_dicom(path, tags)
    assert (found.rows, found.columns) == (expected.get("Rows"), expected.get("Columns"))
    assert found.patient_name == (MASKED if expected.get("PatientName") else None)
    assert not patient_id or patient_id not in json.dumps(found.elements) + said
    if not said:
        record = StudyRecord.from_dicom(path)
        assert (record.patient_id or "") == patient_id
        assert not record.name or record.name not in repr(record)


def test_real_files_of_invented_patients(shared_data: Path) -> None:
    paths = sorted((shared_data / "pseudo-phi").rglob("*.dcm"))
    assert len(paths) > 40
    read = 0
    for path in paths:
        with contextlib.suppress(InspectionError):
            assert inspect_dicom(path).patient_name in (MASKED, None)
            read += StudyRecord.from_dicom(path).study_instance_uid is not None
    assert read > 40
