"""The jobs that make the training set, and what starts them."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.label_folders.partitions import ALL_LABELS_TAGS
from orchestration.defs.marts.assets import FINDINGS, dbt_models, models_and_tests

folders = dg.AssetSelection.groups("training_set")

main_job = dg.define_asset_job(
    "main_job",
    selection=models_and_tests(dbt_models) | folders,
    description="The whole training set: models, scans, label folders, manifest, export.",
)

folders_job = dg.define_asset_job(
    "folders_job",
    selection=folders,
    description="From the marts as they are: scans, label folders, manifest, export.",
)


@dg.schedule(
    job=main_job,
    cron_schedule="0 3 * * *",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    description="Everything, every night at three; off until switched on.",
)
def nightly() -> dg.RunRequest:
    """Ask for all labels in one run."""
    return dg.RunRequest(tags=ALL_LABELS_TAGS)


@dg.asset_sensor(
    asset_key=FINDINGS,
    job=folders_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A mart that was made outside the main job leads to fresh folders.",
)
def changed_mart(
    context: dg.SensorEvaluationContext, asset_event: dg.EventLogEntry
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Ask for the folders unless the run that made the mart makes them as well."""
    run = context.instance.get_run_by_id(asset_event.run_id)
    if run is not None and run.job_name == main_job.name:
        yield dg.SkipReason("the main job makes the folders itself")
    else:
        yield dg.RunRequest(run_key=context.cursor, tags=ALL_LABELS_TAGS)
