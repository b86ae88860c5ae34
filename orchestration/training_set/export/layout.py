"""Where the files of a generation lie and what the columns of its tables are, for those who write and who verify them.

Knows no database and none of the project's labels: a receiver has neither.
"""

import tarfile

import pyarrow as pa

IMAGES = "images"
COCO = "annotations/coco.json"
YOLO = "annotations/yolo"
METADATA = f"{IMAGES}/metadata.jsonl"
NO_FINDING, HARD_CASE = "no_finding", "hard_case"
WEBDATASET = "webdataset"
INDEX = "webdataset/index.parquet"
SHARDS = "webdataset/shards.json"
SCANS = "annotations/scans.parquet"
BOXES = "annotations/boxes.parquet"
CARD_FACTS = "card.json"
CROISSANT = "croissant.json"
DESCRIBED = (SCANS, BOXES, COCO)  # by croissant.json, with their digests
TAR_BLOCK = tarfile.BLOCKSIZE
TAR_RECORD = tarfile.RECORDSIZE  # a tar file is filled up to a multiple of it


def side_file(side: str) -> str:
    """The file of one side's scans."""
    return f"annotations/coco/{side}.json"


def metadata_file(side: str) -> str:
    """The file that describes a side's images."""
    return f"splits/{side}/metadata.parquet"


def sample_key(number: int) -> str:
    """The name of a scan's sample in a shard, without a dot, which WebDataset would take for an ending's beginning."""
    return f"{number:013x}"


def member_header(name: str, size_bytes: int) -> bytes:
    """What stands in a shard before the content of a member (ustar): no time and no owner."""
    info = tarfile.TarInfo(name)
    info.size = size_bytes
    return info.tobuf(tarfile.USTAR_FORMAT)


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
METADATA_SCHEMA = pa.schema(
    {
        "file_name": pa.string(),
        "scan_id": pa.string(),
        "study_id": pa.string(),
        "side": pa.string(),
        "role": pa.string(),
        "width": pa.int64(),
        "height": pa.int64(),
        "labels": pa.list_(pa.string()),
        "rejected": pa.list_(pa.struct({"label": pa.string(), "reason": pa.string()})),
        "objects": pa.struct(
            {
                "id": pa.list_(pa.int64()),
                "bbox": pa.list_(pa.list_(pa.float64())),
                "category": pa.list_(pa.int64()),
                "reader": pa.list_(pa.string()),
                "clipped": pa.list_(pa.bool_()),
            }
        ),
    }
)
INDEX_SCHEMA = pa.schema(
    {
        "key": pa.string(),
        "scan_id": pa.string(),
        "shard": pa.string(),
        "member": pa.string(),
        "byte_offset": pa.int64(),
        "size_bytes": pa.int64(),
    }
)
