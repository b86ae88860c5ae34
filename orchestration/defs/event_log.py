"""Dagster's log of events in SQLite, with connections that last.

Dagster's own makes an engine, opens a file and flushes it to disk for each statement, some 750 in a build: compiling
each anew takes a fifth of the CPU time of a build with nothing to do. The files are the same, so that either class
reads what the other wrote.
"""

import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

# Dagster names it in dagster.yaml and has no other path to it; its version is fixed, and a test holds what is replaced.
from dagster._core.storage.event_log import SqliteEventLogStorage  # noqa: TID251

if TYPE_CHECKING:
    from dagster._serdes import ConfigurableClassData

FILES_OPEN = 8  # the index of all runs, and the runs that were read or written last
BUSY_SECONDS = 20.0  # as long as Dagster's own waits for another process


class EventLog(SqliteEventLogStorage):
    """The log below Dagster's home, in a file for each run and one over all.

    What the last moments before a power failure wrote may be missing after it, as with all that doubleread keeps; a
    process that is killed loses nothing (SQLite's ``synchronous=NORMAL`` with a write-ahead log).

    In ``dagster.yaml``::

        event_log_storage:
          module: orchestration.defs.event_log
          class: EventLog
          config: {base_dir: {env: DAGSTER_HOME}}
    """

    def __init__(self, base_dir: str, inst_data: "ConfigurableClassData | None" = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(  # type: ignore[override]  # Dagster's own classes disagree here
        cls, inst_data: "ConfigurableClassData | None", config_value: Mapping[str, str]
    ) -> "EventLog":
        """Make it from ``dagster.yaml``; ``base_dir`` there is Dagster's home."""
        return cls(str(Path(config_value["base_dir"], "history", "runs")), inst_data)

    @contextmanager
    def run_connection(self, run_id: str | None = None) -> Iterator[sa.Connection]:
        """A transaction in the file of a run, which is made where it is missing."""
        with self._one_at_a_time:
            engine = self._engine(str(run_id))
            with engine.begin() as connection:
                yield connection

    def index_connection(self) -> AbstractContextManager[sa.Connection]:
        """A transaction in the file over all runs."""
        return self.run_connection("index")

    def has_table(self, table_name: str) -> bool:
        """Whether the file over all runs has a table; one that it has is not asked for again."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def wipe(self) -> None:
        """Remove all events."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close all files."""
        self._close()
        super().dispose()

    def _engine(self, shard: str) -> sa.Engine:
        if shard in self._engines:
            self._engines.move_to_end(shard)
            return self._engines[shard]
        with super().run_connection(shard):
            pass  # makes the tables
        engine = sa.create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": BUSY_SECONDS})
        sa.event.listen(engine, "connect", _without_flushing)
        self._engines[shard] = engine
        if len(self._engines) > FILES_OPEN:
            self._engines.popitem(last=False)[1].dispose()
        return engine

    def _close(self) -> None:
        with self._one_at_a_time:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()


def _without_flushing(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("pragma synchronous = normal")
