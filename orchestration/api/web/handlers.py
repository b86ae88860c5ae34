"""The one place that turns any error into an answer."""

import logging
import sys
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler

from orchestration.api.front.front import REQUEST_ID_KEY, ROUTE_KEY
from orchestration.api.front.log import log_event
from orchestration.api.web.errors import ServiceError, UnavailableError

DATABASE_ERRORS = (OperationalError, InterfaceError)
DATABASE_GONE = "the database does not answer; try again in a few seconds"
RETRY_SECONDS = "5"


def answer_to_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception in an endpoint; None for one that nobody foresaw, which is then a 500."""
    if isinstance(error, ServiceError):
        headers = {"Retry-After": RETRY_SECONDS} if error.status == UnavailableError.status else None
        return Response(error.body(), status=error.status, headers=headers)
    if isinstance(error, DATABASE_ERRORS):
        return Response({"detail": DATABASE_GONE}, status=503, headers={"Retry-After": RETRY_SECONDS})
    if isinstance(error, SuspiciousOperation):
        return Response({"detail": "the request is malformed"}, status=400)
    response = exception_handler(error, context)
    if response is not None and isinstance(error, APIException) and not isinstance(response.data, dict):
        response.data = {"detail": str(error.detail)}
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's answer where a view or a middleware failed: 503 where the database is gone, 500 for the rest."""
    error = sys.exc_info()[1]
    if isinstance(error, DATABASE_ERRORS):
        response = refuse(request, 503, DATABASE_GONE)
        response["Retry-After"] = RETRY_SECONDS
        return response
    meta = request.META
    log_event("error", level=logging.ERROR, error=error, request_id=meta.get(REQUEST_ID_KEY), route=meta.get(ROUTE_KEY))
    return refuse(request, 500, "the service failed; its log says where, under the request id")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's answer where no route fits."""
    return refuse(request, 404, "nothing is here")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's answer to a malformed request, and to a host that it does not serve."""
    return refuse(request, 400, "the request is malformed, or its Host is not one that this service answers to")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's answer to someone who may not see a page."""
    return refuse(request, 403, "your role does not allow this")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """Django's answer to a form without its CSRF token."""
    return refuse(request, 403, "the form has expired; load the page again and send it once more")


def refuse(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    """An answer of one sentence: JSON for a program, a page for a person."""
    if wants_page(request):
        return render(None, "service/refusal.html", {"status": status, "detail": detail}, status=status)
    return JsonResponse({"detail": detail}, status=status)


def wants_page(request: HttpRequest) -> bool:
    """Whether a person's browser asks for a page."""
    is_program = request.path.startswith(("/api/", "/job", "/query/", "/metrics"))
    return not is_program and "text/html" in request.headers.get("Accept", "")
