"""Partitions of UIDs: 256, whatever the number of archives."""

import dagster as dg

from orchestration.archives.reassembly import PARTITIONS
from orchestration.defs.partitions import in_one_run

# By the hash of the UID alone (see partition_of), so that a header and its pixels are in one partition wherever they
# lie, and each partition reads its own part of the index.
uid_partitions = dg.StaticPartitionsDefinition(list(PARTITIONS))

# Those that are asked for in one run: each image archive holds pixels of nearly every partition, and one run reads it
# for all of them by the same few workers.
all_partitions_in_one_run = dg.BackfillPolicy.single_run()

ALL_PARTITIONS_TAGS = in_one_run(uid_partitions)
