"""Exports as a person makes them, from the real studies and from small ones."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pydicom
import pytest
from PIL import Image
from pycocotools.coco import COCO

from orchestration.labels import LABELS
from orchestration.training_set.export.layout import BOXES, SCANS
from tests.cli.conftest import Home, rows
from tests.cli.test_build import VIEWS
from tests.dicom.dicoms import file_bytes, image_dataset
from tests.training_set.export.loaders import RECORDS, classes_found, loaded, printed, streamed
from tests.training_set.export.yolo_format import checked_yolo

Studies = Callable[..., Path]


def test_real_mammograms_are_exported_without_paint(own: Home, shared_data: Path, tmp_path: Path) -> None:
    """28 findings on the 16 scans of four studies: each scan once, as it is in the store."""
    subprocess.run([sys.executable, shared_data / "mammograms" / "unpack.py", tmp_path / "data"], check=True)
    own.run("load", str(tmp_path / "data"))
    result = own.run("build")
    assert "for networks: " in result.stdout
    coco = COCO(str(own.training_set / "annotations" / "coco.json"))
    images = coco.loadImgs(coco.getImgIds())
    assert len(images) == 16
    assert sum(len(image["labels"]) for image in images) == 28
    for image in images:
        scan = int(image["scan_id"])
        source = tmp_path / "data" / "blobs" / "mmg" / f"{scan // 10:04d}" / f"{VIEWS[scan % 10]}.png"
        with Image.open(source) as theirs, Image.open(own.training_set / image["file_name"]) as ours:
            assert (np.asarray(theirs.convert("L")) == np.asarray(ours)).all()
    boxes = rows(own.settings, "select label, sum(box_count) from marts.double_matched_findings group by label")
    found = Counter(LABELS[one["category_id"] - 1] for one in coco.loadAnns(coco.getAnnIds()))
    assert found == {label: int(count) for label, count in boxes}
    first = (own.training_set / "export" / "current").readlink().name
    check_loaders(own.training_set / "export" / "current", images, tmp_path)
    assert "unchanged" in own.run("export").stdout
    result = own.run("export", "--webdataset", "--bits", "16", "--negatives", "--hard-cases", "--keep", "1")
    assert "1 older generations removed" in result.stdout
    second = (own.training_set / "export" / "current").resolve()
    assert second.name != first
    assert [path.name for path in second.parent.iterdir()] == [second.name]
    streams = streamed(sorted((second / "webdataset").glob("*.tar")), tmp_path)
    digests = {row["scan_id"]: row["sha256"] for row in pq.read_table(second / SCANS).to_pylist()}
    assert {described["scan_id"]: sha256 for _, _, sha256, described in streams} == digests
    verified = own.run("verify", "training_set").stdout
    assert "label folders: 28 pictures" in verified
    assert verified.endswith("training_set: right\n")


def check_loaders(folder: Path, images: list[dict[str, Any]], cache: Path) -> None:
    """What other loaders see of an export is what pycocotools saw."""
    sizes = {image["scan_id"]: [image["width"], image["height"]] for image in images}
    (splits,) = loaded(folder, cache=cache)
    assert {row["scan_id"]: row["image"][1:] for rows in splits.values() for row in rows} == sizes
    found: dict[str, set[str]] = {label: set() for label in LABELS}
    for side in splits:
        for label, samples in classes_found(folder / "classes" / side).items():
            assert all(list(size) == sizes[path.stem] for path, size in samples.items())
            found[label] |= {path.stem for path in samples}
    assert found == {label: {image["scan_id"] for image in images if label in image["labels"]} for label in LABELS}
    lines = checked_yolo(folder / "annotations" / "yolo" / "data.yaml")
    boxes = Counter(row["scan_id"] for row in pq.read_table(folder / BOXES).to_pylist())
    assert {scan: len(of_scan) for scan, of_scan in lines.items()} == {scan: boxes[scan] for scan in lines}
    described = printed(RECORDS, folder, folder=cache)
    assert described["errors"] == []
    assert {row["scans/scan_id"] for row in described["rows"]["scans"]} == set(sizes)
    assert len(described["rows"]["boxes"]) == sum(boxes.values())
    assert {row["images/scan_id"]: row["images/image"] for row in described["rows"]["images"]} == sizes


def test_settings_say_where_exports_go_and_what_they_hold(own: Home, write_studies: Studies, tmp_path: Path) -> None:
    own.settings |= {
        "DOUBLEREAD_EXPORT": str(tmp_path / "sets"),
        "DOUBLEREAD_EXPORT_WEBDATASET": "true",
        "DOUBLEREAD_SPLIT_RATIOS": "0,1,0",
    }
    own.run("load", str(write_studies(2)))
    assert str(tmp_path / "sets") in own.run("build").stdout
    current = tmp_path / "sets" / "current"
    assert set(pq.read_table(current / "annotations" / "scans.parquet")["side"].to_pylist()) == {"validation"}
    assert (current / "webdataset" / "index.parquet").is_file()
    assert not (own.training_set / "images").exists(), "they would lead nowhere"
    told = own.run("export", "--to", str(tmp_path / "other"), "--no-webdataset").stdout
    assert "8 scans (8 with findings), 8 findings, 16 boxes" in told
    assert f"its data card, for a browser: {tmp_path / 'other' / 'current' / 'index.html'}" in told
    assert not (tmp_path / "other" / "current" / "webdataset").exists()
    assert "share is off by" in own.run("splits", "suggest", "--candidates", "10").stdout


def test_reports_of_scans_that_are_dicoms_are_part_of_an_export(own: Home, write_studies: Studies) -> None:
    data = write_studies(2)
    for view in range(4):
        pixels = np.full((80, 60), 1000 + view, np.uint16)
        uids = {"StudyInstanceUID": "1.2.9", "SeriesInstanceUID": "1.2.9.1", "SOPInstanceUID": f"1.2.9.1.{view}"}
        (data / "blobs" / "mmg" / "0001" / f"{view}.png").write_bytes(file_bytes(image_dataset(pixels, **uids)))
    own.settings |= {"DOUBLEREAD_EXPORT_REPORTS": "true"}
    own.run("load", str(data))
    own.run("build")
    told = own.run("export").stdout
    assert "0 reports made, 4 kept" in told
    assert "4 scans with findings have no report: their image is no DICOM, or lacks a UID" in told
    current = own.training_set / "export" / "current"
    report = pydicom.dcmread(current / "reports" / "12.dcm")
    assert report.ContentDate == "20240101"
    study = report.CurrentRequestedProcedureEvidenceSequence[0]
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == "1.2.9.1.2"
    own.run("verify", str(own.training_set / "export"))
    own.run("export", "--no-reports")
    assert not (current / "reports").exists()


def test_a_scan_without_its_image_is_named_and_the_exit_status_is_1(own: Home, write_studies: Studies) -> None:
    data = write_studies(1)
    (data / "blobs" / "mmg" / "0001" / "2.png").unlink()
    own.run("load", str(data))
    assert "1 scans left out of the export" in own.run("build", status=1).stdout
    result = own.run("export", status=1)
    assert "12: its scan: not in the store" in result.stdout
    assert "3 scans (3 with findings)" in result.stdout
    metadata = (own.training_set / "images" / "metadata.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["scan_id"] for line in metadata) == ["10", "11", "13"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["export", "--bits", "12"], "--bits can be 8 or 16"),
        (["export", "--card", "nosuch.yml"], "DOUBLEREAD_EXPORT_CARD: nosuch.yml can't be read"),
        (["export", "--to", "ftp://host"], "must start with"),
        (["splits", "check", "nosuch.csv", "--patient", "id"], "name the side of the table"),
        (["splits", "check", "train=nosuch.csv", "--patient", "id"], "is no CSV or Parquet table"),
    ],
)
def test_wrong_usage_is_told_in_a_sentence(own: Home, arguments: list[str], message: str) -> None:
    result = own.run(*arguments, status=2)
    assert message in result.stdout + result.stderr


def test_patients_on_two_sides_are_found_in_tables_of_any_origin_and_named_by_their_rows(own: Home) -> None:
    (own.folder / "a.csv").write_text("who,x\nSecret^One,1\nSecret^Two,2\n")
    (own.folder / "b.csv").write_text("who,x\nSecret^Two,1\n")
    result = own.run("splits", "check", "train=a.csv", "test=b.csv", "--patient", "who", status=1)
    assert "row 1 of b.csv (test), row 2 of a.csv (train)" in result.stdout
    assert "3 rows, 2 patients, 1 on more than one side" in result.stdout
    assert "Secret" not in result.stdout + result.stderr
    assert "0 on more than one side" in own.run("splits", "check", "train=a.csv", "--patient", "who").stdout
