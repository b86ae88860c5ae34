"""A standing check that stays red while a complete case has no folder."""

import dagster as dg

from orchestration.cases.folders import cases_without_folder
from orchestration.defs.clinical_cases.assets import clinical_case_folders
from orchestration.defs.reporting import no_failures
from orchestration.defs.resources import AnnotationDatabaseResource, FoldersResource


@dg.asset_check(
    asset=clinical_case_folders,
    description="Every complete case has a folder, in each year of which cases were saved.",
)
def every_complete_case_has_its_folder(
    annotation_database: AnnotationDatabaseResource, folders: FoldersResource
) -> dg.AssetCheckResult:
    """Name the cases that the mart calls complete and that have no folder."""
    missing = cases_without_folder(annotation_database.open(), folders.cases_path)
    return no_failures(
        missing,
        failed="complete cases have no folder; the materialization of their year says why. Mend that, then materialize "
        "the year again.",
        fine="Every complete case has its folder.",
        counted_as="without folder",
    )
