"""What Dagster loads; reads settings, needs no network."""

import dagster as dg

from orchestration.defs.archives import assets as archive_assets
from orchestration.defs.archives import checks as archive_checks
from orchestration.defs.archives.jobs import archives_job, archives_refresh
from orchestration.defs.archives.sources import archive_sources
from orchestration.defs.clinical_cases import assets as clinical_assets
from orchestration.defs.clinical_cases.jobs import clinical_job, clinical_refresh
from orchestration.defs.label_folders import assets as label_folder_assets
from orchestration.defs.label_folders import checks as label_folder_checks
from orchestration.defs.marts import assets as mart_assets
from orchestration.defs.raw.assets import raw_assets
from orchestration.defs.resources import make_resources, settings_at_start
from orchestration.defs.scans import assets as scan_assets
from orchestration.defs.scans import checks as scan_checks
from orchestration.defs.training_set import assets as training_set_assets
from orchestration.defs.training_set.jobs import changed_mart, folders_job, main_job, nightly

defs = dg.Definitions(
    assets=[
        *raw_assets,
        *archive_sources,
        *dg.load_assets_from_modules(
            [mart_assets, scan_assets, label_folder_assets, training_set_assets, clinical_assets, archive_assets]
        ),
    ],
    asset_checks=dg.load_asset_checks_from_modules([scan_checks, label_folder_checks, archive_checks]),
    jobs=[main_job, folders_job, clinical_job, archives_job],
    schedules=[nightly, clinical_refresh, archives_refresh],
    sensors=[changed_mart],
    resources=make_resources(settings_at_start()),
)
