"""Dagster's records in SQLite, flushed to disk less often.

A run commits up to 900 times and opens a connection for each. The last connection to a file that is closed moves
SQLite's log of writes into the file and waits for the disk, so one is kept open; between such moments the log is not
flushed either. What the last moments before a power failure wrote may be missing after it, as with all that doubleread
keeps; a process that is killed loses nothing.
"""

import atexit
import sqlite3
from threading import Lock

import sqlalchemy as sa

_kept_open: dict[str, sqlite3.Connection] = {}
_lock = Lock()


@sa.event.listens_for(sa.Engine, "connect")
def _flush_less(connection: object, _record: object) -> None:
    """Keep the file open from its first connection on."""
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.execute("pragma synchronous = normal")
    _, _, file = connection.execute("pragma database_list").fetchone()
    with _lock:
        if file and file not in _kept_open:
            kept = _kept_open[file] = sqlite3.connect(file, check_same_thread=False)
            kept.execute("select count(*) from sqlite_master").fetchone()  # what has read nothing holds nothing


@atexit.register
def _close() -> None:
    """Move what the logs of writes hold into their files."""
    for kept in _kept_open.values():
        kept.close()
