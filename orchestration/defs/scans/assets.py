"""The scans that findings need, as verified copies on this machine."""

import dagster as dg

from orchestration.defs.marts.assets import FINDINGS
from orchestration.defs.pools import TRAINING_SET
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting
from orchestration.defs.resources import AnnotationDatabaseResource, FoldersResource, ImageStoreResource
from orchestration.training_set.scans import retrieve_scans


@dg.asset(
    pool=TRAINING_SET,
    deps=[FINDINGS, "image_store"],
    group_name="training_set",
    kinds={"image"},
    description=(
        "Verified copies of the images that double_matched_findings names; what became of each is in the table "
        "doubleread.retrieved_scans. One file per image."
    ),
)
def retrieved_scans(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    image_store: ImageStoreResource,
    folders: FoldersResource,
) -> dg.MaterializeResult[None]:
    """Fetch what is new or changed in the store; an image that can't be fetched fails its own findings only."""
    report = retrieve_scans(
        annotation_database.open(),
        image_store.open(),
        folders.scans_path,
        run_id=context.run_id,
        progress=logged_progress(context, "scans"),
        on_wait=logged_waiting(context),
    )
    return dg.MaterializeResult(
        metadata={
            "images": report.images,
            "fetched": report.fetched,
            "already here": report.already_here,
            "failed": report.failures.count,
            "bytes fetched": report.bytes_fetched,
            "attempts": report.attempts,
            "seconds": round(report.seconds, 3),
            "folder": dg.MetadataValue.path(str(folders.scans_path)),
            **failures_table(report.failures),
        }
    )
