"""Who may do what, on every route of the table: nothing without a token, nothing beyond the role."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import Caller

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PUBLIC = {"healthz", "readyz", "login/"}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}
VALUES = {"app_label": "audit", "url": "nowhere", "content_type_id": "1", "object_id": "1"}


def routes(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every route with its view."""
    from django.urls import get_resolver

    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route, pattern.callback


def paths(route: str) -> str:
    """A path that the route takes."""
    import re

    if "^" in route or "(?P" in route:  # the admin page's last route, which takes the rest
        route = re.sub(r"\(\?P<url>[^)]*\)\$?", "nowhere/", route.replace("^", ""))
    route = re.sub(r"<(?:uuid):\w+>", "00000000-0000-4000-8000-000000000000", route)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: VALUES.get(found[1], "1"), route)


def endpoint(view: Any) -> Any:
    """The class of an endpoint of the API; None for another view."""
    from orchestration.api.web.views import ServiceView

    found = getattr(view, "view_class", None)
    return found if found and issubclass(found, ServiceView) else None


@pytest.fixture
def table(database: Any) -> list[tuple[str, Any]]:  # noqa: ARG001  which views read
    return list(routes())


def test_without_a_token_every_route_answers_nothing(table: list[tuple[str, Any]], nobody: Caller) -> None:
    assert {route for route, _ in table} >= PUBLIC | {"api/elements/", "admin/", "metrics"}
    for route, _ in table:
        for method in METHODS:
            answer = nobody.call(method, paths(route))
            if route in PUBLIC:
                assert answer.status in {200, 403, 405}, (method, route, answer.status)
            else:
                assert answer.status in {302, 401, 403, 405}, (method, route, answer.status)
                assert answer.status != 302 or answer.headers["Location"].startswith(("/login/", "/admin/"))


def test_a_wrong_or_revoked_token_is_no_token(table: list[tuple[str, Any]], make_caller: Any) -> None:
    from orchestration.api.accounts.services import revoke_token
    from orchestration.api.audit.services import Auditor

    revoked = make_caller("admin")
    revoke_token(revoked.name, Auditor("tests", ""))
    for caller in (revoked, Caller("dr_unknown"), Caller(headers={"Authorization": "Basic YTpi"})):
        for route, view in table:
            if endpoint(view):
                answer = caller.call("GET", paths(route))
                assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer"), route


def test_every_endpoint_of_the_api_says_which_role_each_method_takes(table: list[tuple[str, Any]]) -> None:
    from orchestration.api.accounts.permissions import RolePermission
    from orchestration.api.accounts.throttling import TokenThrottle

    endpoints = [(route, endpoint(view)) for route, view in table if endpoint(view)]
    assert len(endpoints) >= 4
    for route, view in endpoints:
        assert RolePermission in view.permission_classes, route
        assert TokenThrottle in view.throttle_classes, route
        offered = {method for method in METHODS if hasattr(view, method.lower())}
        assert set(view.roles) == offered, route


def test_every_page_says_which_role_it_takes(table: list[tuple[str, Any]]) -> None:
    pages = {
        route: view
        for route, view in table
        if not endpoint(view) and route not in PUBLIC | {"logout/"} and not route.startswith("admin/")
    }
    assert "api/" in pages
    assert [route for route, view in pages.items() if not hasattr(view, "role")] == []


def test_each_role_may_do_what_the_route_says_and_no_more(table: list[tuple[str, Any]], make_caller: Any) -> None:
    from orchestration.api.accounts.roles import Role

    callers = {role: make_caller(role.word) for role in Role}
    for route, view in table:
        for method, needed in getattr(endpoint(view), "roles", {}).items():
            for role, caller in callers.items():
                status = caller.call(method, paths(route), {}).status
                assert (status == 403) == (role < needed), (method, route, role, status)


def test_a_reader_can_write_nowhere(table: list[tuple[str, Any]], reader: Caller) -> None:
    for route, view in table:
        if endpoint(view):
            for method in WRITES:
                assert reader.call(method, paths(route), {}).status in {403, 405}, (method, route)
