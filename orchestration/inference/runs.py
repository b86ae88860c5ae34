"""Runs that are recorded: ``doubleread.inference_runs``, ``inference_series`` and ``predictions``."""

import os
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from orchestration.database import Database, exclusive
from orchestration.database.copying import copy_rows
from orchestration.errors import DoublereadError
from orchestration.inference.pipeline import InferencePipeline
from orchestration.inference.report import InferenceReport, Prediction, SeriesOutcome
from orchestration.outcomes import Progress, Waiting, no_progress, no_waiting

TABLES = "inference"
ABANDONED = "its process ended before it did; run it again"
STOPPED = "it was stopped, or the program failed; run it again"


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked for.

    Attributes:
        run_id: by which its records are found; a run of the same id replaces them.
        config: entries that take the place of the job's own.
        overwrite: replace an output that is there.
    """

    run_id: str
    job: str
    input_dir: Path
    output_dir: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    overwrite: bool = False


def run_job(
    database: Database,
    pipeline: InferencePipeline,
    request: RunRequest,
    *,
    progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> InferenceReport:
    """Run a job as ``InferencePipeline.execute`` and keep a record of it, whatever becomes of it.

    The record says ``running`` from the start. Runs that write to one folder wait for each other; one whose process
    was killed is recorded as failed when the next one begins to write there.

    Raises:
        DoublereadError: as ``InferencePipeline.execute``; the record has the reason. Or the database can't be used.
    """
    output = _text(request.output_dir.absolute())
    with exclusive(database, f"inference output {output}", on_wait=on_wait):
        _begin(database, request, output)
        try:
            report = pipeline.execute(
                request.job,
                request.input_dir,
                request.output_dir,
                config=request.config,
                overwrite=request.overwrite,
                progress=progress,
            )
        except DoublereadError as error:
            _fail(database, request.run_id, str(error), getattr(error, "report", None))
            raise
        except BaseException:
            _fail(database, request.run_id, STOPPED, None)
            raise
        _end(database, request.run_id, report)
        return report


def _begin(database: Database, request: RunRequest, output: str) -> None:
    """Record that the run has begun, and that earlier ones to this output that never ended failed: the lock is held."""
    with database.tables("inference") as connection:
        connection.execute(
            """
            update doubleread.inference_runs set status = 'failed', reason = %s, ended_at = now()
            where status = 'running' and md5(output_dir) = md5(%s) and output_dir = %s
            """,
            [ABANDONED, output, output],
        )
        connection.execute("delete from doubleread.inference_runs where run_id = %s", [request.run_id])
        connection.execute(
            """
            insert into doubleread.inference_runs (run_id, job, status, input_dir, output_dir)
            values (%s, %s, 'running', %s, %s)
            """,
            [request.run_id, request.job, _text(request.input_dir.absolute()), output],
        )


def _end(database: Database, run_id: str, report: InferenceReport) -> None:
    status = "incomplete" if report.failures.count else "succeeded"
    with database.connect() as connection:
        _update(connection, run_id, status, None, report)
        _copy_details(connection, run_id, report)


def _fail(database: Database, run_id: str, reason: str, report: InferenceReport | None) -> None:
    """Record that nothing came of the run, and why; with a report, also what became of each series."""
    with database.connect() as connection:
        if report is None:
            connection.execute(
                "update doubleread.inference_runs set status = 'failed', reason = %s, ended_at = now() "
                "where run_id = %s",
                [reason, run_id],
            )
        else:
            _update(connection, run_id, "failed", reason, report)
            # What was processed is in no output.
            report.series = [outcome for outcome in report.series if outcome.status != "processed"]
            report.predictions = []
            _copy_details(connection, run_id, report)


def _update(
    connection: psycopg.Connection, run_id: str, status: str, reason: str | None, report: InferenceReport
) -> None:
    """Write what the report says to the row of the run."""
    known = report.provenance
    values = {
        "status": status,
        "reason": reason,
        "config": Jsonb(dict(known.config)),
        "config_sha256": known.config_sha256,
        "model_sha256": known.model_sha256,
        "runtime": known.runtime,
        "provider": known.provider,
        "code_version": known.code_version,
        "code_sha256": known.code_sha256,
        "input_sha256": report.input_sha256,
        "pixels_sha256": report.pixels_sha256,
        "output_sha256": report.output_sha256,
        "series_processed": report.processed,
        "series_skipped": report.skipped.count,
        "series_failed": sum(1 for _ in report.with_status("failed")),
        "damaged_files": report.damaged_files.count,
        "seconds": report.seconds,
    }
    assignments = ", ".join(f"{column} = %({column})s" for column in values)
    connection.execute(
        f"update doubleread.inference_runs set ended_at = now(), {assignments} "  # noqa: S608  columns of our own
        "where run_id = %(run_id)s",
        {**values, "run_id": run_id},
    )


def _copy_details(connection: psycopg.Connection, run_id: str, report: InferenceReport) -> None:
    tables: list[tuple[str, type[Any], list[Any]]] = [
        ("inference_series", SeriesOutcome, report.series),
        ("predictions", Prediction, report.predictions),
    ]
    for table, kind, rows in tables:
        columns = ["run_id", *(column.name for column in fields(kind))]
        copy_rows(connection, table, columns, ((run_id, *astuple(row)) for row in rows))


def _text(path: Path) -> str:
    """A path as a text column can hold it: bytes that are no UTF-8 are escaped."""
    return os.fsencode(path).decode(errors="backslashreplace")
