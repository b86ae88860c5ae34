"""The file of a report, as readers and validators that share no code with its writer see it."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import dcmqi
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.dicom.concepts import OWN_SCHEME
from orchestration.dicom.reference import ImageReference
from orchestration.labels import FINDING_CODES, IMPRESSION_CODES, LABELS
from orchestration.training_set.export.reports.encoding import encode
from orchestration.training_set.export.reports.report import Report, ReportedBox, ReportedFinding

TID1500_READER = next((Path(dcmqi.__file__).parent / "bin").glob("tid1500reader*"))
PIXELMED = Path("/usr/share/java/pixelmed.jar")
IMAGE = ImageReference("1.2.3", "1.2.3.4", "1.2.3.4.5", "1.2.840.10008.5.1.4.1.1.1.2")
MASS = "has_malign_mass"
EMPTY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)


def a_finding(label: str = MASS, boxes: tuple[ReportedBox, ...] = (), readers: tuple[str, ...] = ("U1", "U2"),
              finding_id: str = "f") -> ReportedFinding:  # fmt: skip
    return ReportedFinding(finding_id, label, FINDING_CODES[label], IMPRESSION_CODES[label], readers, boxes)


def a_report(*findings: ReportedFinding) -> Report:
    return Report(IMAGE, findings, datetime(2024, 3, 2, 8, 30, 15, tzinfo=UTC), 2, 4)


BOXES = (ReportedBox(11, "U1", (10.5, 20.0, 300.0, 400.25)), ReportedBox(12, "U2", (12.0, 22.0, 310.0, 390.0)))
REPORT = a_report(a_finding(boxes=BOXES), a_finding("has_benign_microcalsifications", finding_id="g"))


def read_by_dcmqi(data: bytes, folder: Path) -> dict[str, Any]:
    """What DCMTK's classes for TID 1500 make of a report."""
    (folder / "report.dcm").write_bytes(data)
    command = [TID1500_READER, "--inputDICOM", folder / "report.dcm", "--outputMetadata", folder / "report.json"]
    subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def groups(data: bytes) -> list[pydicom.Dataset]:
    """The measurement groups, by pydicom alone."""
    (measurements,) = [item for item in pydicom.dcmread(BytesIO(data)).ContentSequence if item.ValueType == "CONTAINER"]
    return list(measurements.ContentSequence)


def items(group: pydicom.Dataset, code: str) -> list[pydicom.Dataset]:
    return [item for item in group.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == code]


def test_another_reader_finds_each_finding_and_box_with_its_codes(tmp_path: Path) -> None:
    read = read_by_dcmqi(encode(REPORT), tmp_path)
    seen = [
        (
            one["TrackingIdentifier"],
            one["Finding"]["CodeValue"],
            [e["conceptValue"]["CodeMeaning"] for e in one["qualitativeEvaluations"]
             if e["conceptCode"]["CodeMeaning"] == "Impression"],
        )
        for one in read["Measurements"]
    ]  # fmt: skip
    assert seen == [
        (f"{MASS} f", "129788004", ["Malignant"]),
        (f"{MASS} f box 11", "129788004", ["Malignant"]),
        (f"{MASS} f box 12", "129788004", ["Malignant"]),
        ("has_benign_microcalsifications g", "44771000", ["Benign"]),
    ]
    rule = read["Measurements"][0]["measurementAlgorithmIdentification"]
    assert rule["AlgorithmName"] == "double match"
    assert rule["AlgorithmParameters"] == ["min_matching_readers=2; scans_per_study=4"]
    assert "measurementAlgorithmIdentification" not in read["Measurements"][1], "a person drew the box"
    uids = [one["TrackingUniqueIdentifier"] for one in read["Measurements"]]
    assert len(set(uids)) == 4


def test_a_box_is_a_closed_line_on_the_image_by_the_reader_who_drew_it() -> None:
    finding, *drawn = groups(encode(a_report(a_finding(boxes=BOXES))))
    assert [item.TextValue for item in items(finding, "128774")] == ["U1", "U2"]
    assert items(finding, "121112")[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == IMAGE.uid
    for group, box in zip(drawn, BOXES, strict=True):
        assert [item.TextValue for item in items(group, "128774")] == [box.reader]
        (region,) = items(group, "111030")
        points = np.array(region.GraphicData).reshape(-1, 2)
        x, y, width, height = box.area
        assert region.GraphicType == "POLYLINE"
        assert (points[0] == points[-1]).all()
        assert points.min(axis=0).tolist() == [x, y]
        assert points.max(axis=0).tolist() == [x + width, y + height]
        (source,) = region.ContentSequence
        assert source.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == IMAGE.uid


def test_the_report_refers_to_its_image_and_names_no_patient() -> None:
    dataset = pydicom.dcmread(BytesIO(encode(REPORT)))
    assert dataset.StudyInstanceUID == IMAGE.study_uid
    (study,) = dataset.CurrentRequestedProcedureEvidenceSequence
    (series,) = study.ReferencedSeriesSequence
    (instance,) = series.ReferencedSOPSequence
    assert study.StudyInstanceUID == IMAGE.study_uid
    assert series.SeriesInstanceUID == IMAGE.series_uid
    assert (instance.ReferencedSOPClassUID, instance.ReferencedSOPInstanceUID) == (IMAGE.sop_class_uid, IMAGE.uid)
    for keyword in EMPTY:
        assert keyword in dataset
        assert not dataset[keyword].value
    assert {IMAGE.series_uid, IMAGE.uid}.isdisjoint({dataset.SeriesInstanceUID, dataset.SOPInstanceUID})


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is not installed")
def test_an_independent_validator_finds_no_error(tmp_path: Path) -> None:
    (tmp_path / "report.dcm").write_bytes(encode(REPORT))
    said = subprocess.run(["dciodvfy", "-new", tmp_path / "report.dcm"], capture_output=True, text=True, check=False)
    assert "ComprehensiveSR" in said.stderr
    assert [line for line in said.stderr.splitlines() if line.startswith("Error")] == []
    # Empty elements of the patient and study, our own coding scheme, and UTF-8, which its checker does not know.
    known = ("needed to build DICOMDIR", OWN_SCHEME, "does not support this Specific Character Set: ISO_IR 192")
    warnings = [line for line in said.stderr.splitlines() if line.startswith(("Warning", "W:"))]
    assert [line for line in warnings if not any(text in line for text in known)] == []


@pytest.mark.skipif(
    shutil.which("java") is None or not PIXELMED.exists(),
    reason="PixelMed's validator (Debian packages libpixelmed-java and default-jre-headless) is not installed",
)
def test_an_independent_validator_finds_that_the_content_follows_the_template(tmp_path: Path) -> None:
    (tmp_path / "report.dcm").write_bytes(encode(REPORT))
    # Its templates are larger than what Java compiles unless told.
    unlimited = [f"-Djdk.xml.{name}=0" for name in ("xpathTotalOpLimit", "xpathExprGrpLimit", "xpathExprOpLimit")]
    said = subprocess.run(
        ["java", *unlimited, "-cp", PIXELMED, "com.pixelmed.validate.DicomSRValidator", tmp_path / "report.dcm"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Found Root Template TID_1500 (MeasurementReport)" in said.stdout
    assert "Error" not in said.stdout


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dsrdump (Debian package dcmtk) is not installed")
@settings(max_examples=10)
@given(reader=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=90).filter(str.strip))
def test_a_reader_may_be_called_anything(reader: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    finding = a_finding(readers=(reader,), boxes=(replace(BOXES[0], reader=reader),))
    data = encode(a_report(finding))
    assert [item.TextValue for group in groups(data) for item in items(group, "128774")] == [reader, reader]
    folder = tmp_path_factory.mktemp("reader")
    (folder / "report.dcm").write_bytes(data)
    told = subprocess.run(["dsrdump", folder / "report.dcm"], capture_output=True, check=True)
    assert b"Comprehensive SR Document" in told.stdout


def test_a_label_without_codes_has_one_of_our_own(tmp_path: Path) -> None:
    finding = ReportedFinding("f", "has_cyst", ("has_cyst", OWN_SCHEME, "Cyst"), None, ("U1", "U2"), ())
    data = encode(a_report(finding))
    (read,) = read_by_dcmqi(data, tmp_path)["Measurements"]
    assert read["Finding"] == {"CodeValue": "has_cyst", "CodingSchemeDesignator": OWN_SCHEME, "CodeMeaning": "Cyst"}
    scheme = pydicom.dcmread(BytesIO(data)).CodingSchemeIdentificationSequence[0]
    assert scheme.CodingSchemeDesignator == OWN_SCHEME


def test_every_label_has_a_code_of_the_standard() -> None:
    schemes = {FINDING_CODES[label][1] for label in LABELS} | {(IMPRESSION_CODES[label] or "")[1] for label in LABELS}
    assert schemes == {"SCT"}


def test_the_same_report_has_the_same_bytes_in_any_process_at_any_time() -> None:
    program = f"import sys; from {__name__} import REPORT, encode; sys.stdout.buffer.write(encode(REPORT))"
    environment = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    root = Path(__file__).parents[4]
    again = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment, cwd=root)
    assert encode(REPORT) == again.stdout


def test_the_time_of_a_report_is_that_of_the_annotation_in_utc() -> None:
    elsewhere = replace(REPORT, annotated_at=REPORT.annotated_at.astimezone(timezone(timedelta(hours=-5))))
    dataset = pydicom.dcmread(BytesIO(encode(elsewhere)))
    assert (dataset.ContentDate, dataset.ContentTime) == ("20240302", "083015")
    assert dataset.TimezoneOffsetFromUTC == "+0000"


@pytest.mark.parametrize(
    "other",
    [
        a_report(a_finding(boxes=(BOXES[0],))),
        replace(REPORT, min_matching_readers=3),
        replace(REPORT, annotated_at=REPORT.annotated_at + timedelta(seconds=1)),
        a_report(a_finding(boxes=BOXES, readers=("U1", "U2", "U3"))),
    ],
    ids=["a box less", "another rule", "later", "another reader"],
)
def test_what_says_something_else_is_another_instance_of_the_same_series(other: Report) -> None:
    assert other.uid != REPORT.uid
    assert other.series_uid == REPORT.series_uid
    assert other.finding_uid(other.findings[0]) == REPORT.finding_uid(REPORT.findings[0])
