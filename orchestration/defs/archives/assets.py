"""The index of archives and the DICOMs that are made of them."""

import time
from collections.abc import Iterator

import dagster as dg

from orchestration.archives.index import ArchiveIndex, IndexReport
from orchestration.archives.reassembly import ReassemblyReport, local_workers, reassemble
from orchestration.archives.reassembly.loading import (
    LoadedIndex,
    PartitionOutcome,
    load_index,
    load_outcomes,
    pairs_to_make,
)
from orchestration.database import Database, exclusive
from orchestration.defs.archives.partitions import all_partitions_in_one_run, uid_partitions
from orchestration.defs.archives.sources import IMAGE, TEXT
from orchestration.defs.marts.assets import ARCHIVE_UIDS
from orchestration.defs.pools import ARCHIVES
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting, no_failures
from orchestration.defs.resources import AnnotationDatabaseResource, ArchivesResource
from orchestration.outcomes import Failure, Failures

GROUP = "archives"
INDEX = dg.AssetKey("archive_index")
EVERY_ARCHIVE_WAS_READ = "every_archive_was_read"


@dg.asset(
    pool=ARCHIVES,
    key=INDEX,
    deps=[TEXT, IMAGE],
    group_name=GROUP,
    kinds={"parquet", "postgres"},
    check_specs=[
        dg.AssetCheckSpec(EVERY_ARCHIVE_WAS_READ, asset=INDEX, description="No archive was left out of the index.")
    ],
    description=(
        "Which header and which pixels lie where, as Parquet below DOUBLEREAD_ARCHIVE_INDEX and, for the models, in "
        "the tables doubleread.archives, archive_members and archive_problems. One row per member."
    ),
)
def archive_index(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    archives: ArchivesResource,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Read the archives that are new or changed, then load what changed into the tables."""
    start = time.perf_counter()
    stores, database, reports = archives.stores(), annotation_database.open(), {}
    with exclusive(database, f"index {archives.index_url}", on_wait=logged_waiting(context)):
        index = archives.index(create=True)
        for kind, store in stores.items():
            what = f"{kind} archives"
            reports[what] = index.update(store, kind, progress=logged_progress(context, what))
        loaded = load_index(database, index, on_wait=logged_waiting(context))
    yield dg.MaterializeResult(
        asset_key=INDEX,
        metadata={**_index_metadata(reports, loaded, index), "seconds": round(time.perf_counter() - start, 3)},
    )
    yield _every_archive_was_read(reports)


@dg.asset(
    pool=ARCHIVES,
    deps=[INDEX, ARCHIVE_UIDS],
    partitions_def=uid_partitions,
    backfill_policy=all_partitions_in_one_run,
    group_name=GROUP,
    kinds={"dicom", "python"},
    description=(
        "`<UID>.dcm` below DOUBLEREAD_DICOMS for each header and pixel data that fit together, with records beside "
        "them that are also in the tables doubleread.reassembled_dicoms and reassembly_unmatched. 256 partitions by "
        "the hash of the UID, one file per DICOM."
    ),
)
def reassembled_dicoms(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    archives: ArchivesResource,
) -> None:
    """Make the DICOMs that are missing and leave the rest alone, then load what became of each."""
    database, keys = annotation_database.open(), list(context.partition_keys)
    pairs = pairs_to_make(database, keys)
    with exclusive(database, f"DICOMs in {archives.dicoms_url}", on_wait=logged_waiting(context)):
        report = _reassemble(context, archives, keys)
        outcomes = _load(context, database, archives, keys)
    if report.pairs != sum(pairs.values()):
        context.log.warning(
            f"the index holds {report.pairs:,} pairs, the models {sum(pairs.values()):,}: it was changed since "
            "archive_index was materialized; run archives_job"
        )
    for key in keys:
        context.add_asset_metadata(
            _dicom_metadata(report, outcomes[key], pairs[key]), asset_key=context.asset_key, partition_key=key
        )


def _reassemble(context: dg.AssetExecutionContext, archives: ArchivesResource, keys: list[str]) -> ReassemblyReport:
    with local_workers() as workers:
        return reassemble(
            [archives.index()],
            archives.dicoms_url,
            archives.settings,
            workers,
            decode=archives.decode,
            partitions=keys,
            progress=logged_progress(context, "DICOMs"),
        )


def _load(
    context: dg.AssetExecutionContext, database: Database, archives: ArchivesResource, keys: list[str]
) -> dict[str, PartitionOutcome]:
    return load_outcomes(database, archives.dicoms_url, archives.settings, keys, on_wait=logged_waiting(context))


def _index_metadata(
    reports: dict[str, IndexReport], loaded: LoadedIndex, index: ArchiveIndex
) -> dict[str, dg.MetadataValue]:
    """What the page shows of an update of the index and of loading it."""
    metadata = {
        "index": dg.MetadataValue.text(index.url),
        "dagster/row_count": dg.MetadataValue.int(loaded.members),
        "archives": dg.MetadataValue.int(loaded.archives),
        "members": dg.MetadataValue.int(loaded.members),
        "problems": dg.MetadataValue.int(loaded.problems),
        "archives loaded": dg.MetadataValue.int(loaded.added),
        "archives dropped": dg.MetadataValue.int(loaded.removed),
    }
    for kind, report in reports.items():
        metadata |= {
            f"{kind} read": dg.MetadataValue.int(report.indexed),
            f"{kind} unchanged": dg.MetadataValue.int(report.unchanged),
            f"{kind} gone": dg.MetadataValue.int(report.removed),
        }
    return metadata | failures_table(_unread(reports))


def _every_archive_was_read(reports: dict[str, IndexReport]) -> dg.AssetCheckResult:
    """The check of the archives that could not be read."""
    return no_failures(
        _unread(reports),
        failed="archives could not be read and are not in the index, or in an older version; materialize archive_index "
        "again when they can be.",
        fine="Every archive was read.",
        counted_as="unread",
        check=dg.AssetCheckKey(INDEX, EVERY_ARCHIVE_WAS_READ),
    )


def _unread(reports: dict[str, IndexReport]) -> Failures:
    shown = [
        Failure(f"{failure.item} of the {kind}", failure.reason)
        for kind, report in reports.items()
        for failure in report.failed.shown
    ]
    return Failures(sum(report.failed.count for report in reports.values()), shown)


def _dicom_metadata(report: ReassemblyReport, found: PartitionOutcome, pairs: int) -> dict[str, dg.MetadataValue]:
    """What the page shows of one partition: what the records say of it, and what this run did in all."""
    unmatched = {f"unmatched: {reason}": dg.MetadataValue.int(n) for reason, n in sorted(found.unmatched.items())}
    shown = [Failure(f"{row.uid} in {row.archive}", f"{row.reason}: {row.detail}") for row in found.unmatched_shown]
    return {
        "pairs": dg.MetadataValue.int(pairs),
        "DICOMs": dg.MetadataValue.int(found.dicoms),
        "bytes": dg.MetadataValue.int(found.size_bytes),
        "share through pydicom": dg.MetadataValue.float(found.through_pydicom / max(found.dicoms, 1)),
        **unmatched,
        "written in this run": dg.MetadataValue.int(report.written),
        "left alone in this run": dg.MetadataValue.int(report.left_alone),
        "bytes written in this run": dg.MetadataValue.int(report.bytes_written),
        **failures_table(Failures(found.unmatched.total(), shown)),
    }
