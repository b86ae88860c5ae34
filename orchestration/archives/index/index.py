"""Where each DICOM's header and pixels lie: a folder of Parquet files that grows archive by archive."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index.errors import IndexDamagedError, IndexMissingError
from orchestration.archives.index.manifest import NAME, Manifest
from orchestration.archives.index.names import HASH_BITS, Kind, uid_hash
from orchestration.archives.index.runs import RunReader, merged
from orchestration.archives.index.tables import ARCHIVES, MEMBERS, PLACES, PROBLEMS, TABLES, TableForm
from orchestration.archives.index.updating import IndexReport, Update, Wanted
from orchestration.outcomes import Progress, no_progress
from orchestration.settings import Settings, load_settings
from orchestration.stores import MissingObjectError, PermanentStoreError, Place, open_place
from orchestration.workers import Workers, thread_workers

REMOTE_READERS = 8  # archives read at a time: each waits for the network and holds what it reads ahead

T = TypeVar("T")


class Entry(NamedTuple):
    """Where one member lies: ``size_bytes`` from ``byte_offset`` on in this version of an archive."""

    uid: str
    kind: Kind
    store_url: str
    archive: str
    version: str
    byte_offset: int
    size_bytes: int


class Problem(NamedTuple):
    """Why a member is not in the index; with an empty ``member`` the problem is the archive's own."""

    store_url: str
    kind: Kind
    archive: str
    member: str
    byte_offset: int
    reason: str


class ArchiveIndex:
    """An index as it is when it is opened; :meth:`refresh` shows what others have written since.

    Rows of members are columns ``uid_hash``, ``uid``, ``kind``, ``archive_id``, ``byte_offset`` and ``size_bytes``;
    ``archive_id`` is that of :meth:`archives`.
    """

    def __init__(self, place: Place, manifest: Manifest, etag: str | None) -> None:
        self._place = place
        self._manifest = manifest
        self._etag = etag
        self._readers = {form.name: RunReader(place, form) for form in TABLES}

    @classmethod
    def open(cls, url: str | Path, settings: Settings | None = None) -> Self:
        """Open the index at a path or URL.

        Raises:
            IndexMissingError: no index is there.
            StoreUnavailableError: the place can't be used.
        """
        place = open_place(url, settings or load_settings())
        manifest, etag = read_manifest(place)
        if etag is None:
            raise IndexMissingError(f"there is no index at {place.url}; make one with doubleread archives index")
        return cls(place, manifest, etag)

    @classmethod
    def create(cls, url: str | Path, settings: Settings | None = None) -> Self:
        """Open the index at a path or URL, or an empty one where there is none.

        Raises:
            StoreUnavailableError: the place can't be used.
            IndexDamagedError: what lies there can't be read.
        """
        place = open_place(url, settings or load_settings(), create=True)
        return cls(place, *read_manifest(place))

    @property
    def url(self) -> str:
        """Where it lies."""
        return self._place.url

    @property
    def member_count(self) -> int:
        """How many members it holds."""
        rows = sum(run.rows for run in self._manifest.runs[MEMBERS.name])
        return rows - sum(self._manifest.dropped.values())

    def refresh(self) -> None:
        """See what was written since the index was opened.

        Raises:
            IndexDamagedError: what lies there can't be read.
        """
        self._manifest, self._etag = read_manifest(self._place)

    def update(
        self,
        store: Place,
        kind: Kind,
        *,
        progress: Progress = no_progress,
        workers: Workers | None = None,
    ) -> IndexReport:
        """Bring the index up to date with the archives of one kind below one URL.

        An archive of a known version is passed over, a changed one replaced, one that is gone taken out. Killed at any
        moment, the index holds the archives that were done until about half a minute before, and the next update does
        the rest. Archives that can't be read are named in the report and tried again by the next update.

        Args:
            store: holds the archives.
            kind: whether they hold headers or pixels.
            progress: is told how many archives of how many are done.
            workers: read the archives; if None, as many threads as suit the store.

        Raises:
            PlaceBusyError: another run writes the index.
            ArchivesMissingError: the place is empty, and the index knows archives there.
            StoreError: the archives can't be listed, or the index can't be written.
        """
        with (
            self._place.alone() as alone,
            workers or thread_workers(REMOTE_READERS if store.is_remote else 1) as chosen,
        ):
            self.refresh()
            update = Update(self._place, self._manifest, self._etag, Wanted(store, kind, self.archives()))
            report = update.run(chosen, progress, delete_all_unknown=alone)
            self._manifest, self._etag = update.manifest, update.etag
        return report

    def find(self, uids: Sequence[str]) -> dict[str, list[Entry]]:
        """All members with each of these UIDs, headers and pixels, duplicates too; an empty list where there are none.

        Costs reading one row group of each run that may hold a UID, and one of the table of archives.

        Raises:
            StoreError: the index can't be read.
        """
        keys = sorted(set(uids))
        return self._while_files_last(lambda: self._find(keys))

    def archives(self, kind: Kind | None = None) -> pa.Table:
        """Every archive.

        Columns ``archive_id``, ``store_url``, ``kind``, ``archive`` (its name), ``version``, ``size_bytes``, and how
        many ``members`` and ``problems`` it has.
        """
        return self._while_files_last(lambda: self._archives(kind))

    def entries(self, first_hash: int = 0, last_hash: int = (1 << HASH_BITS) - 1) -> Iterator[pa.RecordBatch]:
        """The members whose UIDs have hashes of a range, in the order of these and of the UIDs.

        Only that part of the index is read; memory does not grow with the members.

        Raises:
            StoreError: the index can't be read, or an update has merged its files meanwhile.
        """
        reader = self._readers[MEMBERS.name]
        runs = self._manifest.runs[MEMBERS.name]
        tables = merged([reader.scan_between(run, first_hash, last_hash) for run in runs], MEMBERS)
        for table in self._living(tables):
            yield from table.to_batches()

    def entries_of_archives(self, archive_ids: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """The members of some archives, archive by archive and in the order in which they lie there.

        Columns ``archive_id``, ``byte_offset``, ``size_bytes`` and ``uid``; memory does not grow with the members.

        Raises:
            StoreError: the index can't be read, or an update has merged its files meanwhile.
        """
        reader, keys = self._readers[PLACES.name], sorted(set(archive_ids))
        tables = merged([reader.look_up_in_run(run, keys) for run in self._manifest.runs[PLACES.name]], PLACES)
        for table in self._living(tables):
            yield from table.to_batches()

    def problems(self) -> Iterator[Problem]:
        """Every member and archive that does not fit, with the reason.

        Raises:
            StoreError: the index can't be read, or an update has merged its files meanwhile.
        """
        archives = {row["archive_id"]: row for row in self.archives().to_pylist()}
        reader = self._readers[PROBLEMS.name]
        for table in self._living(merged([reader.scan(run) for run in self._manifest.runs[PROBLEMS.name]], PROBLEMS)):
            for row in table.to_pylist():
                of = archives[row["archive_id"]]
                yield Problem(
                    of["store_url"], of["kind"], of["archive"], row["member"], row["byte_offset"], row["reason"]
                )

    def _find(self, keys: list[str]) -> dict[str, list[Entry]]:
        candidates = self._look_up(MEMBERS, sorted({uid_hash(uid) for uid in keys}))
        rows = candidates.filter(pc.is_in(candidates["uid"], pa.array(keys, pa.string()))).to_pylist()
        ids = sorted({row["archive_id"] for row in rows})
        archives = {row["archive_id"]: row for row in self._look_up(ARCHIVES, ids).to_pylist()}
        found: dict[str, list[Entry]] = {uid: [] for uid in keys}
        for row in rows:
            of = archives[row["archive_id"]]
            place = (of["store_url"], of["archive"], of["version"], row["byte_offset"], row["size_bytes"])
            found[row["uid"]].append(Entry(row["uid"], row["kind"], *place))
        return {uid: sorted(entries) for uid, entries in found.items()}

    def _archives(self, kind: Kind | None) -> pa.Table:
        reader = self._readers[ARCHIVES.name]
        tables = [table for run in self._manifest.runs[ARCHIVES.name] for table in reader.scan(run)]
        table = pa.concat_tables([ARCHIVES.schema.empty_table(), *self._living(iter(tables))])
        return table if kind is None else table.filter(pc.equal(table["kind"], kind))

    def _look_up(self, form: TableForm, keys: Sequence[str] | Sequence[int]) -> pa.Table:
        tables = self._readers[form.name].look_up(self._manifest.runs[form.name], keys)
        return pa.concat_tables([form.schema.empty_table(), *self._living(tables)])

    def _living(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The rows without those of archives that were dropped."""
        if not self._manifest.dropped:
            yield from tables
            return
        dropped = pa.array(self._manifest.dropped, pa.int64())
        for table in tables:
            yield table.filter(pc.invert(pc.is_in(table["archive_id"], dropped)))

    def _while_files_last(self, read: Callable[[], T]) -> T:
        """What ``read`` returns; once more if an update has meanwhile replaced the files that it reads."""
        try:
            return read()
        except PermanentStoreError:
            before = self._manifest
            self.refresh()
            if self._manifest == before:
                raise
            return read()


def read_manifest(place: Place) -> tuple[Manifest, str | None]:
    """The manifest and its ETag; an empty one and None where there is none.

    Raises:
        IndexDamagedError: what lies there is not a manifest.
        StoreError: it can't be read.
    """
    try:
        data, etag = place.read(NAME)
    except MissingObjectError:
        return Manifest(), None
    try:
        return Manifest.from_json(data), etag
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamagedError(
            f"{NAME} at {place.url} is no manifest of an index; delete the index and make it anew"
        ) from error


def merged_entries(indexes: Sequence[ArchiveIndex], first_hash: int, last_hash: int) -> Iterator[pa.Table]:
    """The members of several indexes whose UIDs have hashes of a range, in the order of these and of the UIDs.

    Columns as :meth:`ArchiveIndex.entries`, but ``archive`` in place of ``archive_id``: the row of the archive in the
    tables of archives of all indexes, one after the other. Memory does not grow with the members.

    Raises:
        StoreError: an index can't be read, or an update has merged its files meanwhile.
    """
    sources, before = [], 0
    for index in indexes:
        archives = index.archives()
        sources.append(_numbered(index.entries(first_hash, last_hash), archives["archive_id"].to_numpy(), before))
        before += len(archives)
    for table in merged(sources, replace(MEMBERS, key=("uid_hash", "uid", "archive", "byte_offset"))):
        if len(table):
            yield table


def _numbered(batches: Iterator[pa.RecordBatch], archive_ids: npt.NDArray[np.int64], before: int) -> Iterator[pa.Table]:
    """The rows with the place of their archive among ``archive_ids``, counted from ``before``."""
    order = np.argsort(archive_ids)
    for batch in batches:
        table = pa.Table.from_batches([batch])
        rows = order[np.searchsorted(archive_ids, table["archive_id"].to_numpy(), sorter=order)] + before
        column = table.schema.get_field_index("archive_id")
        yield table.set_column(column, "archive", pa.array(rows))
