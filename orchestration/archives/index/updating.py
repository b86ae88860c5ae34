"""Bringing an index up to date with the archives below one URL."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from queue import SimpleQueue

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index.archive_store import ArchiveStore, ArchiveVersion
from orchestration.archives.index.errors import ArchivesMissingError
from orchestration.archives.index.manifest import NAME, Manifest
from orchestration.archives.index.merging import merge_at_the_end, merge_while_updating
from orchestration.archives.index.names import Kind
from orchestration.archives.index.runs import write_run
from orchestration.archives.index.scanning import Scan, scan, write_rows
from orchestration.archives.index.tables import ARCHIVES
from orchestration.stores import PlaceBusyError, StoreError
from orchestration.stores.objects import Objects, OtherObjectError
from orchestration.stores.paths import printable

COMMIT_ROWS = 1 << 19
COMMIT_SECONDS = 30.0
# In a bucket, where no lock keeps others out, younger files may be those of an update that goes on.
ABANDONED_AFTER = timedelta(days=7)


@dataclass
class IndexReport:
    """What an update did: numbers of archives, of members and of problems, and the archives that failed, with why.

    ``indexed`` counts the archives that were read, ``replaced`` those of them that were known in another version;
    ``members`` and ``problems`` are those of the archives that were read.
    """

    archives: int = 0
    indexed: int = 0
    unchanged: int = 0
    replaced: int = 0
    removed: int = 0
    members: int = 0
    problems: int = 0
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Known:
    archive_id: int
    version: str
    size: int
    members: int


@dataclass(frozen=True)
class Wanted:
    """What an index is to know: the archives of one kind in a store. ``archives`` are all that it knows now."""

    store: ArchiveStore
    kind: Kind
    archives: pa.Table

    def known(self) -> dict[str, _Known]:
        """Those of this kind and store, by name."""
        rows = self.archives
        mine = rows.filter(pc.and_(pc.equal(rows["store_url"], self.store.url), pc.equal(rows["kind"], self.kind)))
        columns = (mine[name].to_pylist() for name in ("archive", "archive_id", "version", "size", "members"))
        return {name: _Known(*rest) for name, *rest in zip(*columns, strict=True)}


class Update:
    """One update; ``manifest`` and ``etag`` are those that were stored last."""

    def __init__(self, objects: Objects, manifest: Manifest, etag: str | None, wanted: Wanted) -> None:
        self.manifest = manifest
        self.etag = etag
        self.report = IndexReport()
        self._objects = objects
        self._store, self._kind = wanted.store, wanted.kind
        self._known = wanted.known()
        self._next_id = manifest.next_archive
        self._done: list[Scan] = []
        self._rows = 0
        self._dropped = dict(manifest.dropped)
        self._committed = time.monotonic()

    def run(
        self,
        threads: int,
        executor: Executor | None,
        progress: Callable[[int, int], None],
        *,
        delete_all_unknown: bool,
    ) -> IndexReport:
        """Do it; see :meth:`ArchiveIndex.update`."""
        self._delete_unknown_files(delete_all_unknown)
        wanted = self._compare()
        progress(self.report.unchanged, self.report.archives)
        with ThreadPoolExecutor(threads) as pool:
            for archive, outcome in self._scans(wanted, executor or pool, threads):
                self._take(archive, outcome)
                progress(self.report.unchanged + self.report.indexed + len(self.report.failed), self.report.archives)
        self._commit(merge_at_the_end)
        return self.report

    def _compare(self) -> list[ArchiveVersion]:
        """The archives to be read; those that are gone are dropped."""
        listed = list(self._store.archives())
        if self._known and not listed:
            raise ArchivesMissingError(
                f"there are no archives at {self._store.url}, where the index knows {len(self._known):,}; "
                "check the URL, or delete the index"
            )
        self.report.archives = len(listed)
        gone = self._known.keys() - {archive.name for archive in listed}
        for name in gone:
            self._drop(name)
        self.report.removed = len(gone)
        wanted = [archive for archive in listed if not self._is_known(archive)]
        self.report.unchanged = len(listed) - len(wanted)
        return wanted

    def _is_known(self, archive: ArchiveVersion) -> bool:
        known = self._known.get(archive.name)
        return known is not None and (known.version, known.size) == (archive.version_token, archive.size)

    def _drop(self, name: str) -> None:
        known = self._known.pop(name)
        self._dropped[known.archive_id] = known.members

    def _scans(
        self, archives: Iterable[ArchiveVersion], executor: Executor, threads: int
    ) -> Iterator[tuple[ArchiveVersion, Scan | StoreError]]:
        """The outcome for each archive, a bounded number at a time, in the order in which they are done."""
        rest = iter(archives)
        pending: dict[Future[Scan], ArchiveVersion] = {}
        done: SimpleQueue[Future[Scan]] = SimpleQueue()
        try:
            while True:
                for archive in islice(rest, 2 * threads - len(pending)):
                    number, self._next_id = self._next_id, self._next_id + 1
                    future = executor.submit(scan, self._store, archive, self._kind, number, self._objects)
                    pending[future] = archive
                    future.add_done_callback(done.put)
                if not pending:
                    return
                future = done.get()
                yield pending.pop(future), _outcome(future)
        finally:
            for future in pending:
                future.cancel()

    def _take(self, archive: ArchiveVersion, outcome: Scan | StoreError) -> None:
        if isinstance(outcome, StoreError):
            self.report.failed[printable(archive.name)] = str(outcome)
            return
        self.report.indexed += 1
        self.report.members += outcome.member_count
        self.report.problems += outcome.problem_count
        if archive.name in self._known:
            self.report.replaced += 1
            self._drop(archive.name)
        self._done.append(outcome)
        self._rows += outcome.rows
        if self._rows >= COMMIT_ROWS or time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit(merge_while_updating)

    def _commit(self, merge: Callable[[Objects, Manifest], Manifest]) -> None:
        """Write the archives that are done, then name them in the manifest, then merge."""
        manifest = replace(self.manifest, next_archive=self._next_id, dropped=dict(self._dropped))
        if self._done:
            runs = [run for done in self._done for run in done.runs]
            runs += write_rows(
                self._objects,
                [table for done in self._done for table in done.members],
                [table for done in self._done for table in done.problems],
            )
            runs.append((ARCHIVES.name, write_run(self._objects, ARCHIVES, [self._archive_rows()])))
            for table, run in runs:
                manifest = manifest.with_runs(table, [*manifest.runs[table], run])
            self._done, self._rows = [], 0
        self._store_manifest(manifest)
        self._store_manifest(merge(self._objects, manifest))
        self._dropped = dict(self.manifest.dropped)
        self._committed = time.monotonic()

    def _archive_rows(self) -> pa.Table:
        rows = [
            {
                "archive_id": done.archive_id,
                "store_url": self._store.url,
                "kind": self._kind,
                "archive": done.archive.name,
                "version": done.archive.version_token,
                "size": done.archive.size,
                "members": done.member_count,
                "problems": done.problem_count,
            }
            for done in sorted(self._done, key=lambda done: done.archive_id)
        ]
        return pa.Table.from_pylist(rows, ARCHIVES.schema)

    def _store_manifest(self, manifest: Manifest) -> None:
        if manifest == self.manifest and self.etag is not None:
            return
        before = self.manifest.files
        try:
            self.etag = self._objects.replace(NAME, manifest.to_json(), self.etag)
        except OtherObjectError:
            raise PlaceBusyError(f"another run changed the index at {self._objects.url} meanwhile; run again") from None
        self.manifest = manifest
        self._delete(before - manifest.files)

    def _delete_unknown_files(self, all_of_them: bool) -> None:
        """Delete what updates that were killed have left."""
        newest = datetime.now(UTC) - (timedelta(0) if all_of_them else ABANDONED_AFTER)
        named = self.manifest.files
        found = list(self._objects.list())
        self._delete(
            name for name, modified in found if name.endswith(".parquet") and name not in named and modified <= newest
        )

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(StoreError):  # a later update deletes what is left over
                self._objects.delete(name)


def _outcome(future: Future[Scan]) -> Scan | StoreError:
    try:
        return future.result()
    except StoreError as error:
        return error
