"""Batches of image archives: 256 partitions, whatever the number of archives."""

import dagster as dg

from orchestration.archives.reassembly import PARTITIONS
from orchestration.defs.partitions import in_one_run

# By the archive's name alone (see partition_of). With 3 million archives each has 12,000, some hours of work.
image_archive_partitions = dg.StaticPartitionsDefinition(list(PARTITIONS))

# Those that are asked for in one run: joining headers with pixels reads the whole index, for one partition or for all.
all_partitions_in_one_run = dg.BackfillPolicy.single_run()

ALL_PARTITIONS_TAGS = in_one_run(image_archive_partitions)
