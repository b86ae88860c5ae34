"""Making, listing and revoking tokens."""

import hashlib
import re
import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone

from orchestration.api.accounts.errors import TokenExistsError, TokenNameError, TokenRevokedError, UnknownTokenError
from orchestration.api.accounts.models import Token
from orchestration.api.accounts.roles import Role
from orchestration.api.audit.services import Auditor
from orchestration.api.web.rows import select

PREFIX = "dr_"  # by which a scanner for secrets, and a person, knows what it is
TOKEN_BYTES = 32
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,99}")

# Every request asks this, so it goes around Django's queries, which take as long as all else that a request needs.
_FIELDS = ("id", "name", "role", "digest", "created_at", "revoked_at")
_FIND = f"select {', '.join(_FIELDS)} from token where digest = %s and revoked_at is null"  # noqa: S608  constants


def create_token(name: str, role: Role, auditor: Auditor) -> str:
    """Make a token.

    Returns:
        Its text, which nothing else ever shows.

    Raises:
        TokenNameError: the name is empty, too long or holds other than letters, digits, spaces and ``._@-``.
        TokenExistsError: there is one of this name, revoked or not: the audit tells actors apart by their names.
    """
    if not NAME.fullmatch(name):
        raise TokenNameError(
            "a token's name has at most 100 letters, digits, spaces and ._@-, and begins with a letter"
        )
    text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    try:
        with transaction.atomic():
            Token.objects.create(name=name, role=role.word, digest=digest(text))
            auditor.created("token", [name], {"role": role.word})
    except IntegrityError:
        raise TokenExistsError(f"there is a token {name} already; choose another name") from None
    return text


def revoke_token(name: str, auditor: Auditor) -> None:
    """End a token, and every session that began with it.

    Raises:
        UnknownTokenError: no token has this name.
        TokenRevokedError: it was revoked before.
    """
    with transaction.atomic():
        token = Token.objects.select_for_update().filter(name=name).first()
        if token is None:
            raise UnknownTokenError(f"there is no token {name}")
        if token.revoked_at:
            raise TokenRevokedError(f"the token {name} was revoked before")
        auditor.changed("token", name, {"revoked": [False, True]})
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])


def list_tokens() -> list[Token]:
    """All tokens by name, revoked ones too, each with its use."""
    return list(Token.objects.select_related("use").order_by("name"))


def find_token(text: str) -> Token | None:
    """The token of this text; None where there is none, and where it was revoked."""
    rows = select(_FIND, [digest(text)], prepare=True)
    return Token.from_db(None, _FIELDS, rows[0]) if rows else None


def digest(text: str) -> str:
    """What is kept of a token. Its 256 random bits cannot be guessed, so a quick digest serves."""
    return hashlib.sha256(text.encode()).hexdigest()
