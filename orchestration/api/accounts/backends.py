"""How Django knows who a session belongs to."""

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from orchestration.api.accounts.models import Token
from orchestration.api.accounts.services import find_token


class TokenBackend(BaseBackend):
    """Takes a token where Django expects a user name and a password."""

    def authenticate(self, request: HttpRequest | None, token: str = "", **_others: object) -> Token | None:  # noqa: ARG002
        """Whom the token names, or None."""
        return find_token(token) if token else None

    def get_user(self, user_id: int) -> Token | None:
        """Whose session it is; None once the token was revoked."""
        return Token.objects.filter(pk=user_id, revoked_at=None).first()
