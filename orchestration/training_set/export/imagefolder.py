"""Images in folders: for ``datasets``' imagefolder and for torchvision's ImageFolder.

https://huggingface.co/docs/datasets/image_dataset. ``images/metadata.jsonl`` describes every image; ``splits/`` has a
folder for each side, and ``classes/`` one for each side and label, with links to the images. A scan with several labels
lies in several classes, as its pictures lie in several label folders.

``datasets`` takes the types of a JSON file from its beginning, and refuses sides whose types differ, as those of a list
that is always empty do. So the file begins with the images that fill most lists, and sides have Parquet files, which
say their types.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.labels import LABELS
from orchestration.training_set.export.exported import ExportedBox, ExportedScan
from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import (
    HARD_CASE,
    IMAGES,
    METADATA,
    METADATA_SCHEMA,
    NO_FINDING,
    metadata_file,
)


def write_imagefolder(folder: Path, scans: Sequence[ExportedScan]) -> dict[str, str]:
    """Describe the images, together and for each side that has some; the links of the folders."""
    (folder / IMAGES).mkdir(exist_ok=True)
    rows = {scan.scan_id: described(scan) for scan in scans}
    fullest = sorted(scans, key=lambda scan: -bool(scan.rejected) - bool(_boxes(scan)))
    lines = [orjson.dumps(rows[scan.scan_id], option=orjson.OPT_APPEND_NEWLINE) for scan in fullest]
    (folder / METADATA).write_bytes(b"".join(lines))
    links = {}
    for side in SIDES:
        of_side = [scan for scan in scans if scan.side == side]
        if of_side:
            (folder / metadata_file(side)).parent.mkdir(parents=True)
            table = pa.Table.from_pylist([rows[scan.scan_id] for scan in of_side], METADATA_SCHEMA)
            pq.write_table(table, folder / metadata_file(side), compression="zstd")
        for scan in of_side:
            links[f"splits/{side}/{scan.file_name}"] = scan.path
            for name in _classes(scan):
                links[f"classes/{side}/{name}/{scan.file_name}"] = scan.path
    return links


def described(scan: ExportedScan) -> dict[str, Any]:
    """An image as ``METADATA_SCHEMA`` has it: categories are the numbers of labels in the order of the project."""
    boxes = _boxes(scan)
    return {
        "file_name": scan.file_name,
        "scan_id": scan.scan_id,
        "study_id": scan.study_id,
        "side": scan.side,
        "role": scan.role,
        "width": scan.clean.width,
        "height": scan.clean.height,
        "labels": scan.labels,
        "rejected": scan.disputed,
        "objects": {
            "id": [box.box_id for _, box in boxes],
            "bbox": [[box.placed.x, box.placed.y, box.placed.width, box.placed.height] for _, box in boxes],
            "category": [LABELS.index(label) for label, _ in boxes],
            "reader": [box.placed.reader for _, box in boxes],
            "clipped": [box.placed.clipped for _, box in boxes],
        },
    }


def _boxes(scan: ExportedScan) -> list[tuple[str, ExportedBox]]:
    return [(finding.label, box) for finding in scan.findings for box in finding.boxes]


def _classes(scan: ExportedScan) -> Sequence[str]:
    if scan.role == "finding":
        return scan.labels
    return [NO_FINDING if scan.role == "negative" else HARD_CASE]
