"""One run at a time: locks that the database keeps, so that they hold across machines and end with their owner."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.database.connection import Database
from orchestration.outcomes import Waiting, no_waiting


@contextmanager
def exclusive(database: Database, name: str, *, on_wait: Waiting = no_waiting) -> Iterator[None]:
    """Hold the lock ``name`` of this database for the length of the ``with`` block, waiting for it where needed.

    The lock lies on a connection of its own: it is free again the moment that its process is gone, killed or not.

    Args:
        database: the database that keeps the lock.
        name: what is locked, such as a folder.
        on_wait: called once with ``name`` when another holds the lock.
    """
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
    with database.connect(application_name="doubleread lock") as connection:
        connection.autocommit = True
        taken = connection.execute("select pg_try_advisory_lock(%s)", [key]).fetchone() == (True,)
        if not taken:
            on_wait(name)
            connection.execute("select pg_advisory_lock(%s)", [key])
        yield
