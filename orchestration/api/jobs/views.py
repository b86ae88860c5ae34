"""``/job``, ``/query/<uid>`` and ``/api/jobs/``: submit jobs, ask about them, list and cancel them."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.jobs import services
from orchestration.api.jobs.errors import MissingFieldError
from orchestration.api.jobs.listing import JOBS
from orchestration.api.jobs.models import Job
from orchestration.api.listing import answer_list, list_schema, row_schema
from orchestration.api.listing.schema import example_row
from orchestration.api.web.schema import endpoint
from orchestration.api.web.views import ServiceView, refuse_parameters

JobSerializer = row_schema(JOBS)
STATUSES = {"submitted": 202, "queued": 202, "running": 202, "succeeded": 200, "incomplete": 200}
FAILED = 500
FIELDS = ("job_name", "in_dir")
_EXAMPLE = example_row(JOBS)
_UID = OpenApiParameter(
    "uid",
    OpenApiTypes.UUID,
    OpenApiParameter.PATH,
    description="The job's uid.",
    examples=[OpenApiExample("a uid", _EXAMPLE["uid"])],
)
_REQUEST = {
    "type": "object",
    "title": "Submission",
    "properties": {
        "job_name": {"type": "string", "minLength": 1, "description": "A registered job; doubleread infer list."},
        "in_dir": {"type": "string", "minLength": 1, "description": "A folder below DOUBLEREAD_JOBS_ROOT."},
    },
    "required": list(FIELDS),
    "additionalProperties": False,
}


class SubmittedSerializer(serializers.Serializer[Any]):
    """What a submission answers."""

    uid = serializers.UUIDField(help_text="The key to ask about the job with.")


class FailedJobSerializer(JobSerializer):  # type: ignore[valid-type,misc] # made from the columns
    """A job that failed, with a sentence like that of every other refusal."""

    detail = serializers.CharField(help_text="Why.")


def _submission(operation_id: str) -> Callable[[Any], Any]:
    return endpoint(
        "Submit a job",
        answers={201: SubmittedSerializer},
        also=(422,),
        has_body=True,
        operation_id=operation_id,
        request={"application/json": _REQUEST},
        examples=[
            OpenApiExample("a folder", {"job_name": "3dblur", "in_dir": "/data/jobs/study"}, request_only=True),
            OpenApiExample("its uid", {"uid": _EXAMPLE["uid"]}, response_only=True, status_codes=[201]),
        ],
    )


def _question(operation_id: str) -> Callable[[Any], Any]:
    """Describe what a question about one job answers: the status says what became of it."""
    failed = {**_EXAMPLE, "state": "failed", "reason": "a reason", "detail": "a reason"}
    return endpoint(
        "Ask about a job",
        answers={
            200: OpenApiResponse(JobSerializer, description="It is done: output_dir holds what it wrote."),
            202: OpenApiResponse(JobSerializer, description="It waits or runs."),
            500: OpenApiResponse(FailedJobSerializer, description="It failed or was cancelled; reason says why."),
        },
        also=(404,),
        operation_id=operation_id,
        parameters=[_UID],
        examples=[
            OpenApiExample("done", _EXAMPLE, response_only=True, status_codes=[200]),
            OpenApiExample("running", {**_EXAMPLE, "state": "running"}, response_only=True, status_codes=[202]),
            OpenApiExample("failed", failed, response_only=True, status_codes=[500]),
        ],
    )


class JobView(ServiceView):
    """Where programs submit jobs."""

    roles: ClassVar = {"POST": Role.WRITER}

    @_submission("job_submit")
    def post(self, request: Request) -> Response:
        """Submit a job."""
        return _submit(request)


class QueryView(ServiceView):
    """Where programs ask about jobs."""

    roles: ClassVar = {"GET": Role.READER}

    @_question("job_query")
    def get(self, request: Request, uid: UUID) -> Response:
        """The job; the status says what became of it."""
        refuse_parameters(request)
        return _answer(services.find_job(uid))


class JobsView(ServiceView):
    """All jobs."""

    roles: ClassVar = {"GET": Role.READER, "POST": Role.WRITER}

    @list_schema(JOBS, "List jobs", operation_id="jobs_list")
    def get(self, request: Request) -> HttpResponse:
        """A page of jobs, as Dagster has them now where it answers."""
        services.refresh_jobs()
        return answer_list(request, JOBS)

    @_submission("jobs_submit")
    def post(self, request: Request) -> Response:
        """Submit a job."""
        return _submit(request)


class OneJobView(ServiceView):
    """One job."""

    roles: ClassVar = {"GET": Role.READER}

    @_question("jobs_show")
    def get(self, request: Request, uid: UUID) -> Response:
        """The job; the status says what became of it."""
        refuse_parameters(request)
        return _answer(services.find_job(uid))


class CancelView(ServiceView):
    """Where jobs are cancelled."""

    roles: ClassVar = {"POST": Role.WRITER}

    @endpoint(
        "Cancel a job",
        answers={202: OpenApiResponse(JobSerializer, description="It was asked to end.")},
        also=(404, 409, 413, 415),
        operation_id="jobs_cancel",
        parameters=[_UID],
        request=None,
        examples=[OpenApiExample("ending", {**_EXAMPLE, "state": "running"}, response_only=True, status_codes=[202])],
    )
    def post(self, request: Request, uid: UUID) -> Response:
        """Ask it to end."""
        refuse_parameters(request)
        return Response(_row(services.cancel_job(uid, Auditor.of_request(request))), status=202)


def _submit(request: Request) -> Response:
    refuse_parameters(request)
    body = request.data if isinstance(request.data, dict) else {}
    missing = [name for name in FIELDS if not isinstance(body.get(name), str) or not body[name]]
    if missing:
        raise MissingFieldError(f"{' and '.join(missing)} must be given, as text")
    if len(body) > len(FIELDS):
        raise MissingFieldError(f"only {' and '.join(FIELDS)} can be given")
    job = services.submit_job(body["job_name"], body["in_dir"], Auditor.of_request(request))
    return Response({"uid": job.uid}, status=201)


def _answer(job: Job) -> Response:
    status = STATUSES.get(job.state, FAILED)
    row = _row(job)
    return Response(row | {"detail": job.reason} if status == FAILED else row, status=status)


def _row(job: Job) -> dict[str, Any]:
    run_url = services.dagster().run_url(job.run_id) if job.run_id else None
    return {name: run_url if name == "run_url" else getattr(job, name) for name in JOBS.names}
