"""``annotations/scans.parquet`` and ``annotations/boxes.parquet``: what an export holds, for those who query."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.training_set.export.boxes import IDENTITY
from orchestration.training_set.export.exported import ExportedScan

SCANS = "annotations/scans.parquet"
BOXES = "annotations/boxes.parquet"
ROWS_A_GROUP = 50_000


def _field(name: str, kind: pa.DataType, description: str) -> pa.Field:
    return pa.field(name, kind, nullable=False, metadata={"description": description})


_DISPUTED = pa.list_(pa.struct([pa.field("label", pa.string()), pa.field("reason", pa.string())]))
SCANS_SCHEMA = pa.schema(
    [
        _field("scan_id", pa.string(), "the scan; also the image's stem"),
        _field("image_id", pa.int64(), "its number in COCO"),
        _field("study_id", pa.string(), "the study of the scan"),
        _field("group_id", pa.string(), "the same for all studies of one patient, where the patient is known"),
        _field("side", pa.string(), "train, validation or test"),
        _field("role", pa.string(), "finding, negative or hard_case"),
        _field("labels", pa.list_(pa.string()), "double-matched labels of the study"),
        _field("finding_ids", pa.list_(pa.string()), "the findings, in the order of the labels"),
        _field("rejected", _DISPUTED, "labels that some reader calls true and that are not double-matched"),
        _field("path", pa.string(), "the image, below the generation"),
        _field("sha256", pa.string(), "of the image's bytes"),
        _field("size_bytes", pa.int64(), "of the image"),
        _field("width", pa.int32(), "of the image, pixels"),
        _field("height", pa.int32(), "of the image, pixels"),
        _field("bits", pa.int32(), "of a sample, 8 or 16"),
        _field("channels", pa.int32(), "1 of grey, 3 of RGB"),
        _field("value_offset", pa.int32(), "what added to a sample gives the stored value; 0 unless 16 bits, signed"),
        _field("inverted", pa.bool_(), "whether greater samples are darker; only with stored values"),
        _field("source_sha256", pa.string(), "of the image as the store had it"),
        _field("to_source", pa.list_(pa.float64(), 6), "a, b, c, d, e, f: x' = a x + b y + c, y' = d x + e y + f"),
        _field("from_source", pa.list_(pa.float64(), 6), "the inverse of to_source"),
    ]
)
BOXES_SCHEMA = pa.schema(
    [
        _field("box_id", pa.int64(), "its number in COCO"),
        _field("scan_id", pa.string(), "the scan"),
        _field("study_id", pa.string(), "the study of the scan"),
        _field("side", pa.string(), "train, validation or test"),
        _field("finding_id", pa.string(), "as in double_matched_findings"),
        _field("finding_hash", pa.string(), "as in double_matched_findings"),
        _field("label", pa.string(), "the finding"),
        _field("reader", pa.string(), "who drew it"),
        _field("x", pa.float64(), "left edge, pixels of the image"),
        _field("y", pa.float64(), "upper edge, pixels of the image"),
        _field("width", pa.float64(), "pixels"),
        _field("height", pa.float64(), "pixels"),
        _field("clipped", pa.bool_(), "whether the image's edge cut some of it off"),
        _field("source_x", pa.float64(), "as the reader drew it, pixels of the source"),
        _field("source_y", pa.float64(), "as the reader drew it"),
        _field("source_width", pa.float64(), "as the reader drew it; below zero where drawn leftwards"),
        _field("source_height", pa.float64(), "as the reader drew it; below zero where drawn upwards"),
    ]
)


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
