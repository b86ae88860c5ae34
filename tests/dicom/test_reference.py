"""The UIDs by which an image is referred to."""

import pytest

from orchestration.dicom.reading import read_reference
from orchestration.dicom.reference import ImageReference
from tests.cases.cases import dicom

UIDS = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3", "SOPInstanceUID": "1.2.3.4", "SOPClassUID": "1.2.840"}


def test_an_image_is_referred_to_by_its_own_uids_and_those_of_its_series_and_study() -> None:
    assert read_reference(dicom(1, **UIDS)) == ImageReference("1.2", "1.2.3", "1.2.3.4", "1.2.840")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of pydicom, which writes it for the test
@pytest.mark.parametrize("keyword", UIDS)
@pytest.mark.parametrize("value", ["", "Curie", "1.02", "1..2", "1.2\\1.3", "1." + "2" * 70])
def test_what_is_no_uid_refers_to_nothing(keyword: str, value: str) -> None:
    assert read_reference(dicom(1, **(UIDS | {keyword: value}))) is None
