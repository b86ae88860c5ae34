"""Middleware: what the log needs to know, headers that keep browsers safe, and requests that nothing can mean."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from orchestration.api.front.front import ROUTE_KEY
from orchestration.api.web.errors import ServiceError
from orchestration.api.web.handlers import refuse

GetResponse = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The page of the API's schema is drawn by a program of others that sets styles and shows pictures from data: URLs.
SCHEMA_PAGE_POLICY = CONTENT_POLICY.replace("img-src 'self'", "img-src 'self' data:").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
NO_STORE = "no-store"


class RouteMiddleware:
    """Tells the front which route answers, by its pattern."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, _view: object, _args: object, _keywords: object) -> None:
        """Django calls this when it has found the view."""
        match = request.resolver_match
        request.META[ROUTE_KEY] = f"/{match.route}" if match else None


class ContentPolicyMiddleware:
    """Sets Content-Security-Policy, and keeps answers out of caches unless a view says how they may be kept."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers to the answer."""
        response = self._get_response(request)
        policy: Any = getattr(response, "content_policy", CONTENT_POLICY)
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cache-Control", NO_STORE)
        return response


class RefusalMiddleware:
    """Answers for a page that refuses a request as endpoints do: with an error that has its status."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django calls this when a view has failed."""
        return refuse(request, error.status, error.detail) if isinstance(error, ServiceError) else None


class PlainRequestMiddleware:
    """Refuses a NUL in a path or a parameter: PostgreSQL holds none, and no name has one."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse the request or pass it on."""
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "\0" in query or "%00" in query:
            return refuse(request, 400, "a NUL stands in the path or in a parameter")
        return self._get_response(request)
