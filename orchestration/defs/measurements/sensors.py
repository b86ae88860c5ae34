"""What starts the job: files in the devices' folder that are new or changed, as soon as they are whole."""

import hashlib
import json
import time
from collections.abc import Mapping

import dagster as dg

from orchestration.defs.measurements.jobs import measurements_job
from orchestration.defs.resources import AnnotationDatabaseResource, MeasurementsResource
from orchestration.errors import SettingsError
from orchestration.measurements.folder import FileState, list_folder, new_files

SECONDS = 30
AGAIN_SECONDS = 600  # after which the same files are asked for again: the run for them did not end well


@dg.sensor(
    job=measurements_job,
    minimum_interval_seconds=SECONDS,
    default_status=dg.DefaultSensorStatus.STOPPED,
    description=(
        "Files in the devices' folder that were not measured as they are, and that two looks in a row found equal, "
        "lead to a run; off until switched on."
    ),
)
def new_device_files(
    context: dg.SensorEvaluationContext,
    annotation_database: AnnotationDatabaseResource,
    measurements: MeasurementsResource,
) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run where files are whole; the cursor holds the others as they were found now.

    What was measured is known from the database, so no file is forgotten: neither one that was written to since, nor
    one whose run failed, nor one that came with an old time of modification.
    """
    try:
        found = list_folder(measurements.open())
    except SettingsError as error:
        return dg.SkipReason(str(error))
    new = new_files(annotation_database.open(), found)
    seen = read_cursor(context.cursor)
    whole = {name: state for name, state in new.items() if seen.get(name) == state}
    cursor = write_cursor(new)
    if not whole:
        waiting = f"{len(new):,} files may still be written to" if new else "all files are measured"
        return dg.SensorResult(skip_reason=waiting, cursor=cursor)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=run_key(whole, time.time()))], cursor=cursor)


def run_key(whole: Mapping[str, FileState], now: float) -> str:
    """The same for the same files within ``AGAIN_SECONDS``, so that Dagster starts one run for them."""
    digest = hashlib.sha256(write_cursor(whole).encode()).hexdigest()
    return f"{digest}-{int(now // AGAIN_SECONDS)}"


def read_cursor(cursor: str | None) -> dict[str, FileState]:
    """The files that were not measured at the last look."""
    return {name: FileState(*state) for name, state in json.loads(cursor or "{}").items()}


def write_cursor(files: Mapping[str, FileState]) -> str:
    """The files that are not measured, to be compared with at the next look."""
    return json.dumps(files)
