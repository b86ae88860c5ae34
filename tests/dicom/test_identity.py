"""What a header says of whom and what it shows, compared without ever being text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr._cid_dict import cid_concepts
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from orchestration.dicom.identity import identity
from orchestration.dicom.reading import read_identity
from tests.cases.cases import dicom

# PS3.16 CID 4014 by pydicom's names, and View Position's for each (PS3.3 C.8.11.7); a specimen has no projection.
POSITIONS = {
    "CaudoCranial": "FB",
    "CranioCaudal": "CC",
    "CranioCaudalExaggeratedLaterally": "XCCL",
    "CranioCaudalExaggeratedMedially": "XCCM",
    "InferomedialToSuperolateralOblique": "ISO",
    "LateroMedial": "LM",
    "LateroMedialOblique": "LMO",
    "MedioLateralObliqueProjection": "MLO",
    "MedioLateralProjection": "ML",
    "SuperolateralToInferomedialOblique": "SIO",
}


def test_every_view_code_of_the_standard_is_known_in_both_codings() -> None:
    assert {name for name in cid_concepts[4014]["SCT"] if "Specimen" not in name} == POSITIONS.keys()
    for name, position in POSITIONS.items():
        snomed_ct = next(iter(concepts["SCT"][name]))
        for code in (snomed_ct, mapping["SCT"][snomed_ct]):
            item, dataset = Dataset(), Dataset()
            item.CodeValue = code
            dataset.ViewCodeSequence = Sequence([item])
            assert identity(dataset).views == {position}


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=5, max_size=20))
def test_what_is_said_of_the_patient_is_compared_and_never_shown(value: str) -> None:
    told = [read_identity(dicom(1, PatientID=text)) for text in (value, f" {value} ", value + "x")]
    assert told[0] == told[1] != told[2]
    assert str(told[0].patient) not in repr(told[0])
    assert value.encode() not in (told[0].patient or b"")


@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")  # of pydicom, which writes it for the test
@pytest.mark.parametrize(
    ("position", "laterality", "view"),
    [
        ("CC", None, "CC"),
        (" mlo ", None, "MLO"),
        ("RMLO", "R", "MLO"),
        ("l cc", "L", "CC"),
        ("RIGHT XCCL", "R", "XCCL"),
        ("L_ML", "L", "ML"),
        ("LM", None, "LM"),
        ("LMO", None, "LMO"),
        ("LMLO", "L", "MLO"),
        ("RLM", "R", "LM"),
        ("AP", None, None),
    ],
)
def test_a_view_position_may_begin_with_the_laterality(position: str, laterality: str | None, view: str | None) -> None:
    found = read_identity(dicom(1, ViewPosition=position))
    assert (found.lateralities, found.views) == ({laterality} - {None}, {view} - {None})


def test_several_values_say_nothing() -> None:
    assert read_identity(dicom(1, ImageLaterality=["L", "R"])).lateralities == frozenset()
