"""``annotations/yolo/``: the format that Ultralytics' and other YOLO trainers read.

https://docs.ultralytics.com/datasets/detect/. A label file's line is a class and a box's centre and size, as shares of
the image. An image without lines teaches that there is nothing, so scans of which boxes do not tell the truth are in no
list: those with a finding that has no box, and hard cases.
"""

from collections.abc import Sequence
from pathlib import Path

import yaml

from orchestration.labels import LABELS
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import IMAGES, YOLO

CLASSES = {label: number for number, label in enumerate(LABELS)}
LINKS = {f"{YOLO}/{IMAGES}": IMAGES}  # trainers find an image's labels by putting "labels" where its path has "images"


def write_yolo(folder: Path, scans: Sequence[ExportedScan]) -> dict[str, str]:
    """Write ``data.yaml``, a list of images for each side, and a label file for each image of a list; the links."""
    yolo = folder / YOLO
    (yolo / "labels").mkdir(parents=True)
    listed = [scan for scan in scans if is_listed(scan)]
    for scan in listed:
        (yolo / "labels" / f"{scan.scan_id}.txt").write_text("".join(_lines(scan)), encoding="utf-8")
    for side in SIDES:
        lines = [f"./{IMAGES}/{scan.file_name}\n" for scan in listed if scan.side == side]
        (yolo / f"{side}.txt").write_text("".join(lines), encoding="utf-8")
    data = {
        "train": "train.txt",
        "val": "validation.txt",
        "test": "test.txt",
        "names": {number: label for label, number in CLASSES.items()},
    }
    (yolo / "data.yaml").write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return LINKS


def is_listed(scan: ExportedScan) -> bool:
    """Whether the boxes of a scan tell a detector the truth."""
    return scan.role != "hard_case" and not scan.lacks_boxes


def _lines(scan: ExportedScan) -> list[str]:
    width, height = scan.clean.width, scan.clean.height
    return [
        f"{CLASSES[finding.label]} {(box.x + box.width / 2) / width!r} {(box.y + box.height / 2) / height!r} "
        f"{box.width / width!r} {box.height / height!r}\n"
        for finding in scan.findings
        for box in (numbered.placed for numbered in finding.boxes)
    ]
