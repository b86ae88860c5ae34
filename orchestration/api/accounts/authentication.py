"""Who sends a request to the API: a bearer token, or the session of a page."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from orchestration.api.accounts.models import Token
from orchestration.api.accounts.services import find_token
from orchestration.api.front.front import ACTOR_KEY

SCHEME = "Bearer"


class BearerAuthentication(BaseAuthentication):
    """``Authorization: Bearer TOKEN`` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[Token, None] | None:
        """The token that the header names; None without the header.

        Raises:
            AuthenticationFailed: it holds another scheme, or no token that opens anything.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, text = header.partition(" ")
        token = find_token(text.strip()) if scheme.lower() == SCHEME.lower() else None
        if token is None:
            raise AuthenticationFailed(
                "the header Authorization must be Bearer TOKEN, with a token that exists and was not revoked"
            )
        request.META[ACTOR_KEY] = token.name
        return token, None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002  DRF's signature
        """What a 401 asks for."""
        return SCHEME


class PageSessionAuthentication(SessionAuthentication):
    """The session of someone who logged in on a page; writes need the page's CSRF token as well."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        """The token that the session belongs to, or None."""
        found = super().authenticate(request)
        if found:
            request.META[ACTOR_KEY] = found[0].name
        return found
