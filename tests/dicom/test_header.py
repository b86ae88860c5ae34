"""Elements of any file as plain values, masked where PS3.15's Basic Profile removes or replaces them."""

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from pydicom.datadict import DicomDictionary, dictionary_description, dictionary_has_tag, keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DeflatedExplicitVRLittleEndian

import orchestration.dicom
from orchestration.dicom.confidentiality import MASKED, is_confidential
from orchestration.dicom.elements import name_of, tag_of
from orchestration.dicom.header import DEFERRED, Header
from orchestration.dicom.reading import read_header
from orchestration.images import ImageError
from tests.dicom.dicoms import file_bytes, image_dataset

TABLE = list(csv.DictReader(files(orchestration.dicom).joinpath("basic_profile.csv").read_text().splitlines()))
# pydicom spells these otherwise.
OTHERWISE = {"001811BB", "300A067C", "300A067D"}


def header(tmp_path: Path, *names: str, masked: bool = True, **elements: object) -> Header:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(image_dataset(np.zeros((2, 2), "u1"), **elements)))
    return read_header(path, map(tag_of, names), masked=masked)


def test_the_table_is_whole_and_names_what_pydicoms_dictionary_names() -> None:
    assert len(TABLE) == len({row["tag"] for row in TABLE}) == 655
    assert {row["action"] for row in TABLE} == {"X", "Z", "D", "U", "X/Z", "X/D", "Z/D", "X/Z/D", "X/Z/U*"}
    known = [row for row in TABLE if "x" not in row["tag"] and dictionary_has_tag(int(row["tag"], 16))]
    assert len(known) > 600
    for row in known:
        assert is_confidential(int(row["tag"], 16))
        if row["tag"] not in OTHERWISE:
            assert dictionary_description(int(row["tag"], 16)) == row["name"]


def test_what_names_a_person_or_an_instance_is_masked_and_what_describes_pixels_is_not() -> None:
    shown = {tag for tag in DicomDictionary if not is_confidential(tag)}
    vrs = {tag: entry[0] for tag, entry in DicomDictionary.items()}
    assert not [tag for tag in shown if vrs[tag] == "PN"]
    keywords = {keyword_for_tag(tag) for tag in shown}
    assert {"Rows", "Columns", "Modality", "Manufacturer", "BitsStored", "SOPClassUID", "WindowCenter"} <= keywords
    identifying = {"PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID", "StudyDate"}
    assert not identifying & keywords
    assert all(is_confidential(tag) for tag in (0x00091001, 0x60003000, 0x60124000, 0x50020010, 0x00104711))
    assert not is_confidential(0x60000010)


@pytest.mark.parametrize("text", ["PatientAge", "0x00101010", "0X00101010", "0010,1010", "(0010,1010)", " 0010, 1010 "])
def test_a_tag_may_be_written_in_three_ways(text: str) -> None:
    assert tag_of(text) == 0x00101010
    assert name_of(tag_of(text)) == "PatientAge"


@pytest.mark.parametrize("text", ["", "Patient Age", "patientage", "00101010", "0x10", "0010,10101"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no keyword of the DICOM standard"):
        tag_of(text)


def test_values_are_plain(tmp_path: Path) -> None:
    names = (
        "WindowCenter",
        "ImageType",
        "Rows",
        "PixelData",
        "FrameIncrementPointer",
        "TransferSyntaxUID",
        "Manufacturer",
    )
    found = header(tmp_path, *names, WindowCenter=[1.5, 2], ImageType=["A", "B"], FrameIncrementPointer=0x00181063,
                   Manufacturer="")  # fmt: skip
    values = [[1.5, 2.0], ["A", "B"], 2, "4 bytes", "0018,1063", "1.2.840.10008.1.2.1", None]
    assert [found.values[tag_of(name)] for name in names] == values


def test_items_of_sequences_are_masked_one_by_one(tmp_path: Path) -> None:
    inner, item = Dataset(), Dataset()
    inner.PatientName, inner.CodeValue = "Curie^Marie", "T-04000"
    item.OperatorsName, item.Manufacturer = "Becquerel^Henri", "Radium"
    item.PurposeOfReferenceCodeSequence = Sequence([inner])
    item.add_new(0x00091001, "LO", "private")
    sequence = {"SourceInstanceSequence": Sequence([item]), "ContributingEquipmentSequence": Sequence([item])}
    names = ("ContributingEquipmentSequence", "SourceInstanceSequence")
    contributing, source = header(tmp_path, *names, **sequence).values.values()
    nested = [{"PatientName": MASKED, "CodeValue": "T-04000"}]
    plain = {
        "Manufacturer": "Radium",
        "OperatorsName": MASKED,
        "PurposeOfReferenceCodeSequence": nested,
        "0009,1001": MASKED,
    }
    assert source == [plain]
    assert contributing in ([plain], MASKED)
    shown = header(tmp_path, "SourceInstanceSequence", masked=False, **sequence).values.popitem()[1]
    assert "Becquerel^Henri" in str(shown)


def test_a_large_value_is_told_by_its_size(tmp_path: Path) -> None:
    found = header(tmp_path, "EncapsulatedDocument", "Rows", masked=False, EncapsulatedDocument=bytes(DEFERRED + 2))
    assert list(found.values.values()) == [f"{DEFERRED + 2:,} bytes", 2]


def test_a_deflated_file_is_read_and_one_that_is_cut_refused(tmp_path: Path) -> None:
    dataset = image_dataset(np.zeros((2, 2), "u1"))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = file_bytes(dataset)
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    assert read_header(path, [tag_of("Rows")]).values == {tag_of("Rows"): 2}
    path.write_bytes(data[:-9])
    with pytest.raises(ImageError, match="cut short"):
        read_header(path, [tag_of("Rows")])


def test_zeros_after_the_last_element_are_padding(tmp_path: Path) -> None:
    path = tmp_path / "a.dcm"
    path.write_bytes(file_bytes(image_dataset(np.zeros((2, 2), "u1"))) + bytes(3))
    assert read_header(path, [tag_of("Rows")]).has_pixels
