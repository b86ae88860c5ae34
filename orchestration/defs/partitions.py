"""All partitions of an asset in one run."""

import dagster as dg

# The names are Dagster's own, as its page shows them at a run; it has no public constants for them.
_START = "dagster/asset_partition_range_start"
_END = "dagster/asset_partition_range_end"


def in_one_run(partitions: dg.PartitionsDefinition) -> dict[str, str]:
    """The tags of a run that makes every partition there is now."""
    return {_START: str(partitions.get_first_partition_key()), _END: str(partitions.get_last_partition_key())}
