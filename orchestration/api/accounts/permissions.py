"""Which role a request needs, in the API and on pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from orchestration.api.accounts.models import Token
from orchestration.api.accounts.roles import Role
from orchestration.api.front.front import ACTOR_KEY

PageView = Callable[..., HttpResponseBase]


class RolePermission(BasePermission):
    """Compares the token's role with what the view says for the method; a method without a role is closed."""

    message = "the token's role does not allow this"

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the holder may do this."""
        needed = needed_role(view, request.method or "")
        return needed is not None and isinstance(request.user, Token) and request.user.rank >= needed


def needed_role(view: APIView, method: str) -> Role | None:
    """The least role for a method of a view of the API."""
    roles = getattr(view, "roles", {})
    return cast("Role | None", roles.get("GET" if method == "HEAD" else method))


def page(role: Role) -> Callable[[PageView], PageView]:
    """A page that takes this role at least; who has not logged in is asked to, and brought back."""

    def decorate(view: PageView) -> PageView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **keywords: Any) -> HttpResponseBase:  # noqa: ANN401
            if not isinstance(request.user, Token):
                return redirect_to_login(request.get_full_path())
            request.META[ACTOR_KEY] = request.user.name
            if request.user.rank < role:
                raise PermissionDenied
            return view(request, *args, **keywords)

        guarded.role = role  # type: ignore[attr-defined] # the test of all routes reads it
        return guarded

    return decorate
