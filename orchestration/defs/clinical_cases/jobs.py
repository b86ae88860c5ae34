"""The jobs that refresh the index of clinical cases and save their folders, and the schedules that start them."""

import dagster as dg

from orchestration.defs.clinical_cases.assets import clinical_case_folders, clinical_index, clinical_reports
from orchestration.defs.clinical_cases.partitions import year_partitions
from orchestration.defs.marts.assets import clinical_models, models_and_tests
from orchestration.defs.partitions import in_one_run

clinical_job = dg.define_asset_job(
    "clinical_job",
    selection=models_and_tests(clinical_models) | dg.AssetSelection.assets(clinical_index, clinical_reports),
    description="The index of clinical images, the reports, and the mart of cases.",
)

case_folders_job = dg.define_asset_job(
    "case_folders_job",
    selection=dg.AssetSelection.assets(clinical_case_folders),
    description="From the mart of cases as it is: a folder for each complete case of the chosen years.",
)

clinical_refresh = dg.ScheduleDefinition(
    name="clinical_refresh",
    job=clinical_job,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Index, reports and mart, every hour; off until switched on.",
)


@dg.schedule(
    job=case_folders_job,
    cron_schedule="0 5 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="The folders of the cases of all years, every night at five; off until switched on.",
)
def case_folders_refresh() -> dg.RunRequest:
    """Ask for all years in one run."""
    return dg.RunRequest(tags=in_one_run(year_partitions))
