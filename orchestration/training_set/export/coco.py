"""``annotations/coco.json`` and one file for each side: the format of the COCO data set, as pycocotools reads it.

https://cocodataset.org/#format-data. What COCO has no word for stands beside its fields under names of our own: readers
of COCO leave these alone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from orchestration.labels import CAPTIONS, LABELS
from orchestration.training_set.export.boxes import IDENTITY
from orchestration.training_set.export.exported import ExportedBox, ExportedFinding, ExportedScan
from orchestration.training_set.export.generation import SIDES, Side
from orchestration.training_set.export.layout import COCO, side_file

CATEGORY_IDS = {label: number for number, label in enumerate(LABELS, start=1)}


def write_coco(folder: Path, scans: Sequence[ExportedScan]) -> None:
    """Write all scans to one file, and those of each side to one."""
    (folder / "annotations" / "coco").mkdir(parents=True)
    lines = [_Lines.of(scan) for scan in scans]
    _write(folder / COCO, lines)
    for side in SIDES:
        _write(folder / side_file(side), [of_scan for of_scan in lines if of_scan.side == side])


@dataclass(frozen=True, slots=True)
class _Lines:
    """What a scan adds to the file of all scans and to that of its side."""

    side: Side
    image: bytes
    annotations: list[bytes]

    @classmethod
    def of(cls, scan: ExportedScan) -> "_Lines":
        return cls(scan.side, orjson.dumps(_image(scan)), [orjson.dumps(item) for item in _annotations(scan)])


def _write(path: Path, scans: Sequence[_Lines]) -> None:
    """An object at a line, so that a difference between two versions can be read."""
    categories = [
        {"id": number, "name": label, "supercategory": "finding", "caption": CAPTIONS[label]}
        for label, number in CATEGORY_IDS.items()
    ]
    with path.open("wb") as file:
        file.write(b'{\n"info": {"description": "double-matched findings of mammograms"},\n"licenses": [],\n')
        for name, items in (
            (b"categories", map(orjson.dumps, categories)),
            (b"images", (scan.image for scan in scans)),
            (b"annotations", (line for scan in scans for line in scan.annotations)),
        ):
            file.write(b'"%s": [' % name)
            _write_lines(file, items)
            file.write(b"]\n}\n" if name == b"annotations" else b"],\n")


def _write_lines(file: BinaryIO, items: Iterable[bytes]) -> None:
    separator = b"\n"
    for item in items:
        file.write(separator)
        file.write(item)
        separator = b",\n"
    file.write(b"\n")


def _image(scan: ExportedScan) -> dict[str, Any]:
    """An entry of ``images``: COCO's own fields, then ours."""
    return {
        "id": scan.number,
        "file_name": scan.path,
        "width": scan.clean.width,
        "height": scan.clean.height,
        "scan_id": scan.scan_id,
        "study_id": scan.study_id,
        "side": scan.side,
        "role": scan.role,
        "labels": scan.labels,
        "rejected": scan.disputed,
        "to_source": IDENTITY,
        "from_source": IDENTITY,
    }


def _annotations(scan: ExportedScan) -> Iterator[dict[str, Any]]:
    for finding in scan.findings:
        for box in finding.boxes:
            yield _annotation(scan, finding, box)


def _annotation(scan: ExportedScan, finding: ExportedFinding, box: ExportedBox) -> dict[str, Any]:
    """An entry of ``annotations``: one box, with COCO's own fields first."""
    placed = box.placed
    return {
        "id": box.box_id,
        "image_id": scan.number,
        "category_id": CATEGORY_IDS[finding.label],
        "bbox": [placed.x, placed.y, placed.width, placed.height],
        "area": placed.width * placed.height,
        "iscrowd": 0,
        "segmentation": [],
        "reader": placed.reader,
        "finding_id": finding.finding_id,
        "clipped": placed.clipped,
        "source_bbox": placed.source,
    }
