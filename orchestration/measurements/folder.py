"""A folder that devices write into: which of its files are new, measuring and storing them, what became of each."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import psycopg

from orchestration.database import Database, exclusive
from orchestration.database.copying import copy_rows
from orchestration.measurements.elements import MeasuredElement
from orchestration.measurements.processing import WORKERS, Outcome, described, measure_files
from orchestration.measurements.shared_log import SharedLog
from orchestration.measurements.storing import storing
from orchestration.outcomes import Failure, Failures, Progress, Waiting, no_progress, no_waiting, printable
from orchestration.stores.folder import files_below

SUFFIX = ".json"
SETTLED_SECONDS = 10.0  # since the last write, after which a file counts as whole: devices write within seconds
MOST_FAILURES = 10_000  # of one file that are kept; its log has all of them


class FileState(NamedTuple):
    """What a file was like: another writing changes one of the two."""

    size_bytes: int
    mtime_ns: int


@dataclass
class FolderReport:
    """What a visit to the folder did.

    Args:
        files: how many there are.
        measured: of them, those that were measured now.
        unsettled: of them, those that may still be written to, which are left for the next visit.
        elements: how many elements those that were measured hold, apart from failures.
        failures: elements, files and folders that failed now.
    """

    files: int
    measured: int = 0
    unsettled: int = 0
    elements: int = 0
    failures: Failures = field(default_factory=Failures)


def list_folder(folder: Path, unreadable: dict[str, str] | None = None) -> dict[str, FileState]:
    """The files below ``folder`` whose names end in ``.json``, by relative path, in order; not hidden ones, no links.

    A device that writes under another name, or a hidden one, and renames when it is done is never read too early.

    Args:
        folder: that devices write into.
        unreadable: takes the relative path of each folder that cannot be read, and why; the others are gone through.
    """
    found: dict[str, FileState] = {}
    refused: dict[str, str] = {} if unreadable is None else unreadable

    def refuse(below: Path, error: OSError) -> None:
        refused[str(below.relative_to(folder))] = f"cannot be read ({error.strerror})"

    for path in files_below(folder, refuse):
        if path.suffix != SUFFIX:
            continue
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts) or path.is_symlink() or not path.is_file():
            continue
        if (state := _state(path)) is not None:
            found[str(name)] = state
    return dict(sorted(found.items()))


def new_files(database: Database, files: Mapping[str, FileState]) -> dict[str, FileState]:
    """Those of ``files`` that are new, or were changed since they were measured."""
    with database.tables("measurements") as connection:
        known = _known(connection)
    return {name: state for name, state in files.items() if known.get(_storable(name)) != state}


def measure_folder(
    database: Database,
    folder: Path,
    log: SharedLog,
    *,
    workers: int = WORKERS,
    progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> FolderReport:
    """Measure and store the files that are new or changed, and forget those that are gone; their elements stay.

    A file is recorded when it has been measured to its end and was not written to meanwhile, so a run that is killed,
    or a file that grows, costs another reading: elements that are stored already as they are stay as they are.
    """
    with exclusive(database, f"measurements in {folder}", on_wait=on_wait):
        unreadable: dict[str, str] = {}
        files = list_folder(folder, unreadable)
        report = FolderReport(len(files))
        for below, reason in unreadable.items():
            report.failures.add(printable(below), reason)
        with database.tables("measurements") as connection:
            there = set(map(_storable, files))
            gone = [name for name in _known(connection) if name not in there and not _is_below(unreadable, name)]
            connection.execute("delete from doubleread.measured_files where file = any(%s)", [gone])
        new = new_files(database, files)
        for done, (name, state) in enumerate(new.items(), 1):
            if _is_settled(state):
                _measure_file(database, folder, name, state, log=log, report=report, workers=workers)
            else:
                report.unsettled += 1
            progress(done, len(new))
        return report


def _is_below(folders: Iterable[str], name: str) -> bool:
    """Whether a file lies in one of the folders, which may be ``.``, or deeper."""
    return any(folder == "." or name.startswith(f"{_storable(folder)}/") for folder in folders)


def left_failed(database: Database) -> tuple[int, Failures]:
    """How many elements of the folder's files failed, as those files are now; the files by name, with how many each."""
    failures = Failures()
    with database.tables("measurements") as connection:
        rows = connection.execute(
            "select file, failed from doubleread.measured_files where failed > 0 order by file"
        ).fetchall()
    for file, failed in rows:
        failures.add(printable(file), f"{failed:,} failed")
    return sum(failed for _, failed in rows), failures


def _measure_file(
    database: Database,
    folder: Path,
    name: str,
    state: FileState,
    *,
    log: SharedLog,
    report: FolderReport,
    workers: int,
) -> None:
    """Measure and store one file, and record it unless it was written to meanwhile."""
    elements, failed, kept = 0, 0, list[Failure]()

    def fail(failure: Failure) -> None:
        nonlocal failed
        failed += 1
        report.failures.add(f"{printable(name)}, {failure.item}", failure.reason)
        if len(kept) < MOST_FAILURES:
            kept.append(failure)

    def refuse(failure: Failure) -> None:
        log.write("database", described(failure))
        fail(failure)

    with storing(database, refuse) as store:

        def deliver(outcomes: Sequence[Outcome]) -> None:
            nonlocal elements
            measured = list(_measured(outcomes, fail))
            elements += len(measured)
            store(measured)

        measure_files([folder / name], deliver, workers=workers, log=log)
    report.measured += 1
    report.elements += elements
    if _state(folder / name) == state:
        _record(database, name, state, elements=elements, failed=failed, failures=kept)


def _measured(outcomes: Iterable[Outcome], fail: Callable[[Failure], None]) -> Iterator[MeasuredElement]:
    for outcome in outcomes:
        if isinstance(outcome, Failure):
            fail(outcome)
        else:
            yield outcome


def _record(
    database: Database, name: str, state: FileState, *, elements: int, failed: int, failures: Sequence[Failure]
) -> None:
    """Replace what is known of a file and of what failed in it."""
    file = _storable(name)
    with database.tables("measurements") as connection:
        connection.execute("delete from doubleread.measured_files where file = %s", [file])
        connection.execute(
            "insert into doubleread.measured_files (file, size_bytes, mtime_ns, elements, failed) "
            "values (%s, %s, %s, %s, %s)",
            [file, *state, elements, failed],
        )
        copy_rows(
            connection,
            "measurement_failures",
            ("file", "item", "reason"),
            [(file, failure.item, failure.reason) for failure in failures],
        )


def _known(connection: psycopg.Connection) -> dict[str, FileState]:
    rows = connection.execute("select file, size_bytes, mtime_ns from doubleread.measured_files").fetchall()
    return {file: FileState(size_bytes, mtime_ns) for file, size_bytes, mtime_ns in rows}


def _storable(name: str) -> str:
    """A name as the database keeps it: bytes of it that are no UTF-8 are written out."""
    return name.encode(errors="backslashreplace").decode()


def _is_settled(state: FileState) -> bool:
    """Whether it was last written to some time ago; a time in the future is that of another clock and says nothing."""
    return not 0 <= time.time() - state.mtime_ns / 1e9 < SETTLED_SECONDS


def _state(path: Path) -> FileState | None:
    """Its state; None where it is gone by now."""
    try:
        found = path.stat()
    except OSError:
        return None
    return FileState(found.st_size, found.st_mtime_ns)
