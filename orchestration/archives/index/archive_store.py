"""Tar archives below a URL, read in ranges."""

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import obstore
from obstore.store import ObjectStore

from orchestration.archives.tar.walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD
from orchestration.archives.tar.window import ReadAt
from orchestration.settings import Settings
from orchestration.stores import PermanentStoreError, RetryableStoreError, StoreError, check_path
from orchestration.stores.errors import OBSTORE_ERRORS, from_obstore
from orchestration.stores.places import local_folder, location, open_objects
from orchestration.stores.retries import with_retries

SUFFIX = ".tar"
CHANGED = "it is not the version that was asked for; update the index"
MODIFIED = "modified "  # begins the version of an object that has no ETag


class ArchiveChangedError(PermanentStoreError):
    """The archive is no longer what it was when it was listed or indexed."""


@dataclass(frozen=True, slots=True)
class ArchiveVersion:
    """What a listing says about an archive; ``version_token`` changes when the archive does."""

    name: str
    size: int
    version_token: str


class ArchiveStore(ABC):
    """The archives below one URL; can be sent to another process.

    ``read_ahead`` is how many bytes to ask for at once where members are small, ``readers`` how many archives to read
    at a time.
    """

    read_ahead: int
    readers: int

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self._settings = settings

    def __reduce__(self) -> tuple[Callable[..., "ArchiveStore"], tuple[Any, ...]]:
        return _opened, (self.url, self._settings)

    @abstractmethod
    def archives(self) -> Iterator[ArchiveVersion]:
        """Every object whose name ends in ``.tar``.

        Raises:
            StoreError: the listing can't be had.
        """

    @abstractmethod
    def reader(self, archive: ArchiveVersion) -> AbstractContextManager[ReadAt]:
        """What reads ranges of exactly this version.

        Raises:
            StoreError: it can't be read, or is another version by now.
        """

    def read(self, name: str, offset: int, length: int, version: str) -> bytes:
        """Exactly ``length`` bytes of an archive.

        Raises:
            StoreError: they can't be had, or the archive is another version by now.
        """
        with self.reader(ArchiveVersion(name, offset + length, version)) as read_at:
            return _whole(read_at(offset, length), offset, length)


def open_archives(url: str | Path, settings: Settings) -> ArchiveStore:
    """Open the archives below a folder, ``file://``, ``s3://`` or ``az://``, and check that the place answers.

    Raises:
        StoreUnavailableError: the folder, container or bucket does not exist or refuses the credential.
    """
    place = location(url)
    objects = open_objects(place, settings)
    folder = local_folder(place)
    return _RemoteArchives(place, settings, objects) if folder is None else _LocalArchives(place, settings, folder)


@lru_cache(maxsize=8)
def _opened(url: str, settings: Settings) -> ArchiveStore:
    return open_archives(url, settings)  # once in each process, since opening asks the store


class _LocalArchives(ArchiveStore):
    """Archives in a folder: an open file is read at any place for a microsecond a call."""

    read_ahead = LOCAL_READ_AHEAD
    readers = 1  # more would wait for the interpreter's lock

    def __init__(self, url: str, settings: Settings, folder: Path) -> None:
        super().__init__(url, settings)
        self._folder = folder

    def archives(self) -> Iterator[ArchiveVersion]:
        for folder, folders, files in os.walk(self._folder):
            folders.sort()
            for path in (Path(folder, name) for name in sorted(files) if name.endswith(SUFFIX)):
                try:
                    status = path.stat()
                except FileNotFoundError:  # gone since it was listed, or a link to nowhere
                    continue
                if stat.S_ISREG(status.st_mode):
                    yield ArchiveVersion(path.relative_to(self._folder).as_posix(), status.st_size, _token(status))

    @contextmanager
    def reader(self, archive: ArchiveVersion) -> Iterator[ReadAt]:
        try:
            descriptor = os.open(self._folder / check_path(archive.name), os.O_RDONLY)
        except OSError as error:
            raise _local_error(error) from None
        try:
            _check_version(descriptor, archive.version_token)
            yield lambda offset, length: os.pread(descriptor, length, offset)
            _check_version(descriptor, archive.version_token)
        except OSError as error:
            raise _local_error(error) from None
        finally:
            os.close(descriptor)


class _RemoteArchives(ArchiveStore):
    """Archives in a bucket or container: every request asks for the version by its ETag and is tried again."""

    read_ahead = REMOTE_READ_AHEAD
    readers = 8  # wait for the network; each holds what it reads ahead

    def __init__(self, url: str, settings: Settings, objects: ObjectStore) -> None:
        super().__init__(url, settings)
        self._objects = objects

    def archives(self) -> Iterator[ArchiveVersion]:
        try:
            for page in obstore.list(self._objects, chunk_size=1000):
                for meta in page:
                    if meta["path"].endswith(SUFFIX):
                        version = meta["e_tag"] or f"{MODIFIED}{meta['last_modified'].isoformat()}"
                        yield ArchiveVersion(meta["path"], meta["size"], version)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    @contextmanager
    def reader(self, archive: ArchiveVersion) -> Iterator[ReadAt]:
        def read_at(offset: int, length: int) -> bytes:
            wanted = max(0, min(length, archive.size - offset))
            return with_retries(lambda _attempt: self._range(archive, offset, wanted)) if wanted else b""

        yield read_at

    def _range(self, archive: ArchiveVersion, offset: int, length: int) -> bytes:
        options: dict[str, Any] = {"range": (offset, offset + length)}
        if not archive.version_token.startswith(MODIFIED):
            options["if_match"] = archive.version_token
        try:
            response = obstore.get(self._objects, check_path(archive.name), options=options)  # type: ignore[arg-type]
            return _whole(bytes(response.bytes()), offset, length)
        except obstore.exceptions.PreconditionError:
            raise ArchiveChangedError(CHANGED) from None
        except OBSTORE_ERRORS as error:
            raise _remote_error(error) from error


def _whole(data: bytes, offset: int, length: int) -> bytes:
    if len(data) != length:
        raise RetryableStoreError(f"{length:,} bytes at {offset:,} were asked for, {len(data):,} came")
    return data


def _token(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}"


def _check_version(descriptor: int, version: str) -> None:
    if _token(os.fstat(descriptor)) != version:
        raise ArchiveChangedError(CHANGED)


def _local_error(error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError | PermissionError):
        return from_obstore(error)
    return PermanentStoreError(f"it can't be read ({error.strerror})")


def _remote_error(error: Exception) -> StoreError:
    # What S3 and Azure answer for an object in an archive tier: InvalidObjectState (403) and BlobArchived (409).
    if "InvalidObjectState" in str(error) or "BlobArchived" in str(error):
        return PermanentStoreError("it lies in an archive tier, such as Glacier, and is not restored; restore it first")
    return from_obstore(error)
