"""How Django finds the token that a session belongs to."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from orchestration.api.accounts.models import Token
from orchestration.api.accounts.services import find_token


class TokenBackend(BaseBackend):
    """Takes a token where Django expects a user name and a password."""

    def authenticate(self, request: HttpRequest | None, token: str = "", **_others: object) -> Token | None:  # noqa: ARG002
        """The token of this text, or None."""
        return find_token(token) if token else None

    def get_user(self, user_id: int) -> Token | None:
        """The token of a session; None once it was revoked."""
        return Token.objects.filter(pk=user_id, revoked_at=None).first()
