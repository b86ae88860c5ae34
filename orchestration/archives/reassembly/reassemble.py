"""All DICOMs of an index, on as many workers as there are."""

import hashlib
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.archives.index import ArchiveIndex
from orchestration.archives.reassembly.batch import Batch, BatchResult, reassemble_batch
from orchestration.archives.reassembly.joining import Join, Selection
from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.archives.reassembly.records import (
    INDEX,
    UNMATCHED,
    BatchRecord,
    RecordName,
    write_record,
    write_unmatched,
)
from orchestration.errors import DoublereadError
from orchestration.outcomes import Progress, no_progress, printable
from orchestration.settings import Settings
from orchestration.stores import Place, StoreError, open_place
from orchestration.workers import WorkerLostError, Workers, process_workers

STARTED = f"{INDEX}/started"
UNMATCHED_SHOWN = 100
UNMATCHED_AT_ONCE = 50_000  # rows of a file


@dataclass
class ReassemblyReport:
    """What one run did; the first unmatched are named.

    ``left_alone`` counts the DICOMs that were there and right. ``character_sets_changed`` counts those that declare
    ISO_IR 192 because what their header declares can't hold its text; the records name them.
    """

    pairs: int = 0
    written: int = 0
    left_alone: int = 0
    bytes_written: int = 0
    through_pydicom: int = 0
    character_sets_changed: int = 0
    unmatched: Counter[Reason] = field(default_factory=Counter)
    unmatched_shown: list[Unmatched] = field(default_factory=list)

    def note(self, row: Unmatched) -> None:
        """Count a member that is in no DICOM."""
        self.unmatched[row.reason] += 1
        if len(self.unmatched_shown) < UNMATCHED_SHOWN:
            self.unmatched_shown.append(row)

    def add(self, result: BatchResult) -> None:
        """Count a batch."""
        self.written += result.written
        self.left_alone += result.left_alone
        self.bytes_written += result.bytes_written
        self.through_pydicom += result.through_pydicom
        self.character_sets_changed += result.character_sets_changed
        for row in result.unmatched:
            self.note(row)


def local_workers(count: int | None = None) -> Workers:
    """Processes on this machine for :func:`reassemble`, one for each core unless told."""
    return process_workers(count, preload=["orchestration.archives.reassembly.batch"])


def reassemble(
    indexes: Sequence[ArchiveIndex],
    output_url: str | Path,
    settings: Settings,
    workers: Workers,
    *,
    pack: bool = False,
    decode: bool = False,
    partitions: Collection[str] | None = None,
    image_archives: Collection[str] = (),
    workers_use_own_settings: bool = False,
    progress: Progress = no_progress,
) -> ReassemblyReport:
    """Join headers with pixels and write the DICOMs, ``<UID>.dcm`` each, or in tar shards.

    The records of batches are in ``index/`` below the output, members in no DICOM in ``unmatched/``. Run again, or
    after being killed, it does what is missing. Records of the same indexes that are out of date go; those of others,
    and all DICOMs, stay. Only one run may write to an output at a time.

    Args:
        indexes: of the archives; headers of one may belong to pixels of another.
        output_url: folder, ``s3://`` or ``az://`` place of the DICOMs.
        settings: name the account of an ``az://`` URL.
        workers: run the batches; they reach the archives and the output by their URLs.
        pack: into shards of 256 MiB.
        decode: every compressed frame before it is written; one that can't be is named. DICOMs that were written
            without are read, decoded and compared.
        partitions: of the UIDs (see :func:`partition_of`), all unless given; each reads its part of the indexes.
        image_archives: patterns of the names of those that are wanted, all unless given; nothing is then out of date.
        workers_use_own_settings: send no settings, which may hold a secret, to the workers.
        progress: is told of the pairs done and the pairs found so far.

    Raises:
        PlaceBusyError: another run writes to the output.
        StoreUnavailableError: the output can't be used.
        StoreError: an index can't be read, or the output refuses even to keep records.
    """
    output = open_place(output_url, settings, create=True)
    key = hashlib.sha256("\n".join(sorted(index.url for index in indexes)).encode()).hexdigest()[:8]
    selections = (
        [Selection(image_archives=image_archives)]
        if partitions is None
        else [Selection(partition, image_archives) for partition in sorted(partitions)]
    )
    with output.alone():
        run = _Run(
            indexes, selections, output, key, None if workers_use_own_settings else settings, pack=pack, decode=decode
        )
        done = 0
        for batch, result in workers.run(reassemble_batch, run.batches()):
            run.report.add(result if isinstance(result, BatchResult) else _failed(batch, result, output))
            done += len(batch.pairs)
            progress(done, run.report.pairs)
        if not image_archives:
            _remove_outdated(output, key, run.names, None if partitions is None else set(partitions))
    return run.report


@dataclass
class _Run:
    """One run: its batches, the names of all records that they leave, and the report."""

    indexes: Sequence[ArchiveIndex]
    selections: Sequence[Selection]
    output: Place
    key: str
    settings: Settings | None
    pack: bool
    decode: bool
    names: set[str] = field(default_factory=set)
    report: ReassemblyReport = field(default_factory=ReassemblyReport)

    def batches(self) -> Iterator[tuple[Batch, Batch]]:
        """Join one selection after the other while batches of earlier ones run; each batch is its own key."""
        fresh = _start(self.output)
        for selection in self.selections:
            log = _UnmatchedLog(self.output, self.report, f"{self.key}-{selection.scope}-join")
            join = Join(self.indexes, selection, log.note)
            self.report.pairs += join.run()
            if selection.partition_key is None and not selection.image_archives:
                for row in _not_indexed(self.indexes):
                    log.note(row)
            log.close()
            self.names |= log.names
            # Each way of writing has records of its own: one without decoding says less than one with it.
            salt = ("packed" if self.pack else "") + (" decoded" if self.decode else "")
            for name, pairs in join.batches(salt=salt):
                batch = Batch(
                    f"{self.key}-{name}",
                    pairs,
                    self.output.url,
                    self.settings,
                    pack=self.pack,
                    fresh=fresh,
                    decode=self.decode,
                )
                self.names.add(batch.name)
                yield batch, batch


class _UnmatchedLog:
    """Members that the join or the index says can be in no DICOM, kept in files of a bounded size."""

    def __init__(self, output: Place, report: ReassemblyReport, name: str) -> None:
        self.names: set[str] = set()
        self._name = name
        self._output = output
        self._report = report
        self._rows: list[Unmatched] = []

    def note(self, row: Unmatched) -> None:
        """Keep one."""
        self._report.note(row)
        self._rows.append(row)
        if len(self._rows) == UNMATCHED_AT_ONCE:
            self.close()

    def close(self) -> None:
        """Write what is collected."""
        if self._rows:
            name = f"{self._name}{len(self.names):06d}"
            write_unmatched(self._output, name, self._rows)
            self.names.add(name)
            self._rows = []


def _start(output: Place) -> bool:
    """Leave a mark in the output; whether there was none, so that nothing was ever written there."""
    fresh = output.find(STARTED) is None
    if fresh:
        output.put(STARTED, [b"Records of reassembled DICOMs; see docs/archives.md of doubleread.\n"])
    return fresh


def _not_indexed(indexes: Sequence[ArchiveIndex]) -> Iterator[Unmatched]:
    for problem in itertools.chain.from_iterable(index.problems() for index in indexes):
        detail = f"{printable(problem.member)}: {problem.reason}" if problem.member else problem.reason
        yield Unmatched(
            Reason.NOT_INDEXED, detail, problem.store_url, problem.archive, problem.byte_offset, None, problem.kind
        )


def _failed(batch: Batch, error: Exception, output: Place) -> BatchResult:
    """A batch that ended with an error: all of its DICOMs are named, and its record is that."""
    known = isinstance(error, StoreError | DoublereadError | WorkerLostError)
    detail = str(error) if known else f"its worker failed ({type(error).__name__})"
    rows = [
        Unmatched(Reason.NOT_WRITTEN, detail, place.store_url, place.archive, place.byte_offset, pair.uid, "image")
        for pair in batch.pairs
        for place in pair.pixels[:1]
    ]
    with suppress(StoreError):  # the output may be what refused the batch; the report names its DICOMs all the same
        write_record(output, batch.name, BatchRecord([], rows))
    return BatchResult(unmatched=rows)


def _remove_outdated(output: Place, key: str, current: set[str], partitions: set[str] | None) -> None:
    """Remove the records of the same indexes that this run did not make; their DICOMs stay."""
    for folder in (INDEX, UNMATCHED):
        for version in list(output.list(folder)):
            name = RecordName.parse(version.path)
            if name is None or name.index != key or str(name) in current:
                continue
            if partitions is None or name.scope in partitions:
                output.remove(version.path)
