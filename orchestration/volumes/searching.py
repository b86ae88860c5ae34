"""The series of a folder, found by what files hold and not by what they are called."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from pydicom.datadict import tag_for_keyword

from orchestration.dicom.series import (
    BrokenInstanceError,
    Instance,
    NoVolumeError,
    may_be_dicom,
    read_instance,
)
from orchestration.errors import DoublereadError
from orchestration.images import ImageError
from orchestration.outcomes import Failures, Progress, no_progress, printable
from orchestration.stores.folder import file_digest, files_below
from orchestration.volumes.series import Series, make_series
from orchestration.volumes.spreading import processes

_FILES_A_TASK = 32  # headers of 1 ms each: a task takes long enough to be worth handing out


@dataclass(frozen=True)
class Search:
    """What a folder holds.

    Attributes:
        series: all with at least one image that can be read, by UID; some may have a ``problem``.
        passed_over: files of which no volume is made, which does no harm: no DICOM, DICOM without a grey image, and
            identical copies.
        failed: files that are damaged, or contradict others.
    """

    series: tuple[Series, ...] = ()
    passed_over: Failures = field(default_factory=Failures)
    failed: Failures = field(default_factory=Failures)


@dataclass(frozen=True)
class _Looked:
    """One file: an instance, or the reason why it is not."""

    name: str
    instance: Instance | None = None
    passed_over: str | None = None
    failed: str | None = None
    series_instance_uid: str = ""


@dataclass(frozen=True)
class _Names:
    folder: Path
    names: tuple[str, ...]
    keywords: tuple[str, ...]


def find_series(
    folder: Path,
    *,
    keywords: Sequence[str] = (),
    allow_gaps: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Search:
    """Read the headers of all files below a folder, and sort those with grey images into series.

    A copy of an instance with the same bytes counts once. Links to folders are not followed.

    Args:
        folder: searched with all folders below it.
        keywords: DICOM keywords of elements to keep for ``Series.elements``.
        allow_gaps: whether a series may lack slices; see ``dicom.series.stack``.
        workers: processes that read headers, one for each core unless given.
        progress: called with the files read and the files in all.

    Raises:
        DoublereadError: the folder does not exist, or a keyword is not one of DICOM.
    """
    if not folder.is_dir():
        raise DoublereadError(f"the folder {folder} does not exist")
    for keyword in keywords:
        if tag_for_keyword(keyword) is None:
            raise DoublereadError(f"{printable(keyword)} is no DICOM keyword; one is SeriesDescription, for example")
    search = Search()

    def unreadable(below: Path, error: OSError) -> None:
        search.failed.add(printable(below.relative_to(folder).as_posix()), f"cannot be read ({error.strerror})")

    names = [path.relative_to(folder).as_posix() for path in files_below(folder, unreadable)]
    instances: list[Instance] = []
    broken: dict[str, list[str]] = defaultdict(list)
    for looked in _look_at_all(folder, names, tuple(keywords), workers, progress):
        item = printable(looked.name)
        if looked.instance is not None:
            instances.append(looked.instance)
        elif looked.passed_over is not None:
            search.passed_over.add(item, looked.passed_over)
        else:
            search.failed.add(item, looked.failed or "")
            broken[looked.series_instance_uid].append(f"{item} {looked.failed}")
    by_series: dict[str, list[Instance]] = defaultdict(list)
    for instance in _each_once(folder, instances, search, broken):
        by_series[instance.series_instance_uid].append(instance)
    series = (make_series(folder, by_series[uid], broken[uid], allow_gaps=allow_gaps) for uid in sorted(by_series))
    return Search(tuple(series), search.passed_over, search.failed)


def _look_at_all(
    folder: Path, names: list[str], keywords: tuple[str, ...], workers: int | None, progress: Progress
) -> Iterator[_Looked]:
    done = 0
    tasks = ((len(batch.names), batch) for batch in _batches(folder, names, keywords))
    with processes(workers, len(names) // _FILES_A_TASK) as running:
        for count, looked in running.run(_look_at, tasks, in_order=True):
            if isinstance(looked, Exception):
                raise looked
            yield from looked
            done += count
            progress(done, len(names))


def _batches(folder: Path, names: Iterable[str], keywords: tuple[str, ...]) -> Iterator[_Names]:
    rest = iter(names)
    while batch := tuple(islice(rest, _FILES_A_TASK)):
        yield _Names(folder, batch, keywords)


def _look_at(batch: _Names) -> list[_Looked]:
    return [_look_at_one(batch.folder / name, name, batch.keywords) for name in batch.names]


def _look_at_one(path: Path, name: str, keywords: tuple[str, ...]) -> _Looked:
    """Read the header of a file, or say why it is passed over or failed."""
    try:
        if not may_be_dicom(path):
            return _Looked(name, passed_over="is no DICOM file")
        instance = read_instance(path, name, keywords)
    except NoVolumeError as error:
        return _Looked(name, passed_over=str(error))
    except BrokenInstanceError as error:
        return _Looked(name, failed=str(error), series_instance_uid=error.series_instance_uid)
    except ImageError as error:
        return _Looked(name, failed=str(error))
    except OSError as error:
        return _Looked(name, failed=f"cannot be read ({error.strerror})")
    return _Looked(name, instance, None if instance else "is a DICOM file without an image")


def _each_once(
    folder: Path, instances: Iterable[Instance], search: Search, broken: dict[str, list[str]]
) -> Iterator[Instance]:
    """Each SOP Instance UID once; copies with other bytes are failures, and a problem of their series."""
    by_uid: dict[str, list[Instance]] = defaultdict(list)
    for instance in instances:
        by_uid[instance.sop_instance_uid].append(instance)
    for first, *copies in by_uid.values():
        yield first
        if copies:
            digest, name = file_digest(folder / first.name), printable(first.name)
            for copy in copies:
                item = printable(copy.name)
                if file_digest(folder / copy.name) == digest:
                    search.passed_over.add(item, f"is an identical copy of {name}, which counts")
                    continue
                reason = f"has the same SOP Instance UID as {name} but another content"
                search.failed.add(item, reason)
                for uid in {first.series_instance_uid, copy.series_instance_uid}:
                    broken[uid].append(f"{item} {reason}")
