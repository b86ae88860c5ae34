"""A saved case is the same case: read back equal, viewable by anyone, and refused where it was changed."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from PIL import Image

from orchestration.cases.case import CaseError, CaseNotFoundError, ClinicalCase
from orchestration.cases.get import CaseSource, get_case
from orchestration.cases.greys import steps_of, table_of
from orchestration.cases.image import CaseImage, Source
from orchestration.cases.saving import load_case, save
from orchestration.imaging import read_stored
from tests.cases.cases import PARTS, REPORT, dicom, upload_case, values
from tests.cases.clinic import Clinic
from tests.dicom.dicoms import file_bytes, image_dataset

TYPES = ("uint8", "int8", "uint16", "int16")


def image(stored: np.ndarray, name: str = "l_cc", **elements: object) -> CaseImage:
    return CaseImage.of(name, Source("images", "a.dcm", '"0x1"', "00"), read_stored(dicom_of(stored, **elements)))


def dicom_of(stored: np.ndarray, **elements: object) -> bytes:
    return file_bytes(image_dataset(stored, **elements))


def case_of(l_cc: CaseImage | None = None, report: str | None = REPORT) -> ClinicalCase:
    missing = dict.fromkeys([part for part in PARTS if part != "l_cc" or l_cc is None], "not in the index")
    return ClinicalCase("S1", 2014, l_cc, None, None, None, report, missing)


def test_a_case_that_was_fetched_and_saved_is_read_back_equal(
    clinic: Clinic, source: CaseSource, tmp_path: Path
) -> None:
    upload_case(clinic, source)
    case = get_case("S0000001", 2014, save_case=True, folder=tmp_path, source=source)
    folder = tmp_path / "2014" / "S0000001"
    assert {path.name for path in folder.iterdir()} == {*(f"{part}.png" for part in PARTS), "report.txt", "case.json"}
    loaded = load_case(folder)
    assert loaded == case
    for part in PARTS:
        np.testing.assert_array_equal(loaded.images[part].pixels, case.images[part].pixels)
    assert (folder / "report.txt").read_bytes() == REPORT.encode()


def test_a_case_is_saved_below_the_home_folder_unless_told_otherwise(clinic: Clinic, source: CaseSource) -> None:
    upload_case(clinic, source)
    case = get_case("S0000001", 2014, True, source=source)
    assert load_case(Path(".doubleread/cases/2014/S0000001")) == case


@pytest.mark.parametrize("dtype", TYPES)
def test_stored_values_of_each_type_survive_in_a_png_that_others_read(tmp_path: Path, dtype: str) -> None:
    stored = values(1, dtype) if dtype != "int8" else values(1, "uint8").view(np.int8)
    case = case_of(image(stored, WindowCenter=10, WindowWidth=100))
    folder = save(case, tmp_path)
    loaded = load_case(folder)
    assert loaded == case
    assert loaded.l_cc.stored.dtype == dtype
    np.testing.assert_array_equal(loaded.l_cc.pixels, case.l_cc.pixels)
    record = json.loads((folder / "case.json").read_text())["images"]["l_cc"]
    with Image.open(folder / "l_cc.png") as by_pillow:
        np.testing.assert_array_equal(np.asarray(by_pillow).astype(int) + record["offset"], stored)


def test_case_json_tells_in_plain_pairs_how_the_values_are_shown(tmp_path: Path) -> None:
    """The greys are worked out here as the documentation of the format tells a reader to."""
    case = case_of(image(values(1), WindowCenter=2000, WindowWidth=1000))
    record = json.loads((save(case, tmp_path) / "case.json").read_text())["images"]["l_cc"]
    starts, greys = zip(*record["greys"][0], strict=True)
    by_hand = np.array(greys)[np.searchsorted(starts, values(1), side="right") - 1]
    np.testing.assert_array_equal(case.l_cc.pixels, by_hand)


def test_several_frames_become_a_png_each(tmp_path: Path) -> None:
    stored = np.stack([values(seed) for seed in range(3)])
    dataset = image_dataset(stored[0], WindowCenter=2000, WindowWidth=1000, NumberOfFrames=3)
    dataset.PixelData = stored.tobytes()
    case = case_of(CaseImage.of("l_cc", Source("images", "a", "e", "0"), read_stored(file_bytes(dataset))))
    folder = save(case, tmp_path)
    assert {path.name for path in folder.glob("*.png")} == {f"l_cc_000{number}.png" for number in (1, 2, 3)}
    loaded = load_case(folder)
    assert loaded == case
    assert loaded.l_cc.shape == (3, 24, 20)


def test_a_colour_image_and_a_missing_report_survive(tmp_path: Path) -> None:
    stored = values(1, "uint8", (24, 20, 3))
    case = case_of(image(stored, photometric="RGB"), report=None)
    loaded = load_case(save(case, tmp_path))
    assert loaded == case
    np.testing.assert_array_equal(loaded.l_cc.pixels, stored)


@given(data=st.data(), dtype=st.sampled_from(TYPES))
def test_any_table_of_greys_survives(data: st.DataObject, dtype: str) -> None:
    kind = np.dtype(dtype)
    few = st_numpy.arrays(np.uint8, 256, elements=st.integers(0, 255))
    table = np.repeat(data.draw(few), 2 ** (8 * kind.itemsize) // 256)
    np.testing.assert_array_equal(table_of(steps_of(table, kind), kind), table)


@given(report=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_report_survives_byte_for_byte(tmp_path_factory: pytest.TempPathFactory, report: str) -> None:
    folder = save(case_of(report=report), tmp_path_factory.getbasetemp() / "reports")
    assert load_case(folder).report == report


def test_saving_again_gives_the_same_bytes_and_replaces_what_was_there(tmp_path: Path) -> None:
    first = save(case_of(image(values(1))), tmp_path)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    (first / "left over.png").write_bytes(b"x")
    save(case_of(image(values(1))), tmp_path)
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    save(case_of(image(values(2))), tmp_path)
    assert load_case(first) == case_of(image(values(2)))
    assert [path.name for path in first.parent.iterdir()] == ["S1"], "nothing half-done is left"


def test_a_case_that_cannot_be_written_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(case_of(report="before"), tmp_path)

    def full(_path: Path, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space"):
            save(case_of(report="after"), tmp_path)
    assert load_case(folder).report == "before"
    assert [path.name for path in folder.parent.iterdir()] == ["S1"]


@pytest.mark.parametrize("name", ["l_cc.png", "report.txt"])
def test_a_file_that_was_changed_or_lost_is_named(tmp_path: Path, name: str) -> None:
    file = save(case_of(image(values(1))), tmp_path) / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(CaseError, match=f"{name} is not as it was written"):
        load_case(file.parent)
    file.unlink()
    with pytest.raises(CaseError, match=name):
        load_case(file.parent)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "other"}, "format"),
        ({"id": "../S1"}, "not a case id"),
        ({"year": "2014"}, "year"),
        ({"images": {"l_cc": {"view": "XX"}}}, "images.l_cc"),
    ],
)
def test_a_case_json_that_is_none_is_refused_with_the_place(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    file = save(case_of(), tmp_path) / "case.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(CaseError, match=told):
        load_case(file.parent)
    file.write_text("[]" * 10)
    with pytest.raises(CaseError, match="not what a case is saved with"):
        load_case(file.parent)


@pytest.mark.parametrize("greys", [[], [[]], [[[1, 0]]], [[[0, 0], [0, 1]]], [[[0, 0], [99999, 1]]], [[[0, 256]]]])
def test_greys_that_do_not_cover_every_value_are_refused(tmp_path: Path, greys: list[object]) -> None:
    file = save(case_of(image(values(1))), tmp_path) / "case.json"
    record = json.loads(file.read_text())
    record["images"]["l_cc"]["greys"] = greys
    file.write_text(json.dumps(record))
    with pytest.raises(CaseError):
        load_case(file.parent)


def test_an_id_that_would_leave_the_folder_is_refused(tmp_path: Path) -> None:
    case = ClinicalCase("../../S1", 2014, None, None, None, None, "report")
    with pytest.raises(CaseNotFoundError, match="not a case id"):
        save(case, tmp_path / "cases")
    assert not list(tmp_path.iterdir())


def test_sources_and_checksums_are_those_of_the_blobs_and_the_files(
    clinic: Clinic, source: CaseSource, tmp_path: Path
) -> None:
    uploaded = upload_case(clinic, source, L__CC=dicom(5))
    folder = save(get_case("S0000001", 2014, source=source), tmp_path)
    record = json.loads((folder / "case.json").read_text())
    assert record["images"]["l_cc"]["source"]["sha256"] == hashlib.sha256(uploaded["L__CC"]).hexdigest()
    for name, digest in record["sha256"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
