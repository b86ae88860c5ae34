"""What must hold of the folders, checked on the files themselves."""

import dagster as dg

from orchestration.defs.label_folders.assets import label_folders
from orchestration.defs.reporting import failures_table, no_failures
from orchestration.defs.resources import AnnotationDatabaseResource, FoldersResource, ImageStoreResource
from orchestration.training_set.failures import failed_pictures
from orchestration.training_set.label_folder import drawing_workers
from orchestration.training_set.verification import find_orphans, verify_pictures


@dg.asset_check(
    asset=label_folders,
    description="Every row of double_matched_findings has a picture that decodes and matches its hash.",
)
def every_finding_has_its_picture(
    annotation_database: AnnotationDatabaseResource, image_store: ImageStoreResource, folders: FoldersResource
) -> dg.AssetCheckResult:
    """Read the pictures that were not read since they were drawn or touched."""
    with drawing_workers() as workers:
        report = verify_pictures(
            annotation_database.open(),
            store_url=image_store.url,
            training_set=folders.training_set_path,
            workers=workers,
        )
    return dg.AssetCheckResult(
        passed=report.failures.count == 0,
        description=(
            f"{report.failures.count:,} of {report.findings:,} findings have no right picture; materialize "
            "label_folders again."
            if report.failures.count
            else f"All {report.findings:,} findings have theirs."
        ),
        metadata={"findings": report.findings, "pictures read": report.read, **failures_table(report.failures)},
    )


@dg.asset_check(asset=label_folders, description="Nothing lies in the folders that is no finding's picture.")
def no_orphan(annotation_database: AnnotationDatabaseResource, folders: FoldersResource) -> dg.AssetCheckResult:
    """Name what lies in the folders and belongs to no finding."""
    orphans = find_orphans(annotation_database.open(), folders.training_set_path)
    return dg.AssetCheckResult(
        passed=not orphans,
        description=(
            f"{len(orphans):,} entries are no finding's picture; materialize label_folders again, and remove folders "
            "among them by hand."
            if orphans
            else "The folders hold nothing but pictures of findings."
        ),
        metadata={"orphans": len(orphans), "first": dg.MetadataValue.json(orphans[:100])},
    )


@dg.asset_check(asset=label_folders, description="No finding was left without a picture.")
def no_finding_left_failed(
    annotation_database: AnnotationDatabaseResource, folders: FoldersResource
) -> dg.AssetCheckResult:
    """Name the findings whose picture could not be drawn, and what to do."""
    failures = failed_pictures(annotation_database.open(), folders.training_set_path)
    return no_failures(
        failures,
        failed="findings have no picture; the reasons are in doubleread.pictures. Replace the images that can't be "
        "read, mend the ids that can't name a file, then materialize retrieved_scans and label_folders again.",
        fine="Every picture was drawn.",
    )
