"""Exports: clean images with annotations, a generation at a time."""

import dagster as dg

from orchestration.defs.label_folders.assets import label_folders
from orchestration.defs.pools import TRAINING_SET
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting
from orchestration.defs.resources import AnnotationDatabaseResource, ExportResource, FoldersResource, ImageStoreResource
from orchestration.training_set.export.card.page import PAGE
from orchestration.training_set.export.exporting import ExportReport, export, export_workers
from orchestration.training_set.export.generation import GENERATIONS
from orchestration.training_set.export.publishing import link_beside_label_folders
from orchestration.urls import parse_url

TRAINABLE_SCANS = dg.AssetKey("trainable_scans")


@dg.asset(
    pool=TRAINING_SET,
    deps=[label_folders, TRAINABLE_SCANS],
    group_name="training_set",
    kinds={"image", "python"},
    metadata={"where an image comes from": dg.MetadataValue.job("why", location_name="doubleread")},
    description=(
        "Clean images with annotations for networks (COCO, YOLO, imagefolder, Parquet, WebDataset), by train, "
        "validation and test, published as a whole; a new generation shares what did not change. One image per scan."
    ),
)
def training_set_export(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    image_store: ImageStoreResource,
    folders: FoldersResource,
    exports: ExportResource,
) -> dg.MaterializeResult[None]:
    """Publish a generation that holds what the marts say, unless it is the current one."""
    destination = exports.destination()
    with export_workers() as workers:
        report = export(
            annotation_database.open(),
            destination,
            options=exports.options(),
            rule=exports.rule(),
            store=image_store.open(),
            scans_folder=folders.scans_path,
            workers=workers,
            run_id=context.run_id,
            progress=logged_progress(context, "clean images"),
            text_progress=logged_progress(context, "looking for text"),
            on_wait=logged_waiting(context),
        )
    link_beside_label_folders(folders.training_set_path, destination)
    return dg.MaterializeResult(metadata=_metadata(report, destination.url))


def _reported(report: ExportReport) -> dict[str, int]:
    """What the page shows of the reports, where they are asked for."""
    reports = report.reports
    if reports is None:
        return {}
    return {
        "reports": len(reports.listed),
        "reports made": reports.made,
        "scans without a report, not a DICOM": reports.not_dicom,
        "reports failed": reports.failures.count,
    }


def _data_card(generation: str, url: str) -> dg.MetadataValue:
    """The page of the generation: its path on this machine, or its URL."""
    folder = parse_url(url).folder
    path = f"{GENERATIONS}/{generation}/{PAGE}"
    return dg.MetadataValue.path(str(folder / path)) if folder else dg.MetadataValue.text(f"{url.rstrip('/')}/{path}")


def _metadata(report: ExportReport, url: str) -> dict[str, dg.MetadataValue | str | int | float]:
    """What the page shows of an export."""
    contents = report.contents
    return {
        "generation": report.generation,
        "changed": report.changed,
        "dagster/row_count": contents.scans if contents else 0,
        "by side": dg.MetadataValue.json(contents.sides if contents else {}),
        "by role": dg.MetadataValue.json(contents.roles if contents else {}),
        "studies of each label by side": dg.MetadataValue.json(contents.label_studies if contents else {}),
        "images made": report.images_made,
        "images kept": report.images_kept,
        "failed": report.failures.count,
        "bytes written": report.bytes_written,
        **_reported(report),
        "seconds": round(report.seconds, 3),
        "destination": url,
        "data card": _data_card(report.generation, url),
        **failures_table(report.failures),
    }
