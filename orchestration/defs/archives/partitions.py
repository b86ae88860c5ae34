"""Batches of image archives: 256 partitions, whatever the number of archives."""

import dagster as dg
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from orchestration.archives.reassembly import PARTITIONS

# By the archive's name alone (see partition_of). With 3 million archives each has 12,000, some hours of work.
image_archive_partitions = dg.StaticPartitionsDefinition(list(PARTITIONS))

# Those that are asked for in one run: joining headers with pixels reads the whole index, for one partition or for all.
all_partitions_in_one_run = dg.BackfillPolicy.single_run()

ALL_PARTITIONS_TAGS = {
    ASSET_PARTITION_RANGE_START_TAG: PARTITIONS[0],
    ASSET_PARTITION_RANGE_END_TAG: PARTITIONS[-1],
}
