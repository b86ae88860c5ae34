"""One partition per year."""

import dagster as dg

from orchestration.cases.names import FIRST_YEAR

# From the first year that a blob's name can hold, with the year that is not over yet. A fixed list needs no record of
# which years there are, which each of Dagster's instances would have to be told of.
year_partitions = dg.TimeWindowPartitionsDefinition(
    start=str(FIRST_YEAR), fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1
)
