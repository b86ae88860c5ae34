"""Where the flow begins: the hospital's two tables and its image store, which others write."""

import dagster as dg

raw_assets = [
    dg.AssetSpec(
        ["raw", "mmgscans_mmgscan"],
        group_name="raw",
        kinds={"postgres"},
        description="The scans as the annotation database holds them. One row per scan.",
    ),
    dg.AssetSpec(
        ["raw", "mmgscans_mmgscanannotation"],
        group_name="raw",
        kinds={"postgres"},
        description="What a reader said about a scan, every version of it. One row per annotation.",
    ),
    dg.AssetSpec(
        "image_store",
        group_name="raw",
        kinds={"image"},
        description="The mammograms where the hospital keeps them, below DOUBLEREAD_IMAGES. One object per scan.",
    ),
]
