"""From indexes to batches: headers joined with pixels by UID, grouped by the image archives that hold the pixels.

This is the one place that decides which members belong together and which have no partner. Only rows of the indexes
move, in the order of their UIDs' hashes as they are; pairs are spooled to unnamed files, so that memory does not grow
with the members and nothing is left behind by a run that is killed. A pair takes 2 µs of CPU, its batch another 1.4.
"""

import hashlib
import mmap
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index import HASH_BITS, ArchiveIndex, Kind, merged_entries
from orchestration.archives.reassembly.members import Unmatched, without_partner
from orchestration.archives.reassembly.pairs import PAIRS, PLACE_FIELDS, Pairs

PARTITIONS = tuple(f"{number:02x}" for number in range(256))
EVERYTHING = "all"  # in place of a partition, in the names of batches that hold UIDs of any
BATCH_BYTES = 1 << 30  # of image archives: seconds of work, lost when a worker is
BATCH_MEMBERS = 20_000  # their places take some 10 MB
GROUPS = 256  # of image archives, by their names
SPOOLED_AT_ONCE = 500_000  # pairs held before they are written to the spool
ASSEMBLY_VERSION = 2  # raised with every change of the bytes of a DICOM: all are then made again
_HASHES = (1 << HASH_BITS) // len(PARTITIONS)  # of a partition

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """Which UIDs are joined.

    Attributes:
        partition_key: two hexadecimal digits, with which the hash of a UID begins; all UIDs without.
        image_archives: patterns (``*``, ``?``) of the names of image archives, one of which must match; all archives
            without. Headers whose pixels may be in others are then not said to have no partner.
    """

    partition_key: str | None = None
    image_archives: Collection[str] = ()

    @property
    def scope(self) -> str:
        """With which the names of its batches begin."""
        return self.partition_key or EVERYTHING

    @property
    def hashes(self) -> tuple[int, int]:
        """The first and the last hash of its UIDs."""
        first = int(self.partition_key, 16) * _HASHES if self.partition_key else 0
        return (first, first + _HASHES - 1) if self.partition_key else (0, (1 << HASH_BITS) - 1)

    def has(self, archive: str) -> bool:
        """Whether the pixels of an image archive are wanted."""
        return not self.image_archives or any(fnmatchcase(archive, pattern) for pattern in self.image_archives)


class Join:
    """Headers and pixels of some indexes, joined.

    Args:
        indexes: of the archives.
        selection: which UIDs are wanted.
        unmatched: takes each member that has no partner.
    """

    def __init__(
        self, indexes: Sequence[ArchiveIndex], selection: Selection, unmatched: Callable[[Unmatched], None]
    ) -> None:
        self._indexes = indexes
        self._selection = selection
        self._unmatched = unmatched
        self._archives = pa.concat_tables([index.archives() for index in indexes]).combine_chunks()
        self._is_text = pc.equal(self._archives["kind"], "text").to_numpy()
        self._first, self._width, self.batch_count = self._slice()
        self._spool = _Spool()

    def run(self) -> int:
        """Spool all pairs and tell of the rest; how many pairs there are."""
        pairs = 0
        for rows in self._whole_uids():
            pairs += self._take(rows)
        self._spool.sort()
        return pairs

    def batches(self, *, salt: str) -> Iterator[tuple[str, Pairs]]:
        """Each batch that has pairs: a name that changes when they, their archives or ``salt`` do, and the pairs."""
        for number in range(self.batch_count):
            table = self._spool.batch(number)
            if len(table):
                pairs = Pairs.of(table, self._archives)
                digest = hashlib.sha256(f"{ASSEMBLY_VERSION} {salt} ".encode())
                digest.update(pairs.fingerprint())
                yield f"{self._selection.scope}-{digest.hexdigest()[:24]}", pairs

    def _whole_uids(self) -> Iterator[pa.Table]:
        """The rows of the selection, so that those of one UID come together."""
        rest = None
        for table in merged_entries(self._indexes, *self._selection.hashes):
            rows = table if rest is None else pa.concat_tables([rest, table])
            last = pc.index(rows["uid"], rows["uid"][-1]).as_py()
            rest = rows.slice(last)
            if last:
                yield rows.slice(0, last).combine_chunks()
        if rest is not None:
            yield rest.combine_chunks()

    def _take(self, rows: pa.Table) -> int:
        """Join the rows of some UIDs; how many pairs were spooled."""
        uids = rows["uid"].combine_chunks()
        starts = np.flatnonzero(np.r_[True, pc.not_equal(uids[1:], uids[:-1]).to_numpy(zero_copy_only=False)])
        archive, offset, size = (rows[name].to_numpy() for name in ("archive", "byte_offset", "size_bytes"))
        is_text = self._is_text[archive]
        headers = np.add.reduceat(is_text.astype(np.int64), starts)
        counts = np.diff(np.r_[starts, len(rows)])
        alone = (headers == 0) | (headers == counts)
        self._tell(rows, np.repeat(alone, counts), is_text)
        joined = starts[~alone]
        if not len(joined):
            return 0
        # In each UID the first header and the first pixels, in the order of archives and places.
        header = _first(is_text, starts, counts)[~alone]
        pixels = _first(~is_text, starts, counts)[~alone]
        batch = self._first[archive[pixels]] + offset[pixels] // self._width[archive[pixels]]
        wanted = self._first[archive[pixels]] >= 0
        columns = [uids.take(joined)]
        columns += [pa.array(column[place]) for place in (header, pixels) for column in (archive, offset, size)]
        columns.append(_others(rows, joined, counts[~alone], header, pixels))
        self._spool.add(batch[wanted], pa.Table.from_arrays(columns, schema=PAIRS).filter(pa.array(wanted)))
        return int(wanted.sum())

    def _tell(self, rows: pa.Table, alone: npt.NDArray[np.bool_], is_text: npt.NDArray[np.bool_]) -> None:
        """Tell of members without a partner."""
        if self._selection.image_archives:
            alone &= ~is_text  # other archives may hold their pixels
            alone &= self._first[rows["archive"].to_numpy()] >= 0
        if not alone.any():
            return
        for row in rows.filter(pa.array(alone)).to_pylist():
            of = self._archive(row["archive"])
            kind: Kind = of["kind"]
            self._unmatched(without_partner(row["uid"], kind, of["store_url"], of["archive"], row["byte_offset"]))

    def _archive(self, number: int) -> dict[str, Any]:
        row: dict[str, Any] = self._archives.slice(number, 1).to_pylist()[0]
        return row

    def _slice(self) -> tuple[Numbers, Numbers, int]:
        """Divide image archives into batches: those of an archive go to ``first + offset // width``, to none if -1.

        Archives are grouped until a batch is full, and cut where they are too large for one. Only archives whose names
        have the same hash are grouped, so that one that comes or goes changes few batches; a partition, which takes its
        share of every archive, groups all of them.
        """
        share = 1 if self._selection.partition_key is None else len(PARTITIONS)
        first = np.full(len(self._archives), -1, np.int64)
        width = np.ones(len(self._archives), np.int64)
        names, stores = (self._archives[name].to_pylist() for name in ("archive", "store_url"))
        sizes, members = (self._archives[name].to_numpy() for name in ("size_bytes", "members"))
        images = [number for number in np.flatnonzero(~self._is_text).tolist() if self._selection.has(names[number])]
        batches = held = held_bytes = 0
        before = -1
        for group, _, _, number in sorted(
            (_group(names[number], share), stores[number], names[number], number) for number in images
        ):
            count, size = -(-int(members[number]) // share), -(-int(sizes[number]) // share)
            parts = max(-(-size // BATCH_BYTES), -(-count // BATCH_MEMBERS), 1)
            held, held_bytes = held + count, held_bytes + size
            if parts > 1 or held > BATCH_MEMBERS or held_bytes > BATCH_BYTES or group != before:
                batches += parts
                held, held_bytes, before = count, size, group
            first[number], width[number] = batches - parts, int(sizes[number]) // parts + 1
        return first, width, batches


def partition_of(uid_hash: int) -> str:
    """The partition of a UID by its hash."""
    return PARTITIONS[uid_hash // _HASHES]


def _group(archive: str, share: int) -> int:
    return zlib.crc32(archive.encode()) % GROUPS if share == 1 else 0


def _first(is_kind: npt.NDArray[np.bool_], starts: Numbers, counts: Numbers) -> Numbers:
    """The row of the first member of a kind in each group of rows; the row after the group where there is none."""
    rows = np.where(is_kind, np.arange(len(is_kind)), len(is_kind))
    found: Numbers = np.minimum(np.minimum.reduceat(rows, starts), starts + counts)
    return found


def _others(rows: pa.Table, starts: Numbers, counts: Numbers, header: Numbers, pixels: Numbers) -> pa.ListArray:
    """The places of the members of each UID beside its first header and first pixels: duplicates, which are few."""
    offsets = np.r_[0, np.cumsum(counts - 2)]
    if not offsets[-1]:
        return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array([], pa.struct(PLACE_FIELDS)))
    is_other = np.zeros(len(rows), np.bool_)
    for group in np.flatnonzero(counts > 2).tolist():
        is_other[starts[group] : starts[group] + counts[group]] = True
    is_other[header] = is_other[pixels] = False
    found = rows.filter(pa.array(is_other)).combine_chunks()
    columns = [found[name].combine_chunks() for name in ("archive", "byte_offset", "size_bytes")]
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), pa.StructArray.from_arrays(columns, fields=PLACE_FIELDS)
    )


@dataclass
class _Spool:
    """Pairs by batch: sorted runs in unnamed files, which the system removes with the process, however it ends."""

    _pending: list[tuple[Numbers, pa.Table]] = field(default_factory=list)
    _rows: int = 0
    _runs: list[pa.Table] = field(default_factory=list)
    _places: dict[int, list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, batches: Numbers, pairs: pa.Table) -> None:
        """Take in pairs and the batch of each."""
        if len(pairs):
            self._pending.append((batches, pairs))
            self._rows += len(pairs)
        if self._rows >= SPOOLED_AT_ONCE:
            self.sort()
            self._write()

    def sort(self) -> None:
        """Make a run of what is pending."""
        if not self._pending:
            return
        batches = np.concatenate([batches for batches, _ in self._pending])
        order = np.argsort(batches, kind="stable")
        table = pa.concat_tables([pairs for _, pairs in self._pending]).take(order).combine_chunks()
        numbers, starts = np.unique(batches[order], return_index=True)
        stops = [*starts[1:].tolist(), len(batches)]
        for number, start, stop in zip(numbers.tolist(), starts.tolist(), stops, strict=True):
            self._places[number].append((len(self._runs), start, stop))
        self._runs.append(table)
        self._pending, self._rows = [], 0

    def batch(self, number: int) -> pa.Table:
        """The pairs of a batch, in the order in which they were added."""
        pieces = [self._runs[run].slice(start, stop - start) for run, start, stop in self._places.get(number, ())]
        return pa.concat_tables([PAIRS.empty_table(), *pieces])

    def _write(self) -> None:
        """Move the last run from memory to a file, which is then mapped."""
        with tempfile.TemporaryFile(prefix="doubleread-") as file:
            sink = pa.PythonFile(file, "w")
            with pa.ipc.new_file(sink, PAIRS) as writer:
                writer.write_table(self._runs[-1])
            file.flush()
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._runs[-1] = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))).read_all()
