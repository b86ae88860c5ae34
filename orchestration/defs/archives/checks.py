"""A standing check that stays red while a store or the output refuses DICOMs."""

import dagster as dg

from orchestration.archives.reassembly.loading import left_failed
from orchestration.defs.archives.assets import reassembled_dicoms
from orchestration.defs.resources import AnnotationDatabaseResource


@dg.asset_check(asset=reassembled_dicoms, description="No DICOM is missing that another run may make.")
def no_dicom_left_failed(annotation_database: AnnotationDatabaseResource) -> dg.AssetCheckResult:
    """Count the DICOMs whose parts could not be read or which could not be written, and say where they are."""
    counts, partitions = left_failed(annotation_database.open())
    failed = sum(counts.values())
    return dg.AssetCheckResult(
        passed=failed == 0,
        description=(
            f"{failed:,} DICOMs could not be read or written; materialize their partitions of reassembled_dicoms again "
            "when the stores answer. Each is in archive_members_unmatched with its reason."
            if failed
            else "Every DICOM was read and written."
        ),
        metadata={"failed": failed, "partitions": dg.MetadataValue.json(partitions), **counts},
    )
