"""Where the flow begins: the files that imaging devices write."""

import dagster as dg

FILES = dg.AssetKey("device_files")

device_files = dg.AssetSpec(
    FILES,
    group_name="raw",
    kinds={"json"},
    description="The JSON files that imaging devices write below DOUBLEREAD_MEASUREMENTS. One file per delivery.",
)
