"""The list of jobs: its columns and what can be asked of it."""

from django.conf import settings

from orchestration.api.jobs.models import STATES
from orchestration.api.listing import Column, Listing
from orchestration.api.listing.columns import EXACT, RANGE

_UID = "5b1f6e0a-2c39-4a57-9f0e-0f8d7c1b2a34"
_RUNS = f"{settings.DOUBLEREAD.doubleread_dagster_url}/runs/".replace("'", "''").replace("%", "%%")

JOBS = Listing(
    name="Job",
    relation="doubleread_service.job",
    columns=(
        Column("uid", "text", "The key.", _UID, sql="uid::text"),
        Column("job_name", "text", "Which registered job it is.", "3dblur", filters=EXACT),
        Column("state", "text", "What is known of it.", "succeeded", filters=EXACT, choices=STATES),
        Column("in_dir", "text", "The folder of DICOMs that it reads.", "/data/jobs/study"),
        Column("output_dir", "text", "The folder that it writes.", f"/data/jobs/output/{_UID}"),
        Column("reason", "text", "Why it failed, or what is missing.", None, nullable=True),
        Column(
            "run_url",
            "text",
            "Its run and logs, in Dagster's page.",
            "http://127.0.0.1:3000/runs/1",
            sql=f"'{_RUNS}' || run_id",
            nullable=True,
        ),
        Column("submitted_by", "text", "Whose token submitted it.", "pipeline", filters=EXACT),
        Column("created_at", "time", "When it was submitted.", "2026-01-31T08:00:00Z", filters=RANGE, can_order=True),
        Column("ended_at", "time", "When it was seen to have ended.", "2026-01-31T08:05:00Z", nullable=True),
    ),
    key=Column("uid", "text", "The key.", _UID, sql="uid::text"),
    identifier="uid",
    ordering="-created_at",
)
