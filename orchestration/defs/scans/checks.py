"""A standing check that stays red while an image that a finding needs is missing."""

import dagster as dg

from orchestration.defs.reporting import no_failures
from orchestration.defs.resources import AnnotationDatabaseResource, ImageStoreResource
from orchestration.defs.scans.assets import retrieved_scans
from orchestration.training_set.failures import failed_scans


@dg.asset_check(asset=retrieved_scans, description="Every image that a finding needs was retrieved.")
def no_scan_left_failed(
    annotation_database: AnnotationDatabaseResource, image_store: ImageStoreResource
) -> dg.AssetCheckResult:
    """Name the images that are missing, and what to do."""
    failures = failed_scans(annotation_database.open(), image_store.url)
    return no_failures(
        failures,
        failed="images could not be retrieved. Upload the missing images to the store or mend their path in "
        "mmgscans_mmgscan, then materialize retrieved_scans and label_folders again; what succeeded is not fetched "
        "again.",
        fine="Every image was retrieved.",
    )
