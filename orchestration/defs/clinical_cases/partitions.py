"""One partition per year."""

import dagster as dg

# Nobody made a mammogram before 1913; scanned films of any age have a partition. A fixed list needs no record of
# which years there are, which each of Dagster's instances would have to be told of.
FIRST_YEAR = "1900"

# With the year that is not over yet.
year_partitions = dg.TimeWindowPartitionsDefinition(start=FIRST_YEAR, fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1)
