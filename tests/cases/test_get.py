"""Getting a case: the whole case and nothing but it, or every reason why not."""

import threading

import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from orchestration.cases.case import CaseNotFoundError, IncompleteCaseError, OutdatedIndexError
from orchestration.cases.get import CaseSource, get_case
from orchestration.cases.index import index_images
from orchestration.database import DatabaseError
from orchestration.imaging import read_image
from orchestration.stores import StoreUnavailableError
from tests.cases.cases import (
    PARTS,
    REPORT,
    VIEWS,
    add_report,
    blob_name,
    compressed_dicom,
    dicom,
    images_of,
    png,
    upload,
    upload_case,
    values,
)
from tests.cases.clinic import Clinic


def test_a_case_is_its_four_views_and_its_report(clinic: Clinic, source: CaseSource) -> None:
    uploaded = upload_case(clinic, source)
    case = get_case("S0000001", 2014)
    assert (case.id, case.year, case.report, case.missing) == ("S0000001", 2014, REPORT, {})
    for seed, (view, part) in enumerate(zip(VIEWS, PARTS, strict=True)):
        image = case.images[part]
        np.testing.assert_array_equal(image.stored, values(seed))
        np.testing.assert_array_equal(image.pixels, read_image(uploaded[view]))
        assert (image.laterality, image.view) == tuple(view.split("__"))
        assert image.shape == (24, 20)
        assert image.pixel_spacing == (0.07, 0.08)
        assert image.source.blob == blob_name("S0000001", 2014, view)


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless, RLELossless], ids=lambda uid: uid.name)
def test_compressed_images_have_the_values_that_were_compressed(
    clinic: Clinic, source: CaseSource, syntax: str
) -> None:
    upload_case(clinic, source, **{view: compressed_dicom(seed, syntax) for seed, view in enumerate(VIEWS)})
    case = get_case("S0000001", 2014, source=source)
    for seed, stored in enumerate(images_of(case)):
        np.testing.assert_array_equal(stored, values(seed))


def test_a_case_cannot_be_changed_and_does_not_show_its_report(clinic: Clinic, source: CaseSource) -> None:
    upload_case(clinic, source)
    case = get_case("S0000001", 2014, source=source)
    with pytest.raises(AttributeError):
        case.report = "other"  # type: ignore[misc]
    for array in (case.l_cc.stored, case.l_cc.pixels):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    with pytest.raises(TypeError):
        case.missing["report"] = "gone"  # type: ignore[index]
    assert "malignity" not in repr(case)
    assert case == get_case("S0000001", 2014, source=source)


def test_an_id_is_whole_and_belongs_to_its_year(clinic: Clinic, source: CaseSource) -> None:
    upload_case(clinic, source, "S00000012", 2014)
    upload_case(clinic, source, "S0000001", 2015)
    with pytest.raises(CaseNotFoundError, match="case S0000001 of 2014 is neither in the index"):
        get_case("S0000001", 2014, source=source)


def test_blobs_that_name_a_case_and_count_for_none_are_named_with_what_is_wrong(
    clinic: Clinic, source: CaseSource
) -> None:
    no_year, two_ids, other_year = "export/S4/L__CC.png", "2016/S4 S5/L__CC.png", "2015/S4/scout.png"
    clinic.put(no_year, two_ids, other_year, "2016/S44 S5/L__CC.png", "2016/S44/scout.png")
    index_images(source.database, source.store)
    with pytest.raises(CaseNotFoundError) as error:
        get_case("S4", 2016, source=source)
    told = str(error.value)
    assert f"though these blobs name it: {two_ids} (more than one id (S4, S5)), {no_year} (no year);" in told
    add_report(source, "S4", 2016)
    case = get_case("S4", 2016, source=source, allow_partial=True)
    assert no_year in case.missing["l_cc"]
    assert case.missing["r_cc"] == "not in the index"
    with pytest.raises(IncompleteCaseError, match=f"l_cc: not in the index, though .*{no_year}"):
        get_case("S4", 2016, source=source)


def test_of_many_blobs_that_name_a_case_some_are_named_and_the_rest_counted(clinic: Clinic, source: CaseSource) -> None:
    clinic.put(*(f"S4/{number} L__CC.png" for number in range(10)))
    index_images(source.database, source.store)
    with pytest.raises(CaseNotFoundError, match=r"S4/4 .* and 5 more \(doubleread cases unmatched\)"):
        get_case("S4", 2016, source=source)


@pytest.mark.parametrize(
    "case_id",
    [
        "S1' or year eq '2014",
        "",
        "S",
        "s1",
        "S1\n",
        "S\N{ARABIC-INDIC DIGIT ONE}",
        "S1/../S2",
        "S" + "1" * 1000,
        "%",
        "S1\0",
    ],
)
def test_what_is_no_id_is_refused_before_any_query(source: CaseSource, case_id: str) -> None:
    with pytest.raises(CaseNotFoundError, match="is not a case id") as error:
        get_case(case_id, 2014, source=source)
    assert len(str(error.value)) < 300


def test_all_that_is_missing_is_named_at_once_and_the_rest_is_to_be_had(clinic: Clinic, source: CaseSource) -> None:
    upload(clinic, "S1", 2014, {"L__CC": dicom(1), "R__CC": b"no image"})
    index_images(source.database, source.store)
    with pytest.raises(IncompleteCaseError) as error:
        get_case("S1", 2014, source=source)
    assert error.value.parts.keys() == {"l_mlo", "r_cc", "r_mlo", "report"}
    assert all(part in str(error.value) for part in error.value.parts)
    assert "export 2014/S1/R__CC.dcm is neither PNG, JPEG nor DICOM" in str(error.value)
    case = get_case("S1", 2014, source=source, allow_partial=True)
    assert case.images.keys() == {"l_cc"}
    assert (case.r_cc, case.report) == (None, None)
    assert case.missing == error.value.parts


def test_a_case_of_a_report_alone_is_a_case(source: CaseSource) -> None:
    add_report(source, "S1", 2014)
    case = get_case("S1", 2014, source=source, allow_partial=True)
    assert (case.report, case.images) == (REPORT, {})


def test_of_two_blobs_for_one_view_the_one_modified_last_counts(clinic: Clinic, source: CaseSource) -> None:
    upload_case(clinic, source)
    clinic.put("a/2014 S0000001 L__CC later.dcm", data=dicom(99))
    index_images(source.database, source.store)
    with source.database.connect() as connection:  # Azurite's clock has whole seconds
        connection.execute(
            "update doubleread.clinical_images set last_modified = last_modified + interval '1 hour' "
            "where blob ~ 'later'"
        )
    np.testing.assert_array_equal(get_case("S0000001", 2014, source=source).l_cc.stored, values(99))


@pytest.mark.parametrize("allow_partial", [False, True])
def test_an_index_older_than_the_container_is_noticed_and_said(
    clinic: Clinic, source: CaseSource, allow_partial: bool
) -> None:
    upload_case(clinic, source)
    clinic.put(blob_name("S0000001", 2014, "L__CC"), data=dicom(7))
    clinic.container.delete_blob(blob_name("S0000001", 2014, "R__CC"))
    with pytest.raises(OutdatedIndexError, match="doubleread cases index") as error:
        get_case("S0000001", 2014, source=source, allow_partial=allow_partial)
    assert error.value.parts.keys() == {"l_cc", "r_cc"}
    index_images(source.database, source.store)
    case = get_case("S0000001", 2014, source=source, allow_partial=True)
    np.testing.assert_array_equal(case.l_cc.stored, values(7))
    assert case.missing.keys() == {"r_cc"}


def test_pngs_of_eight_and_sixteen_bits_and_a_constant_image_are_images_too(clinic: Clinic, source: CaseSource) -> None:
    samples = [values(1, "uint8"), values(2), np.full((24, 20), 7, np.uint16), np.stack([values(3, "uint8")] * 3, -1)]
    images = dict(zip(VIEWS, map(png, samples), strict=True))
    upload_case(clinic, source, **images)
    case = get_case("S0000001", 2014, source=source)
    for found, stored in zip(images_of(case), [*samples[:3], samples[3][..., 0]], strict=True):
        np.testing.assert_array_equal(found, stored)
    for view, part in zip(VIEWS, PARTS, strict=True):
        np.testing.assert_array_equal(case.images[part].pixels, read_image(images[view]))


def test_names_that_are_hard_on_urls_are_found(clinic: Clinic, source: CaseSource) -> None:
    names = [f"Řada 1 %20#?&+/2014 S5 {view} [1].dcm" for view in VIEWS]
    for seed, name in enumerate(names):
        clinic.put(name, data=dicom(seed))
    index_images(source.database, source.store)
    case = get_case("S5", 2014, source=source, allow_partial=True)
    assert [image.source.blob for image in case.images.values()] == names


@pytest.mark.parametrize("report", ["ž" * 32_000, "👩🏽‍⚕️ nález", ""], ids=["64 KB", "emoji", "empty"])
def test_a_report_comes_as_it_was_written(source: CaseSource, report: str) -> None:
    add_report(source, "S1", 2014, report)
    assert get_case("S1", 2014, source=source, allow_partial=True).report == report


def test_without_an_index_one_is_asked_for(source: CaseSource) -> None:
    with pytest.raises(DatabaseError, match="run doubleread cases index"):
        get_case("S1", 2014, source=source)


@pytest.mark.usefixtures("clinic")
def test_a_container_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONTAINER_NAME", "nosuch")
    with pytest.raises(StoreUnavailableError, match="container nosuch does not exist"):
        get_case("S1", 2014)


def test_a_case_leaves_no_thread_behind(clinic: Clinic, source: CaseSource) -> None:
    upload_case(clinic, source)
    before = threading.active_count()
    get_case("S0000001", 2014, source=source)
    assert threading.active_count() == before
