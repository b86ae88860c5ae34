"""Submitting, asking about and cancelling jobs.

Dagster's state of a run is the truth; a row of the table is what was last heard of it. A state changes only in a
transaction that holds the row, and never once a job has ended.
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from orchestration.api.audit.services import Auditor
from orchestration.api.jobs.dagster import DagsterClient, RunStatus
from orchestration.api.jobs.errors import DagsterUnavailableError, JobEndedError, UnknownJobError, UnknownJobNameError
from orchestration.api.jobs.folders import checked_input, checked_output
from orchestration.api.jobs.models import OPEN, Job
from orchestration.api.listing.listing import is_missing_table
from orchestration.inference import find_jobs

KIND = "job"
LOST_AFTER = timedelta(
    minutes=2
)  # a job without a run, after which none is coming: the service ended while it submitted
ASKED_AT_ONCE = 100  # runs
STATES: Mapping[str, str] = {
    "QUEUED": "queued",
    "NOT_STARTED": "queued",
    "MANAGED": "queued",
    "STARTING": "queued",
    "STARTED": "running",
    "CANCELING": "running",
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
    "CANCELED": "cancelled",
}


@cache
def dagster() -> DagsterClient:
    """The client of the page that the settings name."""
    return DagsterClient(settings.DOUBLEREAD.doubleread_dagster_url)


def job_names() -> list[str]:
    """The names of the jobs that are registered."""
    return sorted(job.entry.name for job in find_jobs().jobs)


def submit_job(job_name: str, in_dir: str, auditor: Auditor) -> Job:
    """Submit a job over a folder.

    Raises:
        OutsideRootError, NoDicomError: the folder cannot be the input.
        UnknownJobNameError: no job has this name.
        DagsterUnavailableError: Dagster does not take it; nothing runs.
    """
    root: Path = settings.DOUBLEREAD.jobs_root
    names = job_names()
    if job_name not in names:
        raise UnknownJobNameError(f"no job has this name; there are {', '.join(names) or 'none'}")
    folder = checked_input(in_dir, root)
    uid = str(uuid.uuid4())
    output = checked_output(folder, uid, root)
    selector = dagster().find_job()
    with transaction.atomic():
        auditor.created(KIND, [uid], {"job_name": job_name, "in_dir": in_dir})
        job = Job.objects.create(
            uid=uid,
            job_name=job_name,
            in_dir=str(folder),
            output_dir=str(output),
            state="submitted",
            submitted_by=auditor.actor,
        )
    # The row is there before the run: a service that ends in between finds the run again by its tag.
    try:
        run_id = dagster().launch(selector, uid, {"job": job_name, "input": str(folder), "output": str(output)})
    except DagsterUnavailableError as error:
        _heard(uid, "failed", reason=error.detail)
        raise
    return _heard(uid, "queued", run_id=run_id) or job


def find_job(uid: uuid.UUID) -> Job:
    """A job as Dagster has it now.

    Raises:
        UnknownJobError: no job has this uid.
        DagsterUnavailableError: it has not ended, and Dagster does not answer.
    """
    job = Job.objects.filter(pk=uid).first()
    if job is None:
        raise UnknownJobError("no job has this uid")
    if not job.is_open:
        return job
    if job.run_id:
        return _follow(job, next(iter(dagster().statuses([job.run_id])), None))
    return _follow(job, dagster().find_run(str(uid)))


def refresh_jobs() -> None:
    """Ask Dagster about all jobs that have not ended, the latest ``ASKED_AT_ONCE`` of them.

    Where it does not answer, what was last heard stands.
    """
    jobs = list(Job.objects.filter(state__in=OPEN, run_id__isnull=False).order_by("-created_at")[:ASKED_AT_ONCE])
    if not jobs:
        return
    try:
        known = {status.run_id: status for status in dagster().statuses([str(job.run_id) for job in jobs])}
    except DagsterUnavailableError:
        return
    for job in jobs:
        _follow(job, known.get(str(job.run_id)))


def cancel_job(uid: uuid.UUID, auditor: Auditor) -> Job:
    """Ask a job to end.

    Raises:
        UnknownJobError: no job has this uid.
        JobEndedError: it has ended.
        DagsterUnavailableError: Dagster does not answer.
    """
    job = find_job(uid)
    if not job.is_open:
        raise JobEndedError(f"the job has ended already: {job.state}")
    if job.run_id is None:
        raise DagsterUnavailableError("the job is being submitted; try again in a few seconds")
    auditor.changed(KIND, str(uid), {"cancelled": [False, True]})
    dagster().cancel(job.run_id)
    return find_job(uid)


def _follow(job: Job, status: RunStatus | None) -> Job:
    """The job with what Dagster says of its run."""
    if status is None:
        if timezone.now() - job.created_at < LOST_AFTER:
            return job
        return _heard(job.uid, "failed", reason="Dagster has no run of it; submit it again") or job
    state, reason = STATES.get(status.status, job.state), None
    if state == "succeeded":
        state, reason = _what_came_of(status.run_id) or (state, None)
    elif state == "failed":
        reason = (_what_came_of(status.run_id) or ("", None))[1] or "the run ended before the job began; see its log"
    elif state == "cancelled":
        reason = "it was cancelled"
    if (state, status.run_id) == (job.state, job.run_id):
        return job
    return _heard(job.uid, state, run_id=status.run_id, reason=reason) or job


def _heard(uid: uuid.UUID | str, state: str, *, run_id: str | None = None, reason: str | None = None) -> Job | None:
    """Write what was heard of a job, unless it has ended; the job, or None where there is none."""
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=uid).first()
        if job is not None and job.is_open:
            job.state, job.reason, job.run_id = state, reason, run_id or job.run_id
            if not job.is_open:
                job.ended_at = timezone.now()
            job.save()
    return job


def _what_came_of(run_id: str) -> tuple[str, str | None] | None:
    """The state and the reason that the job's own records have of a run; None where they have none."""
    statement = "select status, reason, series_failed from doubleread.inference_runs where run_id = %s"
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, [run_id])
            row = cursor.fetchone()
    except ProgrammingError as error:
        if is_missing_table(error):
            return None
        raise
    if row is None:
        return None
    status, reason, failed = row
    if status == "incomplete":
        return "incomplete", f"{_series(failed)} could not be processed; the others are in the output"
    return status, reason


def _series(count: int) -> str:
    return f"{count:,} series" if count != 1 else "one series"
