"""Cases, archives, jobs, volumes, measurements and inspection say and leave no word but where it is meant to be."""

import io
from pathlib import Path

import numpy as np
from pydicom import dcmread
from typer.testing import CliRunner

from orchestration.cli.app import app
from tests.archives.reassembly.delivery import Delivery, Torn, tear
from tests.cases.cases import VIEWS, blob_name, values
from tests.cases.clinic import Clinic
from tests.cli.conftest import Home
from tests.cli.test_cases_get import index
from tests.inference.studies import image_of
from tests.privacy.planting import STUDY_DATE, Words, damaged, dicom
from tests.privacy.searching import found_in, found_in_bytes


def said(home: Home, *arguments: str, status: int | None = 0) -> bytes:
    result = home.run(*arguments, status=status)
    return (result.stdout + result.stderr).encode()


def test_a_case_shows_and_saves_its_images_without_their_headers_and_its_report_on_demand(
    clinic: Clinic, home: Home
) -> None:
    words = Words()
    for seed, view in enumerate(VIEWS):
        clinic.put(blob_name("S1", 2014, view), data=dicom(words, view, values(seed)))
        clinic.put(blob_name("S2", 2014, view), data=damaged(words, f"{view} DICOM"))
    report = words.word("report")
    clinic.report(id="S1", year=2014, report=f"Nothing seen. {report}")
    clinic.report(id=words.word("id of a report"), year=2014, report=words.word("report of nobody"))
    index(home)
    everything = list(words.planted.values())
    contradictory = said(home, "cases", "get", "S1", "--year", "2014", status=1)
    assert b"another patient" in contradictory or b"differ" in contradictory, "what contradicts is told"
    for shown in (
        contradictory,
        said(home, "cases", "get", "S1", "--year", "2014", "--allow-contradictions", "--save", "out", status=1),
        said(home, "cases", "get", "S2", "--year", "2014", status=1),
    ):
        assert found_in_bytes(shown, everything) == set()
    assert found_in(home.folder, everything) == {"out/2014/S1/report.txt": {report.lower()}}
    shown = said(home, "cases", "get", "S1", "--year", "2014", "--allow-contradictions", "--report", status=1)
    assert found_in_bytes(shown, everything) == {report.lower()}


def planted_delivery(words: Words, folder: Path) -> Delivery:
    """Archives of a whole DICOM with words in its header, and of headers that can't be used."""
    person = {"vr": "PN", "Value": [{"Alphabetic": words.word("header name")}]}
    comments = {"vr": "LT", "Value": [words.word("header comments")]}
    (whole,) = tear("CT_small.dcm", ["1.2.1"], _00100010=person, _00104000=comments)
    delivery = Delivery(folder)
    delivery.add(whole, text="text", image="images")
    (odd,) = tear("CT_small.dcm", ["1.2.3"], _00280010={"vr": "US", "Value": [words.word("rows of a header")]})
    cut = Torn("1.2.2", b'{"00100010": {"vr": "PN", "Value": ["' + words.word("cut header").encode(), whole.pixels)
    for torn in (odd, cut):
        delivery.add(torn, text="text", image="images")
    delivery.write()
    return delivery


def test_archives_are_put_together_without_a_word_but_in_the_dicoms(tmp_path: Path) -> None:
    words = Words()
    delivery = planted_delivery(words, tmp_path)
    everything = list(words.planted.values())
    place = ("--text", str(delivery.folder / "text"), "--images", str(delivery.folder / "images"))
    told = []
    for arguments, status in (
        (("index", *place, "--out", "ix"), 0),
        (("reassemble", "--index", "ix", "--out", "all"), 1),
        (("find", "1.2.1", "1.2.2", "--index", "ix"), None),
        (("get", "1.2.2", "1.2.3", "--index", "ix", "--out", "some"), 1),
    ):
        result = CliRunner().invoke(app, ["archives", *arguments])
        assert status in {None, result.exit_code}, result.output
        told.append(result.output)
    assert "1.2.2" in told[1], "what can't be used is named"
    assert found_in_bytes("".join(told).encode(), everything) == set()
    held = {name for name in found_in(tmp_path, everything) if not name.startswith(("text/", "images/"))}
    assert held == {"all/1.2.1.dcm"}


def test_patients_on_two_sides_and_elements_that_cannot_be_read_are_named_without_their_values(tmp_path: Path) -> None:
    words = Words()
    one, other = words.word("patient of a table"), words.word("device")
    (tmp_path / "a.csv").write_text(f"who\n{one}\n")
    (tmp_path / "e.json").write_text(
        f'{{"0": {{"id": "a1", "data": ["{other}"], "deviceName": "CT"}}, "1": "{other}"}}'
    )
    for arguments in (
        ("splits", "check", f"train={tmp_path}/a.csv", f"test={tmp_path}/a.csv", "--patient", "who"),
        ("measure", str(tmp_path / "e.json")),
    ):
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == 1, result.output
        assert found_in_bytes(result.output.encode(), [one, other]) == set(), result.output


def write_series(words: Words, folder: Path) -> None:
    """A series of three slices with a word in every place of each header, and a file that can't be read."""
    folder.mkdir()
    for place in range(3):
        image = image_of(np.full((6, 7), place, np.uint16), place, f"1.2.1.{place}", "1.2.1", "MR")
        planted = dcmread(io.BytesIO(dicom(words, "series", np.zeros((6, 7), np.uint16))))
        for element in planted:
            if element.tag not in image and element.keyword not in {"PixelData", "DataSetTrailingPadding"}:
                image.add(element)
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "SeriesDescription"):
            setattr(image, keyword, getattr(planted, keyword))
        image.InstanceNumber = place + 1
        image.save_as(folder / f"{place}.dcm", enforce_file_format=True)
    (folder / "damaged.dcm").write_bytes(damaged(words, "damaged DICOM"))


def test_jobs_volumes_and_inspection_say_no_word_and_only_derived_dicoms_hold_some(own: Home) -> None:
    words = Words()
    write_series(words, own.folder / "in")
    everything = list(words.planted.values())
    told = [
        said(own, "inspect", "dicom", "in/0.dcm", "--tag", "PatientComments", "--tag", "0019,1001", "--json"),
        said(own, "inspect", "dicom", "in/0.dcm", "--record", status=None),
        said(own, "inspect", "dicom", "in/damaged.dcm", status=1),
        said(own, "dicom2hdf5", "-i", "in", "-o", "volume.h5", status=None),
        said(own, "infer", "run", "3dblur", "-i", "in", "-o", "out", "--no-mart", status=None),
    ]
    assert b"***" in told[0]
    # Of what inspection masks by the basic profile (PS3.15, E.1), it shows the date of the study alone.
    assert [found_in_bytes(shown, everything) - {STUDY_DATE} for shown in told[:2]] == [set(), set()]
    assert [found_in_bytes(shown, everything) for shown in told[2:]] == [set(), set(), set()]
    found = found_in(own.folder, everything)
    assert list((own.folder / "out").rglob("*.dcm")), "there are derived images"
    assert {name.split("/")[0] for name in found} <= {"in", "out"}, "derived images keep their patient, by design"
    assert found_in_bytes(said(own, "inspect", "dicom", "in/0.dcm", "--show-phi"), everything), "it is there"
