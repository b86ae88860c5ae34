"""The manifest: where each picture of the training set comes from."""

import dagster as dg

from orchestration.defs.label_folders.assets import label_folders
from orchestration.defs.pools import TRAINING_SET
from orchestration.defs.resources import AnnotationDatabaseResource, FoldersResource
from orchestration.training_set.manifest import write_manifest


@dg.asset(
    pool=TRAINING_SET,
    deps=[label_folders],
    group_name="training_set",
    kinds={"parquet"},
    description="manifest.parquet beside the label folders: sources and checksums. One row per picture.",
)
def training_set_manifest(
    annotation_database: AnnotationDatabaseResource, folders: FoldersResource
) -> dg.MaterializeResult[None]:
    """Write the manifest where it does not say the same already."""
    report = write_manifest(annotation_database.open(), folders.training_set_path)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": report.pictures,
            "changed": report.changed,
            "path": dg.MetadataValue.path(str(report.path)),
        }
    )
