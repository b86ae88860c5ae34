"""Images that contradict their names or one another are no case, unless one asks for them; no value is repeated."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from orchestration.cases.case import ContradictoryCaseError, IncompleteCaseError
from orchestration.cases.contradictions import Contradiction
from orchestration.cases.folders import save_year
from orchestration.cases.get import CaseSource, get_case
from orchestration.cases.index import index_images
from orchestration.cases.saving import load_case
from orchestration.settings import load_settings
from orchestration.transformations import build_models
from tests.cases.cases import PARTS, VIEWS, add_report, dicom, png, upload, upload_case, values
from tests.cases.clinic import Clinic

# Of pydicom, which writes values for the tests that the standard does not allow.
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")

SAID = {"PatientID": "curie-1867", "StudyInstanceUID": "2.25.18671107", "StudyDate": "20140312"}
ALL = ", ".join(PARTS)


def view_code(code: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "SCT", "view"
    return Sequence([item])


def truthful(seed: int) -> dict[str, object]:
    laterality, view = VIEWS[seed].split("__")
    return {**SAID, "ImageLaterality": laterality, "Laterality": laterality, "ViewPosition": view}


def contradictions_of(clinic: Clinic, source: CaseSource, **images: bytes) -> list[str]:
    """What the error says of a case whose other images are truthful."""
    upload_case(clinic, source, **{view: dicom(seed, **truthful(seed)) for seed, view in enumerate(VIEWS)} | images)
    with pytest.raises(ContradictoryCaseError) as error:
        get_case("S0000001", 2014, source=source)
    assert not [value for value in SAID.values() if value in str(error.value)]
    found = [str(contradiction) for contradiction in error.value.contradictions]
    assert all(contradiction in str(error.value) for contradiction in found)
    return found


def test_headers_that_agree_with_the_names_and_with_one_another_are_a_case(clinic: Clinic, source: CaseSource) -> None:
    codes = ("399162004", "R-10226", "R-10242", "399368009")
    images = {
        view: dicom(seed, **truthful(seed), ViewCodeSequence=view_code(codes[seed])) for seed, view in enumerate(VIEWS)
    }
    upload_case(clinic, source, **images)
    assert get_case("S0000001", 2014, source=source).contradictions == ()


@pytest.mark.parametrize(
    ("said", "contradiction"),
    [
        ({"ImageLaterality": "R"}, "l_cc: its header says L and R, its name L"),
        ({"ImageLaterality": "R", "Laterality": "R"}, "l_cc: its header says R, its name L"),
        ({"ViewPosition": "MLO"}, "l_cc: its header says MLO, its name CC"),
        ({"ImageLaterality": "r"}, "l_cc: its header says L and R, its name L"),
        ({"Laterality": "Right"}, "l_cc: its header says L and R, its name L"),
        ({"ViewPosition": "mlo"}, "l_cc: its header says MLO, its name CC"),
        ({"ViewPosition": "RCC"}, "l_cc: its header says L and R, its name L"),
        ({"ViewPosition": "XCCL"}, "l_cc: its header says XCCL, its name CC"),
        ({"ViewCodeSequence": view_code("399368009")}, "l_cc: its header says CC and MLO, its name CC"),
        ({"PatientID": "sklodowska"}, "{all}: their headers name different patients (l_cc against {rest})"),
        ({"StudyDate": "20140313"}, "{all}: their headers name different dates of study (l_cc against {rest})"),
        ({"StudyInstanceUID": "2.25.7"}, "{all}: their headers name different studies (l_cc against {rest})"),
        ({"SOPInstanceUID": "2.25.2"}, "l_cc, l_mlo: have the same SOP Instance UID"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_each_contradiction_is_named_with_its_parts(
    clinic: Clinic, source: CaseSource, said: dict[str, object], contradiction: str
) -> None:
    found = contradictions_of(clinic, source, L__CC=dicom(0, **truthful(0) | said))
    assert found == [contradiction.format(all=ALL, rest=ALL.removeprefix("l_cc, "))]


def test_a_date_of_study_of_another_year_than_the_case_is_named(clinic: Clinic, source: CaseSource) -> None:
    images = {
        view: dicom(seed, **truthful(seed) | {"StudyDate": date})
        for seed, (view, date) in enumerate(zip(VIEWS, ["20130312", "2013.03.12", "20140312", "of old"], strict=True))
    }
    found = contradictions_of(clinic, source, **images)
    assert found[0] == "l_cc, l_mlo: the date of study in the header is not of 2014"
    assert found[1].startswith(f"{ALL}: their headers name different dates of study")


def test_a_frames_laterality_speaks_too(clinic: Clinic, source: CaseSource) -> None:
    anatomy, group = Dataset(), Dataset()
    anatomy.FrameLaterality = "R"
    group.FrameAnatomySequence = Sequence([anatomy])
    image = dicom(0, **SAID, SharedFunctionalGroupsSequence=Sequence([group]))
    assert contradictions_of(clinic, source, L__CC=image) == ["l_cc: its header says R, its name L"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        dict.fromkeys(["ImageLaterality", "ViewPosition", *SAID], ""),
        {"ImageLaterality": "B", "ViewPosition": "OWN WORDS", "ViewCodeSequence": view_code("1")},
        {"PatientID": " curie-1867 "},
    ],
    ids=["nothing", "empty", "in words of its own", "blanks around it"],
)
def test_a_header_that_does_not_tell_contradicts_nothing(
    clinic: Clinic, source: CaseSource, said: dict[str, object]
) -> None:
    images = {view: dicom(seed, **truthful(seed)) for seed, view in enumerate(VIEWS)}
    upload_case(clinic, source, **images | {"L__CC": dicom(0, **said)})
    assert get_case("S0000001", 2014, source=source).contradictions == ()


def test_one_image_stored_as_four_views_is_no_case(clinic: Clinic, source: CaseSource) -> None:
    assert contradictions_of(clinic, source, **dict.fromkeys(VIEWS, png(values(1)))) == [f"{ALL}: have the same pixels"]


def test_contradictions_are_served_on_demand_marked_and_saved(
    clinic: Clinic, source: CaseSource, tmp_path: Path
) -> None:
    upload_case(clinic, source, R__CC=dicom(2, ImageLaterality="L"))
    case = get_case("S0000001", 2014, True, allow_contradictions=True, folder=tmp_path, source=source)
    assert case.contradictions == (Contradiction(("r_cc",), "its header says L, its name R"),)
    assert load_case(tmp_path / "2014" / "S0000001") == case


def test_a_case_that_lacks_a_part_and_contradicts_itself_says_both_at_once(clinic: Clinic, source: CaseSource) -> None:
    upload(clinic, "S1", 2014, {"L__CC": dicom(0, ImageLaterality="R")})
    index_images(source.database, source.store)
    add_report(source, "S1", 2014)
    with pytest.raises(IncompleteCaseError, match=r"r_mlo: not in the index.*l_cc: its header says R, its name L"):
        get_case("S1", 2014, source=source)
    with pytest.raises(ContradictoryCaseError):
        get_case("S1", 2014, source=source, allow_partial=True)


def test_the_folder_of_a_contradictory_case_is_never_taken_for_a_good_one(
    clinic: Clinic, source: CaseSource, tmp_path: Path
) -> None:
    upload_case(clinic, source, "S1")
    upload_case(clinic, source, "S2", R__CC=dicom(2, ImageLaterality="L"))
    build_models(load_settings(), source.database, "tag:clinical", tables="clinical")
    get_case("S2", 2014, True, allow_contradictions=True, folder=tmp_path, source=source)
    report = save_year(source, 2014, tmp_path)
    assert (report.saved, report.untouched) == (1, 0)
    assert [(failure.item, "says L, its name R" in failure.reason) for failure in report.failures.shown] == [
        ("S2", True)
    ]
    assert save_year(source, 2014, tmp_path).untouched == 1
