"""One run at a time: locks in the database, which hold for all machines and end with the process that took them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from orchestration.database.connection import Database, DatabaseError
from orchestration.outcomes import Waiting, no_waiting

LIMIT_SECONDS = 12 * 3600.0  # longer than any run takes: a run that hangs must not stop the others for good


@contextmanager
def exclusive(
    database: Database, name: str, *, on_wait: Waiting = no_waiting, limit_seconds: float = LIMIT_SECONDS
) -> Iterator[None]:
    """Hold the lock ``name`` of this database for the length of the ``with`` block, waiting for it where needed.

    The lock belongs to a connection of its own, so it is free as soon as its process ends, even when it is killed.

    Args:
        database: the database that keeps the lock.
        name: what is locked, such as a folder.
        on_wait: called once with ``name`` when another holds the lock.
        limit_seconds: how long to wait.

    Raises:
        DatabaseError: another still holds the lock after ``limit_seconds``.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with database.connect(application_name="doubleread lock") as connection:
        connection.autocommit = True
        taken = connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone() == (True,)
        if not taken:
            on_wait(name)
            connection.execute("select set_config('lock_timeout', %s, false)", [f"{limit_seconds}s"])
            try:
                connection.execute("select pg_advisory_lock(%s)", [key])
            except psycopg.errors.LockNotAvailable:
                raise DatabaseError(
                    f"another run has been at work on the {name} for {limit_seconds:,.0f} s; end it, then start again"
                ) from None
        yield
