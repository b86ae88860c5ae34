"""``/healthz``, ``/readyz``, ``/metrics``, and the schema with its page."""

from typing import Any, ClassVar

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from orchestration.api.accounts.permissions import page
from orchestration.api.accounts.roles import Role
from orchestration.api.front.metrics import CONTENT_TYPE, exposition
from orchestration.api.web.handlers import DATABASE_ERRORS
from orchestration.api.web.middleware import SCHEMA_PAGE_POLICY
from orchestration.api.web.schema import endpoint
from orchestration.api.web.views import ServiceView

STATEMENT = "select count(*) from django_migrations where false"


@require_safe
def alive(_request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; asks nothing else."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """200 when the database answers and its tables are there, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENT)
    except DATABASE_ERRORS:
        return JsonResponse({"status": "the database does not answer"}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"status": "ok"})


class MetricsView(ServiceView):
    """Figures for Prometheus."""

    roles: ClassVar = {"GET": Role.READER}

    @endpoint(
        "Figures for Prometheus",
        answers={
            (200, "text/plain"): OpenApiResponse(
                OpenApiTypes.STR,
                description="Prometheus' text format.",
                examples=[OpenApiExample("a figure", 'doubleread_requests_total{method="GET"} 1.0')],
            )
        },
        operation_id="metrics",
    )
    def get(self, _request: Request) -> HttpResponse:
        """All of them."""
        return HttpResponse(exposition(), content_type=CONTENT_TYPE)


class SchemaView(SpectacularAPIView, ServiceView):
    """The OpenAPI schema of the API."""

    roles: ClassVar = {"GET": Role.READER}
    authentication_classes = ServiceView.authentication_classes
    permission_classes = ServiceView.permission_classes
    renderer_classes = SpectacularAPIView.renderer_classes  # type: ignore[assignment]


@page(Role.READER)
@require_safe
def schema_page(request: HttpRequest) -> HttpResponse:
    """The schema as a page that can be tried out."""
    view: Any = SpectacularSwaggerSplitView.as_view(url_name="schema", authentication_classes=[], permission_classes=[])
    response = view(request)
    response.content_policy = SCHEMA_PAGE_POLICY
    return response  # type: ignore[no-any-return]
