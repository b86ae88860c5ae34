"""The index of clinical images, the reports, and the folders of the cases."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.cases import index_images, read_reports
from orchestration.cases.folders import YearReport, save_year
from orchestration.cases.get import CaseSource
from orchestration.defs.clinical_cases.partitions import year_partitions
from orchestration.defs.marts.assets import CLINICAL_CASES
from orchestration.defs.pools import CASES
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting
from orchestration.defs.resources import AnnotationDatabaseResource, ClinicalAccountResource, FoldersResource

GROUP = "clinical_cases"
IMAGES = dg.AssetKey(["raw", "clinical_images"])
RUNS = dg.AssetKey(["raw", "clinical_index_runs"])
BLOBS_A_LINE = 50_000  # of the log


@dg.multi_asset(
    pool=CASES,
    specs=[
        dg.AssetSpec(
            IMAGES,
            group_name=GROUP,
            kinds={"azure", "postgres"},
            description=(
                "The index of the container of clinical images, made by one listing. One row per container and blob."
            ),
        ),
        dg.AssetSpec(
            RUNS,
            group_name=GROUP,
            kinds={"postgres"},
            description="What each listing of the container found and changed. One row per refresh.",
        ),
    ],
)
def clinical_index(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    clinical_account: ClinicalAccountResource,
) -> Iterator[dg.MaterializeResult[None]]:
    """List the container once and write what changed."""
    report = index_images(
        annotation_database.open(),
        clinical_account.container(),
        progress=lambda blobs: context.log.info(f"{blobs:,} blobs listed") if blobs % BLOBS_A_LINE == 0 else None,
        on_wait=logged_waiting(context),
    )
    yield dg.MaterializeResult(
        asset_key=IMAGES,
        metadata={
            "container": report.container,
            "blobs": report.blobs,
            "dagster/row_count": report.matching + report.partial,
            "matching": report.matching,
            "partial": report.partial,
            "added": report.added,
            "changed": report.changed,
            "removed": report.removed,
            "seconds": round(report.seconds, 3),
        },
    )
    yield dg.MaterializeResult(asset_key=RUNS)


@dg.asset(
    pool=CASES,
    key=["raw", "clinical_reports"],
    group_name=GROUP,
    kinds={"azure", "postgres"},
    description="The radiologists' reports, read from the table page by page. One row per case id and year.",
)
def clinical_reports(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    clinical_account: ClinicalAccountResource,
) -> dg.MaterializeResult[None]:
    """Read the table once and write what changed; an entity that is not a report is named."""
    report = read_reports(annotation_database.open(), clinical_account.table(), on_wait=logged_waiting(context))
    return dg.MaterializeResult(
        metadata={
            "table": report.table,
            "entities": report.entities,
            "dagster/row_count": report.entities - report.superseded - report.unusable.count,
            "superseded": report.superseded,
            "unusable": report.unusable.count,
            "added": report.added,
            "changed": report.changed,
            "removed": report.removed,
            "seconds": round(report.seconds, 3),
            **failures_table(report.unusable),
        }
    )


@dg.asset(
    pool=CASES,
    deps=[CLINICAL_CASES],
    partitions_def=year_partitions,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name=GROUP,
    kinds={"image", "python"},
    description=(
        "A folder for each complete case: four PNGs, report.txt and case.json with sources and checksums. One "
        "partition per year, one folder per case."
    ),
)
def clinical_case_folders(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    clinical_account: ClinicalAccountResource,
    folders: FoldersResource,
) -> None:
    """Save the cases that are new or changed and leave the rest alone."""
    source = CaseSource(annotation_database.open(), clinical_account.container())
    for year in context.partition_keys:
        report = save_year(source, int(year), folders.cases_path, progress=logged_progress(context, year))
        context.add_asset_metadata(
            _metadata(report, folders.cases_path / year), asset_key=context.asset_key, partition_key=year
        )


def _metadata(report: YearReport, folder: Path) -> dict[str, dg.MetadataValue]:
    return {
        "saved": dg.MetadataValue.int(report.saved),
        "untouched": dg.MetadataValue.int(report.untouched),
        "failed": dg.MetadataValue.int(report.failures.count),
        "incomplete": dg.MetadataValue.int(report.incomplete),
        "folder": dg.MetadataValue.path(str(folder)),
        **failures_table(report.failures),
    }
