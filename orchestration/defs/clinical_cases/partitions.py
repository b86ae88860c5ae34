"""One partition per year."""

import dagster as dg

FIRST_YEAR = "1990"  # full-field digital mammography came later

# With the year that is not over yet.
year_partitions = dg.TimeWindowPartitionsDefinition(start=FIRST_YEAR, fmt="%Y", cron_schedule="0 0 1 1 *", end_offset=1)
