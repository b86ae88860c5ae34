"""``annotations/scans.parquet`` and ``annotations/boxes.parquet``: what an export holds, for those who query."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.training_set.export.boxes import IDENTITY
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.layout import BOXES, BOXES_SCHEMA, SCANS, SCANS_SCHEMA

ROWS_A_GROUP = 50_000


def write_tables(folder: Path, scans: Sequence[ExportedScan]) -> None:
    """Write both tables, with the labels' findings that have no boxes in the first one only."""
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    _write(folder / SCANS, SCANS_SCHEMA, [_scan(scan) for scan in scans])
    _write(folder / BOXES, BOXES_SCHEMA, [row for scan in scans for row in _boxes(scan)])


def _write(path: Path, schema: pa.Schema, rows: list[dict[str, object]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=ROWS_A_GROUP, compression="zstd")


def _scan(scan: ExportedScan) -> dict[str, object]:
    """The row of a scan, as ``SCANS_SCHEMA`` has its columns."""
    image = scan.clean
    return {
        "scan_id": scan.scan_id,
        "image_id": scan.number,
        "study_id": scan.study_id,
        "group_id": scan.group_id,
        "side": scan.side,
        "role": scan.role,
        "labels": scan.labels,
        "finding_ids": [finding.finding_id for finding in scan.findings],
        "rejected": scan.disputed,
        "path": scan.path,
        "sha256": image.sha256,
        "size_bytes": image.size_bytes,
        "width": image.width,
        "height": image.height,
        "bits": image.sample_bits,
        "channels": image.channels,
        "value_offset": image.value_offset,
        "inverted": image.inverted,
        "source_sha256": scan.source_sha256,
        "to_source": IDENTITY,
        "from_source": IDENTITY,
    }


def _boxes(scan: ExportedScan) -> list[dict[str, object]]:
    """The rows of a scan's boxes, as ``BOXES_SCHEMA`` has their columns."""
    return [
        {
            "box_id": box.box_id,
            "scan_id": scan.scan_id,
            "study_id": scan.study_id,
            "side": scan.side,
            "finding_id": finding.finding_id,
            "finding_hash": finding.finding_hash,
            "label": finding.label,
            "reader": box.placed.reader,
            "x": box.placed.x,
            "y": box.placed.y,
            "width": box.placed.width,
            "height": box.placed.height,
            "clipped": box.placed.clipped,
            **dict(zip(("source_x", "source_y", "source_width", "source_height"), box.placed.source, strict=True)),
        }
        for finding in scan.findings
        for box in finding.boxes
    ]
