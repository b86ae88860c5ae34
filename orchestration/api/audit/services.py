"""Writing the audit. An entry of a write is committed with the write or not at all."""

import getpass
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from django.http import HttpRequest
from rest_framework.request import Request

from orchestration.api.front.front import REQUEST_ID_KEY
from orchestration.api.web.rows import execute

COMMAND_ROLE = "command line"
ENTRY = """
insert into doubleread_service.audit (at, actor, role, action, kind, keys, changes, request_id)
select now(), %s, %s, %s, %s, %s::text[], %s::jsonb, %s
"""
"""Adds an entry; may be followed by ``from``."""


class AnonymousActorError(ValueError):
    """An entry without an actor."""


class Auditor:
    """Records what one actor does and sees.

    Call the methods for writes within the transaction of the write, and :meth:`deleting` before the row is gone.

    Args:
        actor: the name of a token, or of the user of the machine.
        role: the token's role.
        request_id: of the request, as the log has it.
    """

    def __init__(self, actor: str, role: str, request_id: str = "") -> None:
        if not actor:
            raise AnonymousActorError("an audit entry needs an actor")
        self.actor = actor
        self._role = role
        self._request_id = request_id

    @classmethod
    def of_request(cls, request: Request | HttpRequest) -> "Auditor":
        """The auditor for the sender of the request.

        Raises:
            AnonymousActorError: it was sent without a token.
        """
        user: Any = request.user
        return cls(getattr(user, "name", ""), getattr(user, "role", ""), request.META.get(REQUEST_ID_KEY, ""))

    @classmethod
    def of_command(cls) -> "Auditor":
        """The auditor for the user who runs a command on this machine."""
        return cls(getpass.getuser(), COMMAND_ROLE)

    def created(self, kind: str, keys: Sequence[str], changes: Mapping[str, Any] | None = None) -> None:
        """Record that these were made."""
        self._record("create", kind, keys, changes)

    def changed(self, kind: str, key: str, changes: Mapping[str, Sequence[Any]]) -> None:
        """Record what was changed: for each field the value before and the one after."""
        self._record("change", kind, [key], changes)

    def deleting(self, kind: str, key: str, before: Mapping[str, Any]) -> None:
        """Record what is about to be deleted."""
        self._record("delete", kind, [key], before)

    def looked_at(self, kind: str, keys: Sequence[str]) -> None:
        """Record that these were shown."""
        self._record("look", kind, keys, None)

    def _record(self, action: str, kind: str, keys: Sequence[str], changes: Mapping[str, Any] | None) -> None:
        execute(ENTRY, self.entry(action, kind, keys, changes), prepare=True)

    def entry(self, action: str, kind: str, keys: Sequence[str], changes: Mapping[str, Any] | None = None) -> list[Any]:
        """The values of ``ENTRY``, for a statement that writes and records at once."""
        changed = orjson.dumps(dict(changes or {})).decode()
        return [self.actor, self._role, action, kind, list(keys), changed, self._request_id]
