"""Jobs on the admin page."""

from django.contrib import admin

from orchestration.api.jobs.models import Job
from orchestration.api.web.admin import ReadOnlyAdmin


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Jobs, the latest first."""

    list_display = ("uid", "job_name", "state", "submitted_by", "created_at")
    ordering = ("-created_at",)
