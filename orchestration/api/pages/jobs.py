"""The page of jobs: what is known of each, brought up to date while one is looked at."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from orchestration.api.accounts.models import Token
from orchestration.api.accounts.permissions import page
from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.jobs import services
from orchestration.api.jobs.listing import JOBS
from orchestration.api.jobs.models import OPEN, STATES
from orchestration.api.pages.asking import given, show

ROWS = 50


@page(Role.READER)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs, the latest first."""
    return render(request, "service/jobs.html", _context(request))


@page(Role.READER)
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """The table of the page alone, which the page's script asks for again and again."""
    return render(request, "service/job_rows.html", _context(request))


@page(Role.WRITER)
@require_POST
def cancel(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask a job to end."""
    services.cancel_job(uid, Auditor.of_request(request))
    return redirect("jobs")


def _context(request: HttpRequest) -> dict[str, object]:
    services.refresh_jobs()
    parameters = given(request)
    user = request.user
    return {
        "shown": show(parameters, JOBS, page_size=ROWS),
        "states": STATES,
        "open_states": OPEN,
        "asked": parameters.dict(),
        "query": parameters.urlencode(),
        "may_cancel": isinstance(user, Token) and user.rank >= Role.WRITER,
    }
