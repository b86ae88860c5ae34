"""Dagster's job that runs one of ours over a folder, the one that models its records, and what starts that."""

from collections.abc import Iterator

import dagster as dg

from orchestration.defs.inference.assets import inference
from orchestration.defs.marts.assets import inference_models, models_and_tests

inference_job = dg.define_asset_job(
    "inference_job",
    selection=dg.AssetSelection.assets(inference) | dg.AssetSelection.checks(*inference.check_keys),
    description="One job over a folder of DICOMs: the config names the job, the input and the output.",
)

inference_models_job = dg.define_asset_job(
    "inference_models_job",
    selection=models_and_tests(inference_models),
    description="The marts over the runs of jobs and their scores.",
)


def _models() -> dg.RunRequest:
    return dg.RunRequest(job_name=inference_models_job.name)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[inference_job],
    request_job=inference_models_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A run that ended well leads to fresh marts.",
)
def inference_succeeded(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest]:  # noqa: ARG001
    """Ask for the marts."""
    yield _models()


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitored_jobs=[inference_job],
    request_job=inference_models_job,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A run that failed leads to fresh marts, which say why it failed.",
)
def inference_failed(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest]:  # noqa: ARG001
    """Ask for the marts."""
    yield _models()
