"""How many requests a token may send in a minute, over all workers and machines.

A row counts what each token has taken in the current minute. A worker takes a hundredth of the limit at a time, so that
only every hundredth of its requests costs a statement; no more than the limit is ever given out.
"""

import time
from threading import Lock

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from orchestration.api.accounts.models import Token

WINDOW_SECONDS = 60
SHARES = 100
EXHAUSTED = -1  # nothing is left in this minute, and the database need not be asked again

_TAKE = """
    insert into token_use as uses (token_id, minute, taken, last_used_at)
    values (%(token)s, %(minute)s, %(share)s, now())
    on conflict (token_id) do update set
        taken = case when uses.minute = excluded.minute then least(uses.taken, %(limit)s) else 0 end + excluded.taken,
        minute = excluded.minute,
        last_used_at = now()
    returning taken
"""


class Allowance:
    """What this worker may still let through of each token in a minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._left: dict[int, tuple[int, int]] = {}

    def take(self, token_id: int, minute: int, limit: int) -> bool:
        """Count one request; whether it is within the limit."""
        share = max(1, limit // SHARES)
        with self._lock:
            of_minute, left = self._left.get(token_id, (0, 0))
            if of_minute == minute and left == EXHAUSTED:
                return False
            if of_minute == minute and left > 0:
                self._left[token_id] = (minute, left - 1)
                return True
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"token": token_id, "minute": minute, "share": share, "limit": limit})
            (taken,) = cursor.fetchone()
        granted = share - max(0, taken - limit)
        with self._lock:
            self._left[token_id] = (minute, granted - 1 if granted > 0 else EXHAUSTED)
        return bool(granted > 0)


_allowance = Allowance()


class TokenThrottle(BaseThrottle):
    """429 for a token that has sent ``DOUBLEREAD_RATE_LIMIT`` requests in this minute."""

    def allow_request(self, request: Request, view: APIView) -> bool:  # noqa: ARG002  DRF's signature
        """Whether the request is within the limit."""
        if not isinstance(request.user, Token):
            return True  # refused already
        minute = int(time.time() // WINDOW_SECONDS)
        return _allowance.take(request.user.pk, minute, settings.DOUBLEREAD.doubleread_rate_limit)

    def wait(self) -> float:
        """Seconds until the next minute, for the header Retry-After."""
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
