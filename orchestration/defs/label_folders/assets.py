"""One folder of annotated pictures per label."""

import dagster as dg

from orchestration.defs.label_folders.partitions import all_labels_in_one_run, label_partitions
from orchestration.defs.label_folders.preview import preview
from orchestration.defs.marts.assets import FINDINGS
from orchestration.defs.pools import TRAINING_SET
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting
from orchestration.defs.resources import AnnotationDatabaseResource, FoldersResource, ImageStoreResource
from orchestration.defs.scans.assets import retrieved_scans
from orchestration.training_set.label_folder import FolderReport, build_label_folder, drawing_workers


@dg.asset(
    pool=TRAINING_SET,
    deps=[FINDINGS, retrieved_scans],
    partitions_def=label_partitions,
    backfill_policy=all_labels_in_one_run,
    group_name="training_set",
    kinds={"image", "python"},
    metadata={"where a picture comes from": dg.MetadataValue.job("why", location_name="doubleread")},
    description=(
        "A folder of annotated pictures: one for each finding of double_matched_findings, showing the boxes of the "
        "readers who agree, and nothing else. One partition per label, one PNG per scan."
    ),
)
def label_folders(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    image_store: ImageStoreResource,
    folders: FoldersResource,
) -> None:
    """Draw what is new or changed, remove what is no longer matched, leave the rest alone."""
    database = annotation_database.open()
    with drawing_workers() as workers:
        for label in context.partition_keys:
            report = build_label_folder(
                database,
                label=label,
                store_url=image_store.url,
                training_set=folders.training_set_path,
                workers=workers,
                run_id=context.run_id,
                progress=logged_progress(context, label),
                on_wait=logged_waiting(context),
            )
            context.add_asset_metadata(
                _metadata(report, folders.training_set_path / label), asset_key=context.asset_key, partition_key=label
            )


def _metadata(report: FolderReport, folder: object) -> dict[str, dg.MetadataValue]:
    """What the page shows of one label's folder."""
    return {
        "findings": dg.MetadataValue.int(report.findings),
        "drawn": dg.MetadataValue.int(report.drawn),
        "untouched": dg.MetadataValue.int(report.untouched),
        "failed": dg.MetadataValue.int(report.failures.count),
        "removed": dg.MetadataValue.int(report.removed),
        "bytes written": dg.MetadataValue.int(report.bytes_written),
        "boxes drawn": dg.MetadataValue.int(report.boxes_drawn),
        "boxes clipped": dg.MetadataValue.int(report.boxes_clipped),
        "boxes skipped": dg.MetadataValue.int(report.boxes_skipped),
        "seconds": dg.MetadataValue.float(round(report.seconds, 3)),
        "folder": dg.MetadataValue.path(str(folder)),
        **preview(report.examples),
        **failures_table(report.failures),
    }
