"""Where the flow begins: a partner's archives, which others write."""

import dagster as dg

TEXT = dg.AssetKey("text_archives")
IMAGE = dg.AssetKey("image_archives")

archive_sources = [
    dg.AssetSpec(
        TEXT,
        group_name="raw",
        kinds={"tar"},
        description="Tar archives of headers as DICOM JSON, below DOUBLEREAD_TEXT_ARCHIVES. One member per DICOM.",
    ),
    dg.AssetSpec(
        IMAGE,
        group_name="raw",
        kinds={"tar"},
        description="Tar archives of pixel data, below DOUBLEREAD_IMAGE_ARCHIVES. One member per DICOM.",
    ),
]
