"""All DICOMs of an index, on as many workers as there are."""

import tempfile
from collections import Counter
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.archives.index import ArchiveIndex
from orchestration.archives.reassembly.batch import Batch, BatchResult
from orchestration.archives.reassembly.joining import Join, partition_of_batch
from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.archives.reassembly.outputs import Output, open_output
from orchestration.archives.reassembly.records import INDEX, UNMATCHED, BatchRecord, write_record, write_unmatched
from orchestration.archives.reassembly.running import Executors, run_batches
from orchestration.errors import DoublereadError
from orchestration.settings import Settings
from orchestration.stores import StoreError
from orchestration.stores.paths import printable

STARTED = f"{INDEX}/started"
UNMATCHED_SHOWN = 100
UNMATCHED_AT_ONCE = 50_000  # rows of a file


@dataclass
class ReassemblyReport:
    """What one run did. ``left_alone`` counts the DICOMs that were there and right; the first unmatched are named."""

    pairs: int = 0
    written: int = 0
    left_alone: int = 0
    bytes_written: int = 0
    through_pydicom: int = 0
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
        for row in result.unmatched:
            self.note(row)


def reassemble(
    index: ArchiveIndex,
    output_url: str | Path,
    settings: Settings,
    executors: Executors,
    *,
    pack: bool = False,
    partitions: Container[str] | None = None,
    in_flight: int = 16,
    workers_use_own_settings: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ReassemblyReport:
    """Join headers with pixels and write the DICOMs, ``<UID>.dcm`` each, or in tar shards.

    What was made of each batch is in ``index/`` below the output, what fits nowhere in ``unmatched/``. Run again, or
    after being killed, it does what is missing. Only one run may write to an output at a time.

    Args:
        index: of the archives.
        output_url: folder, ``s3://`` or ``az://`` place of the DICOMs.
        settings: name the account of an ``az://`` URL.
        executors: opens what runs the batches; its workers reach the archives and the output by their URLs.
        pack: into shards of 256 MiB.
        partitions: those of the image archives that are wanted (see :func:`partition_of`), all unless given.
        in_flight: batches handed out at a time, each with some MB of places; more than there are workers.
        workers_use_own_settings: send no settings, which may hold a secret, to the workers.
        progress: is told of the pairs done and the pairs in all.

    Raises:
        PlaceBusyError: another run writes to the output.
        StoreUnavailableError: the output can't be used.
        StoreError: the index can't be read, or the output refuses even to keep records.
    """
    output = open_output(output_url, settings)
    report = ReassemblyReport()
    with output.alone(), tempfile.TemporaryDirectory(prefix="doubleread-") as spool:
        fresh = _start(output)
        log = _UnmatchedLog(output if partitions is None else None, report)
        join = Join(index, Path(spool), partitions, log.note)
        report.pairs = join.run()
        if partitions is None:
            for row in _not_indexed(index):
                log.note(row)
        log.close()
        own_settings = None if workers_use_own_settings else settings
        batches = (
            Batch(name, pairs, output.url, own_settings, pack=pack, fresh=fresh)
            for name, pairs in join.batches(salt="packed" if pack else "")
        )
        done, current = 0, log.names
        for batch, result in run_batches(executors, batches, in_flight):
            report.add(result if isinstance(result, BatchResult) else _failed(batch, result, output))
            current.add(batch.name)
            done += len(batch.pairs)
            progress(done, report.pairs)
        _remove_outdated(output, current, partitions)
    return report


class _UnmatchedLog:
    """Members of which the join and the index say that they fit nowhere, kept in files of a bounded size.

    Without an output they are only counted: what has no partner belongs to no partition.
    """

    def __init__(self, output: Output | None, report: ReassemblyReport) -> None:
        self.names: set[str] = set()
        self._output = output
        self._report = report
        self._rows: list[Unmatched] = []

    def note(self, row: Unmatched) -> None:
        """Keep one."""
        self._report.note(row)
        if self._output:
            self._rows.append(row)
        if len(self._rows) == UNMATCHED_AT_ONCE:
            self.close()

    def close(self) -> None:
        """Write what is collected."""
        if self._output and self._rows:
            name = f"join-{len(self.names):06d}"
            write_unmatched(self._output, name, self._rows)
            self.names.add(name)
            self._rows = []


def _start(output: Output) -> bool:
    """Leave a mark in the output; whether there was none, so that nothing was ever written there."""
    fresh = output.version(STARTED) is None
    if fresh:
        output.put(STARTED, [b"Records of reassembled DICOMs; see docs/archives.md of doubleread.\n"])
    return fresh


def _not_indexed(index: ArchiveIndex) -> Iterator[Unmatched]:
    for problem in index.problems():
        detail = f"{printable(problem.member)}: {problem.reason}" if problem.member else problem.reason
        yield Unmatched(
            Reason.NOT_INDEXED, detail, problem.store_url, problem.archive, problem.offset, None, problem.kind
        )


def _failed(batch: Batch, error: Exception, output: Output) -> BatchResult:
    """A batch that ended with an error: all of its DICOMs are named, and its record is that."""
    known = isinstance(error, StoreError | DoublereadError)
    detail = str(error) if known else f"its worker failed ({type(error).__name__})"
    rows = [
        Unmatched(Reason.NOT_WRITTEN, detail, place.store_url, place.archive, place.offset, pair.uid, "image")
        for pair in batch.pairs
        for place in pair.pixels[:1]
    ]
    with suppress(StoreError):  # the output may be what refused the batch; the report names its DICOMs all the same
        write_record(output, batch.name, BatchRecord([], rows))
    return BatchResult(unmatched=rows)


def _remove_outdated(output: Output, current: set[str], partitions: Container[str] | None) -> None:
    """Remove the records of batches and members that are not as they were; their DICOMs stay."""
    for folder in (INDEX, UNMATCHED):
        for name in list(output.names(folder)):
            stem = name.removeprefix(f"{folder}/").removesuffix(".parquet")
            if name == STARTED or stem in current:
                continue
            if partitions is None or partition_of_batch(stem) in partitions:
                output.remove(name)
