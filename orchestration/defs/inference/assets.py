"""Runs of jobs over folders of DICOMs, their series and their scores."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from orchestration.defs.pools import INFERENCE
from orchestration.defs.previews import before_and_after
from orchestration.defs.reporting import failures_table, logged_progress, logged_waiting, no_failures
from orchestration.defs.resources import AnnotationDatabaseResource
from orchestration.errors import DoublereadError
from orchestration.inference import InferenceError, InferencePipeline, InferenceReport, RunRequest, find_jobs, run_job
from orchestration.outcomes import Failures

GROUP = "inference"
RUNS = dg.AssetKey(["raw", "inference_runs"])
SERIES = dg.AssetKey(["raw", "inference_series"])
PREDICTIONS = dg.AssetKey(["raw", "predictions"])
EVERY_SERIES = "every_series_was_processed"


class InferenceConfig(dg.Config):
    """What a run is asked for; the folders are those of the machine that runs it, absolute."""

    job: str = Field(description="A job of doubleread infer list, such as 3dblur.")
    input: str = Field(description="The folder of DICOMs, with all folders below it.")
    output: str = Field(description="The folder that the new DICOMs go to; it must not be there.")
    config: dict[str, Any] = Field(
        default={}, description='Entries in place of the job\'s own, such as {"sigma": 2, "Modality": "MR"}.'
    )
    overwrite: bool = Field(default=False, description="Replace an output that is there.")


@dg.multi_asset(
    name="inference",
    pool=INFERENCE,
    specs=[
        dg.AssetSpec(
            RUNS,
            group_name=GROUP,
            kinds={"dicom", "postgres"},
            description=(
                "A run of a job over a folder of DICOMs, started with the config of its launchpad: job, input, output. "
                "Its input, its result, or why it has none. One row per run."
            ),
        ),
        dg.AssetSpec(
            SERIES,
            group_name=GROUP,
            kinds={"postgres"},
            description="What became of each series of a run's folder. One row per run and series.",
        ),
        dg.AssetSpec(
            PREDICTIONS,
            group_name=GROUP,
            kinds={"postgres"},
            description="The scores that a job gave. One row per run, series, volume, slice and score.",
        ),
    ],
    check_specs=[
        dg.AssetCheckSpec(EVERY_SERIES, asset=RUNS, description="No series that the config chooses has failed.")
    ],
)
def inference(
    context: dg.AssetExecutionContext, config: InferenceConfig, annotation_database: AnnotationDatabaseResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Run the job and record what became of it; a run without a result fails with its reason."""
    found = find_jobs()
    for failure in found.failures.shown:
        context.log.warning(f"the entry point {failure.item} cannot be loaded: {failure.reason}")
    request = RunRequest(
        context.run.run_id, config.job, Path(config.input), Path(config.output), config.config, config.overwrite
    )
    try:
        report = run_job(
            annotation_database.open(),
            InferencePipeline(found.entries),
            request,
            progress=logged_progress(context, "volumes"),
            on_wait=logged_waiting(context),
        )
    except DoublereadError as error:
        report_of_failure = error.report if isinstance(error, InferenceError) else None
        failures = report_of_failure.failures if report_of_failure else Failures()
        raise dg.Failure(str(error), metadata=failures_table(failures), allow_retries=False) from None
    yield dg.MaterializeResult(asset_key=RUNS, metadata=_run_metadata(report, request))
    yield dg.MaterializeResult(asset_key=SERIES, metadata=_series_metadata(report))
    yield dg.MaterializeResult(asset_key=PREDICTIONS, metadata={"scores": len(report.predictions)})
    yield _every_series_was_processed(report.failures)


def _run_metadata(report: InferenceReport, request: RunRequest) -> dict[str, dg.MetadataValue]:
    """What the run was asked for and came to, by which digests, and a slice before and after."""
    known = report.provenance
    return {
        "job": dg.MetadataValue.text(report.job),
        "input": dg.MetadataValue.path(str(request.input_dir)),
        "output": dg.MetadataValue.path(str(request.output_dir)),
        "config": dg.MetadataValue.json(dict(known.config)),
        "processed": dg.MetadataValue.int(report.processed),
        "skipped": dg.MetadataValue.int(report.skipped.count),
        "failed": dg.MetadataValue.int(report.failures.count),
        "DICOMs": dg.MetadataValue.int(sum(outcome.file_count for outcome in report.series)),
        "samples clipped": dg.MetadataValue.int(sum(outcome.clipped_count for outcome in report.series)),
        "scores": dg.MetadataValue.int(len(report.predictions)),
        "runtime": dg.MetadataValue.text(f"{known.runtime} on {known.provider}"),
        "code": dg.MetadataValue.text(known.code_version),
        "seconds": dg.MetadataValue.float(round(report.seconds, 3)),
        **{f"SHA-256 of {what}": dg.MetadataValue.text(digest) for what, digest in _digests(report) if digest},
        **(before_and_after(report.example.before, report.example.after) if report.example else {}),
        **failures_table(report.failures),
    }


def _digests(report: InferenceReport) -> list[tuple[str, str | None]]:
    known = report.provenance
    return [
        ("input", report.input_sha256),
        ("pixels", report.pixels_sha256),
        ("model", known.model_sha256),
        ("config", known.config_sha256),
        ("code", known.code_sha256),
        ("output", report.output_sha256),
    ]


def _series_metadata(report: InferenceReport) -> dict[str, dg.MetadataValue]:
    """A table of the first series and what became of each."""
    records = [
        dg.TableRecord(
            {
                "series": outcome.series_instance_uid,
                "status": outcome.status,
                "reason": outcome.reason or "",
                "volumes": outcome.volume_count or 0,
                "size": f"{outcome.slice_count} x {outcome.image_rows} x {outcome.image_columns}",
                "scores": outcome.score_count,
                "derived series": outcome.derived_series_instance_uid or "",
            }
        )
        for outcome in report.series[:100]
    ]
    return {
        "dagster/row_count": dg.MetadataValue.int(len(report.series)),
        **({"series": dg.MetadataValue.table(records)} if records else {}),
    }


def _every_series_was_processed(failures: Failures) -> dg.AssetCheckResult:
    return no_failures(
        failures,
        failed="series or files failed, and the others are in the output. Mend those that are named, then run again "
        "with overwrite.",
        fine="Every series that the config chooses was processed.",
        check=dg.AssetCheckKey(RUNS, EVERY_SERIES),
    )
