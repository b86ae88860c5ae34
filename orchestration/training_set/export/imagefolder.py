"""Images in folders: ``splits/`` for ``datasets``' imagefolder, ``classes/`` for torchvision's ImageFolder.

https://huggingface.co/docs/datasets/image_dataset. Both hold links to the images. A scan with several labels lies in
several classes, as its pictures lie in several label folders; ``splits/`` has each scan once, with all of its labels.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from orchestration.labels import LABELS
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.generation import SIDES

METADATA = "metadata.jsonl"
NO_FINDING, HARD_CASE = "no_finding", "hard_case"


def metadata_file(side: str) -> str:
    """The file that lists a side's scans."""
    return f"splits/{side}/{METADATA}"


def write_imagefolder(folder: Path, scans: Sequence[ExportedScan]) -> dict[str, str]:
    """Write a list of scans for each side that has some; the links of both trees."""
    links = {}
    for side in SIDES:
        of_side = [scan for scan in scans if scan.side == side]
        if of_side:
            (folder / "splits" / side).mkdir(parents=True)
            lines = [orjson.dumps(described(scan), option=orjson.OPT_APPEND_NEWLINE) for scan in of_side]
            (folder / metadata_file(side)).write_bytes(b"".join(lines))
        for scan in of_side:
            links[f"splits/{side}/{scan.file_name}"] = scan.path
            for name in _classes(scan):
                links[f"classes/{side}/{name}/{scan.file_name}"] = scan.path
    return links


def described(scan: ExportedScan) -> dict[str, Any]:
    """A scan as a line of ``metadata.jsonl``: categories are the numbers of labels in the order of the project."""
    boxes = [(finding, box) for finding in scan.findings for box in finding.boxes]
    placed = [box.placed for _, box in boxes]
    return {
        "file_name": scan.file_name,
        "scan_id": scan.scan_id,
        "study_id": scan.study_id,
        "role": scan.role,
        "width": scan.image.width,
        "height": scan.image.height,
        "labels": scan.labels,
        "rejected": scan.disputed,
        "objects": {
            "id": [box.box_id for _, box in boxes],
            "bbox": [[box.x, box.y, box.width, box.height] for box in placed],
            "category": [LABELS.index(finding.label) for finding, _ in boxes],
            "reader": [box.reader for box in placed],
            "clipped": [box.clipped for box in placed],
        },
    }


def _classes(scan: ExportedScan) -> Sequence[str]:
    if scan.role == "finding":
        return scan.labels
    return [NO_FINDING if scan.role == "negative" else HARD_CASE]
