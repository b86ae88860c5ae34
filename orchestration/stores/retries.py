"""Trying again what a later attempt can mend."""

import random
import threading
from collections.abc import Callable
from typing import TypeVar

from orchestration.stores.errors import RetryableStoreError

ATTEMPTS = 6
FIRST_BACKOFF_SECONDS = 0.2
LAST_BACKOFF_SECONDS = 10.0

T = TypeVar("T")


def with_retries(action: Callable[[int], T], *, stop: threading.Event | None = None) -> T:
    """Call ``action`` with the number of the attempt, from 1, until it returns or can't be helped.

    Args:
        action: what to try.
        stop: ends the waiting between attempts, and the attempts, when set.

    Raises:
        StoreError: a permanent one at once, the last of the retryable ones after all attempts.
    """
    waiting = stop or threading.Event()
    attempt = 1
    while True:
        try:
            return action(attempt)
        except RetryableStoreError as error:
            if attempt == ATTEMPTS or waiting.wait(_backoff(attempt)):
                raise RetryableStoreError(f"{error}, in each of {attempt} attempts; run again later") from error
        attempt += 1


def _backoff(attempt: int) -> float:
    # Jitter keeps many clients from returning at the same moment (Brooker, "Exponential Backoff And Jitter", 2015).
    longest = min(LAST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** (attempt - 1))
    return random.uniform(0.5, 1.0) * longest  # noqa: S311
