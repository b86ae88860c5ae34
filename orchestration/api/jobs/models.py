"""The table of jobs."""

from typing import ClassVar

from django.db import models

OPEN = ("submitted", "queued", "running")
ENDED = ("succeeded", "incomplete", "failed", "cancelled")
STATES = OPEN + ENDED


class Job(models.Model):
    """A job that was submitted: what it was asked for, and what is known of its run. One row per job."""

    uid = models.UUIDField(primary_key=True)
    job_name = models.TextField()
    in_dir = models.TextField()
    output_dir = models.TextField()
    state = models.CharField(max_length=10, choices=[(state, state) for state in STATES])
    reason = models.TextField(null=True)
    run_id = models.TextField(null=True, unique=True)
    submitted_by = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Its place among the tables, and how lists are ordered."""

        db_table = "job"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at", "uid"], name="job_created_at")]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="job_state_is_known")
        ]

    def __str__(self) -> str:
        return f"{self.uid}: {self.job_name}, {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in OPEN
