"""The elements of the devices' files, measured and stored."""

import time

import dagster as dg

from orchestration.defs.measurements.sources import FILES
from orchestration.defs.pools import MEASUREMENTS
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting
from orchestration.defs.resources import AnnotationDatabaseResource, MeasurementsResource
from orchestration.measurements.folder import measure_folder
from orchestration.measurements.shared_log import opened_log

GROUP = "measurements"


@dg.asset(
    pool=MEASUREMENTS,
    deps=[FILES],
    group_name=GROUP,
    kinds={"python", "postgres"},
    description=(
        "What was measured of each element in the devices' files, in the tables doubleread.devices and "
        "doubleread.elements, where the results service reads it; failures are in doubleread.measurement_failures. "
        "One row per element."
    ),
)
def measured_elements(
    context: dg.AssetExecutionContext,
    annotation_database: AnnotationDatabaseResource,
    measurements: MeasurementsResource,
) -> dg.MaterializeResult[None]:
    """Measure the files that are new or changed and leave the rest alone."""
    start = time.perf_counter()
    with opened_log(measurements.log_path) as log:
        report = measure_folder(
            annotation_database.open(),
            measurements.open(),
            log,
            progress=logged_progress(context, "files"),
            on_wait=logged_waiting(context),
        )
    return dg.MaterializeResult(
        metadata={
            "folder": dg.MetadataValue.path(str(measurements.folder)),
            "files": report.files,
            "measured": report.measured,
            "still being written": report.unsettled,
            "elements": report.elements,
            "failed": report.failures.count,
            "log": dg.MetadataValue.path(str(measurements.log_path)),
            "seconds": round(time.perf_counter() - start, 3),
            **failures_table(report.failures),
        }
    )
