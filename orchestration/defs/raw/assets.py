"""The image store as an external asset; the raw tables come as sources of the dbt project."""

import dagster as dg

image_store = dg.AssetSpec(
    "image_store",
    group_name="raw",
    kinds={"image"},
    description="The mammograms where the hospital keeps them, below DOUBLEREAD_IMAGES. One object per scan.",
)
