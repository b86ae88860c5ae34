"""The job that leads from the archives to DICOMs and the explanation of the rest, and the schedule that starts it."""

import dagster as dg

from orchestration.defs.archives.assets import GROUP
from orchestration.defs.archives.partitions import ALL_PARTITIONS_TAGS
from orchestration.defs.marts.assets import archive_index_models, models_and_tests, reassembly_models

archives_job = dg.define_asset_job(
    "archives_job",
    selection=models_and_tests(archive_index_models, reassembly_models) | dg.AssetSelection.groups(GROUP),
    description="The index of archives, the DICOMs of all partitions, and the mart of members that are in none.",
)


@dg.schedule(
    job=archives_job,
    cron_schedule="0 4 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Index, DICOMs and mart, every night at four; off until switched on.",
)
def archives_refresh() -> dg.RunRequest:
    """Ask for all partitions in one run."""
    return dg.RunRequest(tags=ALL_PARTITIONS_TAGS)
