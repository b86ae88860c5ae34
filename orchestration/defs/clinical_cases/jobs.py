"""The job that refreshes index, reports and mart, and the schedule that starts it."""

import dagster as dg

from orchestration.defs.clinical_cases.assets import clinical_index, clinical_reports
from orchestration.defs.marts.assets import CLINICAL_SELECTION

clinical_job = dg.define_asset_job(
    "clinical_job",
    selection=CLINICAL_SELECTION | dg.AssetSelection.assets(clinical_index, clinical_reports),
    description="The index of clinical images, the reports, and the mart of cases.",
)

clinical_refresh = dg.ScheduleDefinition(
    name="clinical_refresh",
    job=clinical_job,
    cron_schedule="0 * * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Index, reports and mart, every hour; off until switched on.",
)
