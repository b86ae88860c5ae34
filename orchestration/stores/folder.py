"""A folder on this machine as a place."""

import hashlib
import itertools
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from filelock import FileLock, Timeout

from orchestration.settings import Settings
from orchestration.stores.errors import (
    ObjectChangedError,
    PlaceBusyError,
    RetryableStoreError,
    StoreError,
    StoreUnavailableError,
    from_os,
)
from orchestration.stores.paths import check_path
from orchestration.stores.place import ObjectVersion, Parts, Place, ReadAt

LOCK = ".lock"
PARTIAL = ".partial"
STREAM_CHUNK_BYTES = 1 << 20
MOST_PARTS = 1000  # of one call; Linux takes 1,024

T = TypeVar("T")


class Folder(Place):
    """Files below a folder: written beside the final name and renamed, read at any place for a microsecond a call."""

    is_remote = False

    def __init__(self, url: str, settings: Settings, folder: Path) -> None:
        super().__init__(url, settings)
        self.folder = folder
        self._partial = folder / PARTIAL
        self._names = map(f"{uuid4().hex}-{{}}".format, itertools.count())  # of unfinished files, for any thread

    def make(self) -> None:
        """Make the folder where it is missing.

        Raises:
            StoreUnavailableError: it can't be made.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailableError(f"the folder {self.folder} can't be made ({error.strerror})") from None

    def check(self, setting: str = "") -> None:
        if not self.folder.is_dir():
            raise StoreUnavailableError(f"the folder {self.folder} does not exist{setting and f' ({setting})'}")

    def list(self, folder: str = "") -> Iterator[ObjectVersion]:
        root = self._path(folder) if folder else self.folder
        try:
            for path in files_below(root):
                relative = path.relative_to(self.folder).as_posix()
                if relative.startswith(f"{PARTIAL}/") or relative == LOCK:
                    continue
                with suppress(FileNotFoundError):  # gone since it was listed, or a link to nowhere
                    status = path.stat()
                    if stat.S_ISREG(status.st_mode):
                        yield _version(relative, status)
        except OSError as error:
            raise from_os(error) from error

    def describe(self, path: str) -> ObjectVersion:
        try:
            return _version(path, self._path(path).stat())
        except OSError as error:
            raise from_os(error) from error

    def describe_all(self, paths: Sequence[str]) -> dict[str, ObjectVersion | StoreError]:
        return {path: self._described(path) for path in paths}

    def read(self, path: str) -> tuple[bytes, str]:
        try:
            with self._path(path).open("rb") as file:
                return file.read(), _etag(os.fstat(file.fileno()))
        except OSError as error:
            raise from_os(error) from error

    def read_range(self, path: str, start: int, length: int) -> bytes:
        try:
            with self._path(path).open("rb", buffering=0) as file:
                data = os.pread(file.fileno(), length, start)
        except OSError as error:
            raise from_os(error) from error
        if len(data) != length:
            raise RetryableStoreError(f"{length:,} bytes at {start:,} were asked for, {len(data):,} came")
        return data

    @contextmanager
    def reader(self, path: str, etag: str) -> Iterator[ReadAt]:
        try:
            descriptor = os.open(self._path(path), os.O_RDONLY)
        except OSError as error:
            raise from_os(error) from None
        try:
            _check_etag(descriptor, etag)
            yield lambda offset, length: os.pread(descriptor, length, offset)
            _check_etag(descriptor, etag)
        except OSError as error:
            raise from_os(error) from None
        finally:
            os.close(descriptor)

    def stream(self, version: ObjectVersion) -> Iterator[bytes]:
        with self.reader(version.path, version.etag) as read_at:
            for offset in range(0, version.size_bytes, STREAM_CHUNK_BYTES):
                yield read_at(offset, min(STREAM_CHUNK_BYTES, version.size_bytes - offset))

    def put(self, path: str, parts: Parts) -> str:
        final, partial = self._path(path), self._partial / next(self._names)
        try:
            etag = _with_parent(partial, lambda: _write(partial, parts))
            _with_parent(final, lambda: partial.replace(final))
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise from_os(error) from error
        return etag

    def replace(self, path: str, data: bytes, etag: str | None) -> str:  # noqa: ARG002 - see Place
        return self.put(path, [data])

    def remove(self, path: str) -> None:
        try:
            self._path(path).unlink(missing_ok=True)
        except OSError as error:
            raise from_os(error) from error

    @contextmanager
    def alone(self) -> Iterator[bool]:
        lock = FileLock(self.folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise PlaceBusyError(f"another run is at work in {self.folder}; run again when it is done") from None
        except OSError as error:
            raise StoreUnavailableError(f"the folder {self.folder} can't be used: {from_os(error)}") from None
        try:
            shutil.rmtree(self._partial, ignore_errors=True)  # of a run that was killed
            yield True
            shutil.rmtree(self._partial, ignore_errors=True)
        finally:
            lock.release()

    def _path(self, path: str) -> Path:
        return self.folder / check_path(path)


def files_below(root: Path, unreadable: Callable[[Path, OSError], None] | None = None) -> Iterator[Path]:
    """Everything below a folder but folders, in the order of the paths; links to folders are not followed.

    Args:
        root: a folder.
        unreadable: takes each folder that can't be read, and the reason; the others are gone through.

    Raises:
        OSError: a folder can't be read, and ``unreadable`` is not given.
    """
    waiting = [(root, True)]  # no recursion: a hostile folder may be deeper than Python's stack
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield path
            continue
        try:
            with os.scandir(path) as entries:
                found = sorted(
                    f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries
                )
        except FileNotFoundError:  # gone since it was listed
            continue
        except OSError as error:
            if unreadable is None:
                raise
            unreadable(path, error)
            continue
        waiting += [(path / name, name.endswith("/")) for name in reversed(found)]


def file_digest(path: Path) -> str:
    """SHA-256 of a file on this machine, in hexadecimal.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version(path: str, status: os.stat_result) -> ObjectVersion:
    return ObjectVersion(path, status.st_size, _etag(status), datetime.fromtimestamp(status.st_mtime, UTC))


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"


def _check_etag(descriptor: int, etag: str) -> None:
    if _etag(os.fstat(descriptor)) != etag:
        raise ObjectChangedError


def _with_parent(path: Path, action: Callable[[], T]) -> T:
    """Do what makes ``path``; where its folder is missing, make that and do it again."""
    try:
        return action()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return action()


def _write(path: Path, parts: Parts) -> str:
    """Write the parts to a new file without joining them in memory; its ETag."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        rest = [memoryview(part) for part in parts if part]
        while rest:
            written = os.writev(descriptor, rest[:MOST_PARTS])
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if written:
                rest[0] = rest[0][written:]
        return _etag(os.fstat(descriptor))
    finally:
        os.close(descriptor)
