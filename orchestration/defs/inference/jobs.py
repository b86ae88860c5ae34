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


def _leads_to_marts(name: str, status: dg.DagsterRunStatus, description: str) -> dg.SensorDefinition:
    """The sensor that asks for the marts after each run of a job that ended so."""

    @dg.run_status_sensor(
        name=name,
        run_status=status,
        monitored_jobs=[inference_job],
        request_job=inference_models_job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def ask(context: dg.RunStatusSensorContext) -> Iterator[dg.RunRequest]:  # noqa: ARG001
        yield dg.RunRequest(job_name=inference_models_job.name)

    return ask


inference_succeeded = _leads_to_marts(
    "inference_succeeded", dg.DagsterRunStatus.SUCCESS, "A run that ended well leads to fresh marts."
)
inference_failed = _leads_to_marts(
    "inference_failed", dg.DagsterRunStatus.FAILURE, "A run that failed leads to fresh marts, which say why it failed."
)
