"""Bringing an index up to date with the archives below one URL."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index.errors import ArchivesMissingError
from orchestration.archives.index.manifest import NAME, Manifest
from orchestration.archives.index.merging import merge_at_the_end, merge_while_updating
from orchestration.archives.index.names import SUFFIX, Kind, passed_over
from orchestration.archives.index.runs import write_run
from orchestration.archives.index.scanning import Scan, ScanTask, scan, write_rows
from orchestration.archives.index.tables import ARCHIVES
from orchestration.outcomes import Failures, Progress, printable
from orchestration.stores import ObjectChangedError, ObjectVersion, Place, PlaceBusyError, StoreError
from orchestration.workers import WorkerLostError, Workers

COMMIT_ROWS = 1 << 19
COMMIT_SECONDS = 30.0
# In a bucket, where no lock keeps others out, younger files may be those of an update that goes on.
ABANDONED_AFTER = timedelta(days=7)


@dataclass
class IndexReport:
    """What an update did: numbers of archives, of members and of problems, and the archives that failed, with why.

    ``indexed`` counts the archives that were read, ``replaced`` those of them that were known in another version;
    ``members`` and ``problems`` are those of the archives that were read. ``passed_over`` are objects that look like
    archives and are not read, ``other_objects`` counts the rest.
    """

    archives: int = 0
    indexed: int = 0
    unchanged: int = 0
    replaced: int = 0
    removed: int = 0
    members: int = 0
    problems: int = 0
    other_objects: int = 0
    passed_over: Failures = field(default_factory=Failures)
    failed: Failures = field(default_factory=Failures)


@dataclass(frozen=True)
class _Known:
    archive_id: int
    version: str
    size_bytes: int
    members: int


@dataclass(frozen=True)
class Wanted:
    """What an index is to know: the archives of one kind in a store. ``archives`` are all that it knows now."""

    store: Place
    kind: Kind
    archives: pa.Table

    def known(self) -> dict[str, _Known]:
        """Those of this kind and store, by name."""
        rows = self.archives
        mine = rows.filter(pc.and_(pc.equal(rows["store_url"], self.store.url), pc.equal(rows["kind"], self.kind)))
        columns = (mine[name].to_pylist() for name in ("archive", "archive_id", "version", "size_bytes", "members"))
        return {name: _Known(*rest) for name, *rest in zip(*columns, strict=True)}


class Update:
    """One update; ``manifest`` and ``etag`` are those that were stored last."""

    def __init__(self, place: Place, manifest: Manifest, etag: str | None, wanted: Wanted) -> None:
        self.manifest = manifest
        self.etag = etag
        self.report = IndexReport()
        self._place = place
        self._store, self._kind = wanted.store, wanted.kind
        self._known = wanted.known()
        self._next_id = manifest.next_archive
        self._done: list[Scan] = []
        self._rows = 0
        self._dropped = dict(manifest.dropped)
        self._committed = time.monotonic()

    def run(self, workers: Workers, progress: Progress, *, delete_all_unknown: bool) -> IndexReport:
        """Do it; see :meth:`ArchiveIndex.update`."""
        self._delete_unknown_files(delete_all_unknown)
        wanted = self._compare()
        progress(self.report.unchanged, self.report.archives)
        for archive, outcome in workers.run(scan, map(self._task, wanted)):
            self._take(archive, outcome)
            progress(self.report.unchanged + self.report.indexed + self.report.failed.count, self.report.archives)
        self._commit(merge_at_the_end)
        return self.report

    def _compare(self) -> list[ObjectVersion]:
        """The archives to be read; those that are gone are dropped."""
        listed = self._listed()
        if self._known and not listed:
            raise ArchivesMissingError(
                f"there are no archives at {self._store.url}, where the index knows {len(self._known):,}; "
                "check the URL, or delete the index"
            )
        self.report.archives = len(listed)
        gone = self._known.keys() - {archive.path for archive in listed}
        for name in gone:
            self._drop(name)
        self.report.removed = len(gone)
        wanted = [archive for archive in listed if not self._is_known(archive)]
        self.report.unchanged = len(listed) - len(wanted)
        return wanted

    def _listed(self) -> list[ObjectVersion]:
        """The archives that lie there; what looks like one and is passed over is named in the report."""
        listed = []
        for version in self._store.list():
            if version.path.endswith(SUFFIX):
                listed.append(version)
            elif reason := passed_over(version.path):
                self.report.passed_over.add(printable(version.path), reason)
            else:
                self.report.other_objects += 1
        return listed

    def _is_known(self, archive: ObjectVersion) -> bool:
        known = self._known.get(archive.path)
        return known is not None and (known.version, known.size_bytes) == (archive.etag, archive.size_bytes)

    def _drop(self, name: str) -> None:
        known = self._known.pop(name)
        self._dropped[known.archive_id] = known.members

    def _task(self, archive: ObjectVersion) -> tuple[ObjectVersion, ScanTask]:
        number, self._next_id = self._next_id, self._next_id + 1
        return archive, ScanTask(self._store, archive, self._kind, number, self._place)

    def _take(self, archive: ObjectVersion, outcome: Scan | Exception) -> None:
        """Count what became of an archive, keep its rows, and commit from time to time."""
        if isinstance(outcome, StoreError | WorkerLostError):
            self.report.failed.add(printable(archive.path), str(outcome))
            return
        if isinstance(outcome, Exception):
            raise outcome
        self.report.indexed += 1
        self.report.members += outcome.member_count
        self.report.problems += outcome.problem_count
        if archive.path in self._known:
            self.report.replaced += 1
            self._drop(archive.path)
        self._done.append(outcome)
        self._rows += outcome.rows
        if self._rows >= COMMIT_ROWS or time.monotonic() - self._committed > COMMIT_SECONDS:
            self._commit(merge_while_updating)

    def _commit(self, merge: Callable[[Place, Manifest], Manifest]) -> None:
        """Write the archives that are done, then name them in the manifest, then merge."""
        manifest = replace(self.manifest, next_archive=self._next_id, dropped=dict(self._dropped))
        if self._done:
            runs = [run for done in self._done for run in done.runs]
            runs += write_rows(
                self._place,
                [table for done in self._done for table in done.members],
                [table for done in self._done for table in done.problems],
            )
            runs.append((ARCHIVES.name, write_run(self._place, ARCHIVES, [self._archive_rows()])))
            for table, run in runs:
                manifest = manifest.with_runs(table, [*manifest.runs[table], run])
            self._done, self._rows = [], 0
        self._store_manifest(manifest)
        self._store_manifest(merge(self._place, manifest))
        self._dropped = dict(self.manifest.dropped)
        self._committed = time.monotonic()

    def _archive_rows(self) -> pa.Table:
        """The rows of the archives that are done and not committed yet."""
        rows = [
            {
                "archive_id": done.archive_id,
                "store_url": self._store.url,
                "kind": self._kind,
                "archive": done.archive.path,
                "version": done.archive.etag,
                "size_bytes": done.archive.size_bytes,
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
            self.etag = self._place.replace(NAME, manifest.to_json(), self.etag)
        except ObjectChangedError:
            raise PlaceBusyError(f"another run changed the index at {self._place.url} meanwhile; run again") from None
        self.manifest = manifest
        self._delete(before - manifest.files)

    def _delete_unknown_files(self, all_of_them: bool) -> None:
        """Delete what updates that were killed have left."""
        newest = datetime.now(UTC) - (timedelta(0) if all_of_them else ABANDONED_AFTER)
        named = self.manifest.files
        found = [(version.path, version.last_modified) for version in self._place.list()]
        self._delete(
            name for name, modified in found if name.endswith(".parquet") and name not in named and modified <= newest
        )

    def _delete(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(StoreError):  # a later update deletes what is left over
                self._place.remove(name)
