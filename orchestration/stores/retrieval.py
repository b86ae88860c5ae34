"""From objects in a place to verified copies in a folder.

Streamed beside the final place, compared in size and stored checksum, hashed, renamed when whole: a copy under its
final name is complete. The number of requests in flight decides the speed of a store with latency (measured with
20 ms and 60 MB/s a connection: 340 MB/s with 8, 1,180 MB/s with 32).
"""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from uuid import uuid4

from orchestration.errors import DoublereadError
from orchestration.stores.errors import ObjectChangedError, PermanentStoreError, RetryableStoreError, StoreError
from orchestration.stores.fetching import MAX_OBJECT_BYTES, Fetch, TooLargeError
from orchestration.stores.paths import check_path
from orchestration.stores.place import ObjectVersion, Place
from orchestration.stores.publishing import partial_folder
from orchestration.stores.retries import with_retries
from orchestration.workers import thread_workers

CONCURRENCY = 32
SPARE_DISK_BYTES = 1 << 28


class DiskFullError(DoublereadError):
    """The copies would not fit; said before the first byte is fetched."""


@dataclass(frozen=True)
class Retrieval:
    """What became of one object.

    ``local_path`` is a complete copy with the given SHA-256 where ``reason`` is None. ``fetched`` tells a copy made
    now from one that was already here, ``retryable`` a place that did not answer from one that said no.
    """

    path: str
    reason: str | None = None
    retryable: bool = False
    attempts: int = 0
    size_bytes: int | None = None
    etag: str | None = None
    version_id: str | None = None
    last_modified: datetime | None = None
    sha256: str | None = None
    local_path: Path | None = None
    local_mtime_ns: int | None = None
    seconds: float = 0.0
    fetched: bool = False


def retrieve(
    place: Place,
    paths: Sequence[str],
    folder: Path,
    known: Mapping[str, Retrieval],
    *,
    concurrency: int = CONCURRENCY,
) -> Iterator[Retrieval]:
    """Bring each of some objects into ``folder`` and say what became of it, in the order in which they are done.

    An object is skipped when its version is the ``known`` one and the copy is untouched since (size and time of
    modification). One object that fails never stops the others. Nobody else may use ``folder`` meanwhile.

    Args:
        place: where the objects are.
        paths: theirs in the place, each once.
        folder: where the copies go, under names made from the place's URL and the path.
        known: what earlier calls said, by path.
        concurrency: requests in flight; memory grows by some MiB for each.

    Raises:
        DiskFullError: the copies would not fit.
    """
    with partial_folder(folder) as partial:
        safe, refused = _check_paths(paths)
        yield from refused
        wanted: list[ObjectVersion] = []
        for path, described in place.describe_all(safe).items():
            if isinstance(described, StoreError):
                yield _failed(path, described)
            elif described.size_bytes > MAX_OBJECT_BYTES:
                yield _failed(path, TooLargeError(described))
            elif (earlier := known.get(path)) and _is_current(earlier, described):
                yield replace(earlier, fetched=False, seconds=0.0, attempts=0)
            else:
                wanted.append(described)
        _check_disk(folder, wanted)
        retriever = _Retriever(place, folder, partial)
        with thread_workers(min(concurrency, max(1, len(wanted)))) as workers:
            try:
                for _, outcome in workers.run(retriever.retrieve, ((None, version) for version in wanted)):
                    if isinstance(outcome, Exception):
                        raise outcome
                    yield outcome
            finally:
                retriever.stop.set()


def local_name(store_url: str, path: str) -> str:
    """Where the copy of ``path`` lies in the folder of copies: a hash, so that no name from outside becomes a path."""
    digest = hashlib.sha256(f"{store_url}\0{path}".encode()).hexdigest()[:40]
    suffix = PurePosixPath(path).suffix.lower()
    plain = suffix if suffix[1:].isascii() and suffix[1:].isalnum() and len(suffix) <= 6 else ""
    return f"{digest[:2]}/{digest}{plain}"


class _Retriever:
    """Fetches objects into a folder; ``stop`` ends the waiting between attempts."""

    def __init__(self, place: Place, folder: Path, partial: Path) -> None:
        self.stop = threading.Event()
        self._place = place
        self._folder = folder
        self._partial = partial

    def retrieve(self, version: ObjectVersion) -> Retrieval:
        """Fetch one object, again where that can help; what can't be fetched or written is an outcome."""
        start = time.perf_counter()
        fetch = Fetch(self._place)
        attempts = 0

        def attempt(number: int) -> Retrieval:
            nonlocal attempts
            attempts = number
            return self._fetch(fetch, version if number == 1 else self._refreshed(version))

        try:
            outcome = with_retries(attempt, stop=self.stop)
        except StoreError as error:
            outcome = _failed(version.path, error)
        except OSError as error:
            reason = f"the copy can't be written to {self._folder} ({error.strerror})"
            outcome = Retrieval(version.path, reason=reason)
        return replace(outcome, attempts=attempts, seconds=time.perf_counter() - start)

    def _refreshed(self, version: ObjectVersion) -> ObjectVersion:
        """The version as it is now, for an object that may have been replaced while it was read."""
        try:
            return self._place.describe(version.path)
        except StoreError:
            return version

    def _fetch(self, fetch: Fetch, version: ObjectVersion) -> Retrieval:
        """One attempt."""
        partial = self._partial / uuid4().hex
        try:
            with partial.open("xb") as file:
                sha256 = fetch.attempt(version, file.write)
            final = self._folder / local_name(self._place.url, version.path)
            final.parent.mkdir(exist_ok=True)
            partial.replace(final)
        except ObjectChangedError:
            raise RetryableStoreError("it changed in the store while it was read") from None
        finally:
            partial.unlink(missing_ok=True)
        return Retrieval(
            version.path,
            size_bytes=version.size_bytes,
            etag=version.etag,
            version_id=version.version_id,
            last_modified=version.last_modified,
            sha256=sha256,
            local_path=final,
            local_mtime_ns=final.stat().st_mtime_ns,
            fetched=True,
        )


def _check_paths(paths: Sequence[str]) -> tuple[list[str], list[Retrieval]]:
    safe, refused = [], []
    for path in paths:
        try:
            safe.append(check_path(path))
        except PermanentStoreError as error:
            refused.append(Retrieval(path, reason=f"refused: {error}"))
    return safe, refused


def _is_current(earlier: Retrieval, now: ObjectVersion) -> bool:
    if earlier.reason is not None or earlier.local_path is None:
        return False
    if (earlier.version_id, earlier.etag, earlier.size_bytes) != (now.version_id, now.etag, now.size_bytes):
        return False
    try:
        status = earlier.local_path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (earlier.size_bytes, earlier.local_mtime_ns)


def _check_disk(folder: Path, wanted: Sequence[ObjectVersion]) -> None:
    needed = sum(version.size_bytes for version in wanted) + SPARE_DISK_BYTES
    free = shutil.disk_usage(folder).free
    if wanted and needed > free:
        raise DiskFullError(
            f"{len(wanted):,} images need {needed:,} bytes in {folder} (DOUBLEREAD_HOME), where {free:,} are free"
        )


def _failed(path: str, error: StoreError) -> Retrieval:
    return Retrieval(path, reason=str(error), retryable=isinstance(error, RetryableStoreError))
