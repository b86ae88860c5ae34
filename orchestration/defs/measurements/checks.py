"""A standing check that stays red while an element of the devices' files failed."""

import dagster as dg

from orchestration.defs.measurements.assets import measured_elements
from orchestration.defs.reporting import failures_table
from orchestration.defs.resources import AnnotationDatabaseResource
from orchestration.measurements.folder import left_failed


@dg.asset_check(asset=measured_elements, description="Every element of the devices' files was measured and stored.")
def no_element_left_failed(annotation_database: AnnotationDatabaseResource) -> dg.AssetCheckResult:
    """Count the elements that failed, and name the files that they are in."""
    failed, files = left_failed(annotation_database.open())
    return dg.AssetCheckResult(
        passed=failed == 0,
        description=(
            f"{failed:,} elements failed; doubleread.measurement_failures has each with its reason. Put their files "
            "right, or take them away, then materialize measured_elements again."
            if failed
            else "Every element was measured and stored."
        ),
        metadata={"failed": failed, "files with failures": files.count, **failures_table(files)},
    )
