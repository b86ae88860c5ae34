"""What must hold of an export, checked on the generation itself."""

import dagster as dg

from orchestration.defs.reporting import no_failures
from orchestration.defs.resources import AnnotationDatabaseResource, ExportResource
from orchestration.defs.training_set_export.assets import training_set_export
from orchestration.training_set.export.records import failed_images
from orchestration.training_set.export.separation import divided_patients


@dg.asset_check(asset=training_set_export, description="No patient has studies on two of train, validation and test.")
def no_patient_is_on_two_sides(
    annotation_database: AnnotationDatabaseResource, exports: ExportResource
) -> dg.AssetCheckResult:
    """Compare the sides of the published generation with the patients of the raw tables and of the images' headers."""
    divided = divided_patients(annotation_database.open(), exports.destination())
    return dg.AssetCheckResult(
        passed=not divided,
        description=(
            f"{len(divided):,} patients have studies on two sides; materialize training_set_export again."
            if divided
            else "Every patient is on one side."
        ),
        metadata={"patients": len(divided), "studies of the first": dg.MetadataValue.json(divided[:100])},
    )


@dg.asset_check(asset=training_set_export, description="No scan was left out of the export.")
def no_scan_left_out(annotation_database: AnnotationDatabaseResource, exports: ExportResource) -> dg.AssetCheckResult:
    """Name the scans that have no clean image, and what to do."""
    failures = failed_images(annotation_database.open(), exports.url)
    return no_failures(
        failures,
        failed="scans are not in the export; the reasons are in doubleread.clean_images. Upload the missing images, "
        "replace those that can't be read, decide of those with text (doubleread text), then materialize "
        "retrieved_scans and training_set_export again.",
        fine="Every scan is in the export.",
        counted_as="left out",
    )
