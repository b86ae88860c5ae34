"""Reports in DICOM SR as part of an export."""

import sys
from io import BytesIO

import numpy as np
import pydicom
import pytest

from orchestration.training_set.export.publishing import remove_old
from orchestration.training_set.export.reports.encoding import ReportsMissingError
from orchestration.training_set.export.reports.making import MadeReports
from orchestration.training_set.export.selection import ExportOptions
from tests.dicom.dicoms import file_bytes, image_dataset
from tests.training_set.conftest import box
from tests.training_set.export.exporter import Exporter

WITH_REPORTS = ExportOptions(reports=True)


def mammogram(number: int, **elements: str) -> bytes:
    """A DICOM of 120 x 160 pixels, by which a patient is named."""
    pixels = np.random.default_rng(number).integers(0, 4096, (160, 120), dtype=np.uint16)
    uids = {"StudyInstanceUID": "1.2.9", "SeriesInstanceUID": f"1.2.9.{number}", "SOPInstanceUID": f"1.2.9.{number}.1"}
    return file_bytes(image_dataset(pixels, bits=12, **(uids | {"AccessionNumber": "SECRET"} | elements)))


def annotate(
    exporter: Exporter, scan: str, *readers: str, at: str | None = "2024-03-02 08:00+00", key: int = 0
) -> None:
    """What dbt's staging has of the annotations behind a scan's findings."""
    with exporter.project.database.connect() as connection:
        for reader in readers:
            connection.execute(
                "insert into staging.stg_annotations__annotations values (%s, %s, %s, %s)", [key, scan, reader, at]
            )


@pytest.fixture
def reporting(exporter: Exporter) -> Exporter:
    """An exporter whose options ask for reports."""
    with exporter.project.database.connect() as connection:
        connection.execute("create schema if not exists staging")
        connection.execute("create schema if not exists intermediate")
        connection.execute(
            "create table staging.stg_annotations__annotations "
            "(annotation_key integer, scan_id text, reader_id text, created_at timestamptz)"
        )
        connection.execute("create table intermediate.int_superseded_annotations (annotation_key integer)")
    exporter.options = WITH_REPORTS
    return exporter


@pytest.fixture
def reporting_anywhere(reporting: Exporter, exporter_anywhere: Exporter) -> Exporter:
    """Likewise, to each kind of place in turn."""
    exporter_anywhere.options = reporting.options
    return exporter_anywhere


def made(exporter: Exporter) -> MadeReports:
    reports = exporter.export().reports
    assert reports is not None
    return reports


def paths(exporter: Exporter) -> list[str]:
    return [file.path for file in exporter.generation.files if file.path.endswith(".dcm")]


def test_each_scan_that_is_a_dicom_has_a_report_and_others_are_counted(reporting_anywhere: Exporter) -> None:
    exporter = reporting_anywhere
    exporter.add("1", image=mammogram(1))
    exporter.add("2", image=mammogram(2), labels=["has_benign_mass", "has_malign_mass"], boxes=[])
    exporter.add("3")  # a PNG
    exporter.add("4", image=mammogram(4, SeriesInstanceUID=""))
    for scan in ("1", "2", "3", "4"):
        annotate(exporter, scan, "U1", "U2")
    first = made(exporter)
    assert (first.made, first.not_dicom, first.failures.count) == (2, 2, 0)
    assert paths(exporter) == ["reports/1.dcm", "reports/2.dcm"]
    boxes, whole = (pydicom.dcmread(BytesIO(exporter.read(path))) for path in paths(exporter))
    assert [report.uid for report in exporter.generation.reports] == [boxes.SOPInstanceUID, whole.SOPInstanceUID]
    assert str(boxes).count("'Image Region'") == 2
    assert str(whole).count("'Image Region'") == 0
    assert str(whole).count("'Measurement Group'") == 2, "findings without boxes are about the whole image"
    for path in paths(exporter):
        assert b"Curie" not in exporter.read(path)
        assert b"SECRET" not in exporter.read(path)


def test_running_again_makes_only_the_reports_that_say_something_else(reporting_anywhere: Exporter) -> None:
    exporter = reporting_anywhere
    for scan in ("1", "2", "3"):
        exporter.add(scan, image=mammogram(int(scan)))
        annotate(exporter, scan, "U1", "U2")
    assert made(exporter).made == 3
    before = {report.path: report.uid for report in exporter.generation.reports}
    again = exporter.export()
    assert again.changed is False
    assert again.reports is not None
    assert again.reports.made == 0

    exporter.project.add("2", boxes=[box(x=1)])
    changed = made(exporter)
    assert (changed.made, len(changed.listed)) == (1, 3)
    after = {report.path: report.uid for report in exporter.generation.reports}
    assert {path for path in after if after[path] != before[path]} == {"reports/2.dcm"}
    remove_old(exporter.place, 1)
    assert all(exporter.read(path) for path in paths(exporter))


def test_without_the_option_nothing_of_a_report_leaves(reporting: Exporter) -> None:
    reporting.options = ExportOptions()
    reporting.add("1", image=mammogram(1))
    assert reporting.export().reports is None
    assert paths(reporting) == []
    assert b"1.2.9" not in b"".join(reporting.read(file.path) for file in reporting.generation.files)


def test_the_latest_annotation_that_counts_gives_the_time(reporting: Exporter) -> None:
    reporting.add("1", image=mammogram(1))
    annotate(reporting, "1", "U1", at="2024-03-01 23:30-05")
    annotate(reporting, "1", "U2", at="2024-02-01 00:00+00")
    annotate(reporting, "1", "U2", at="infinity")
    annotate(reporting, "1", "U3", at="2025-01-01 00:00+00")  # does not agree
    annotate(reporting, "1", "U2", at="2026-01-01 00:00+00", key=7)
    with reporting.project.database.connect() as connection:
        connection.execute("insert into intermediate.int_superseded_annotations values (7)")
    assert made(reporting).made == 1
    report = pydicom.dcmread(BytesIO(reporting.read("reports/1.dcm")))
    assert (report.ContentDate, report.ContentTime) == ("20240302", "043000")


def test_a_scan_whose_annotations_have_no_time_stays_and_is_named(reporting: Exporter) -> None:
    reporting.add("1", image=mammogram(1))
    reporting.add("2", image=mammogram(2))
    annotate(reporting, "1", "U1", "U2", at=None)
    annotate(reporting, "2", "U1", "U2")
    reports = made(reporting)
    assert [(failure.item, failure.reason) for failure in reports.failures.shown] == [
        ("1", "it has no report: no annotation behind its findings has a time, and a report must have one")
    ]
    assert paths(reporting) == ["reports/2.dcm"]
    assert [scan["scan_id"] for scan in reporting.table("annotations/scans.parquet")] == ["1", "2"]


def test_the_extra_is_named_where_it_is_missing(reporting: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(ReportsMissingError, match=r"pip install 'doubleread\[reports\]'"):
        reporting.export()
