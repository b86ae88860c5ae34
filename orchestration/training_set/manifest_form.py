"""What ``manifest.parquet`` is called and what its columns are; needs no database, so that receivers can use it."""

import pyarrow as pa

MANIFEST = "manifest.parquet"

SCHEMA = pa.schema(
    [
        pa.field("finding_id", pa.string(), nullable=False, metadata={"description": "as in double_matched_findings"}),
        pa.field("label", pa.string(), nullable=False, metadata={"description": "the finding; also the folder"}),
        pa.field("scan_id", pa.string(), nullable=False, metadata={"description": "the scan; also the picture's stem"}),
        pa.field("path", pa.string(), nullable=False, metadata={"description": "the picture, below this folder"}),
        pa.field("sha256", pa.string(), nullable=False, metadata={"description": "of the picture's bytes"}),
        pa.field("size_bytes", pa.int64(), nullable=False, metadata={"description": "of the picture"}),
        pa.field("width", pa.int32(), nullable=False, metadata={"description": "of the picture, pixels"}),
        pa.field("height", pa.int32(), nullable=False, metadata={"description": "of the picture, pixels"}),
        pa.field("boxes_drawn", pa.int32(), nullable=False, metadata={"description": "boxes that can be seen"}),
        pa.field("source_image", pa.string(), nullable=False, metadata={"description": "path in the image store"}),
        pa.field("source_version", pa.string(), metadata={"description": "its version, or ETag, in the store"}),
        pa.field("source_sha256", pa.string(), nullable=False, metadata={"description": "of the image's bytes"}),
        pa.field("finding_hash", pa.string(), nullable=False, metadata={"description": "as in the mart, when drawn"}),
        pa.field("run_id", pa.string(), nullable=False, metadata={"description": "the run that drew the picture"}),
    ]
)
