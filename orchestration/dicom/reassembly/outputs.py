"""Where DICOMs go: objects below a URL, each whole or not there at all."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import obstore
from filelock import FileLock, Timeout
from obstore.exceptions import NotFoundError
from obstore.store import ObjectStore

from orchestration.errors import DoublereadError
from orchestration.settings import Settings
from orchestration.stores import RetryableStoreError, StoreError, check_path
from orchestration.stores.errors import OBSTORE_ERRORS, from_obstore
from orchestration.stores.places import local_folder, location, open_objects
from orchestration.stores.retries import with_retries

Parts = Sequence[bytes | memoryview]
T = TypeVar("T")
NOT_FOUND = (NotFoundError, FileNotFoundError)  # obstore raises either
PARTIAL = ".partial"
LOCK = ".lock"
MOST_IN_ONE_REQUEST = 256 << 20  # S3 takes 5 GiB, Azure 5,000 MiB; what fails has to be sent again
MOST_PARTS = 1000  # of one call; Linux takes 1,024


class OutputBusyError(DoublereadError):
    """Another run writes to the same place."""


class Output(ABC):
    """Objects below one URL. Each operation raises StoreError where the place refuses it, after retries."""

    def __init__(self, url: str) -> None:
        self.url = url

    @abstractmethod
    def put(self, name: str, parts: Parts) -> str:
        """Make ``parts``, one after the other, the object ``name``; returns its version."""

    @abstractmethod
    def get(self, name: str) -> bytes | None:
        """The bytes of an object, or None where there is none."""

    @abstractmethod
    def version(self, name: str) -> tuple[int, str] | None:
        """The size of an object and a text that changes with it, or None where there is none."""

    @abstractmethod
    def names(self, folder: str) -> Iterator[str]:
        """The objects below a folder, by their whole names."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove an object, or do nothing where there is none."""

    @abstractmethod
    def alone(self) -> AbstractContextManager[None]:
        """Keep other runs out while the block runs, where that is possible: in a folder.

        Raises:
            OutputBusyError: another run writes here.
        """


def open_output(url: str | Path, settings: Settings) -> Output:
    """Open a place to write to; a local folder is made.

    Raises:
        StoreUnavailableError: the bucket or container does not exist or refuses the credential.
    """
    place = location(url)
    objects = open_objects(place, settings, create=True)
    folder = local_folder(place)
    return _Objects(place, objects) if folder is None else _Folder(place, folder)


class _Folder(Output):
    """A local folder: written beside the final name and renamed. One thread at a time."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url)
        self._folder = folder
        self._partial = folder / PARTIAL / uuid4().hex

    def put(self, name: str, parts: Parts) -> str:
        final = self._path(name)
        try:
            version = _with_folder(self._partial, lambda: _write(self._partial, parts))
            _with_folder(final, lambda: self._partial.replace(final))
        except OSError as error:
            raise _local_error(error) from error
        return version

    def get(self, name: str) -> bytes | None:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _local_error(error) from error

    def version(self, name: str) -> tuple[int, str] | None:
        try:
            status = self._path(name).stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _local_error(error) from error
        return status.st_size, str(status.st_mtime_ns)

    def names(self, folder: str) -> Iterator[str]:
        root = self._path(folder)
        if root.is_dir():
            yield from (f"{folder}/{path.name}" for path in root.iterdir())

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        partial = self._folder / PARTIAL
        try:
            with FileLock(self._folder / LOCK, timeout=0):
                shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
                yield
                shutil.rmtree(partial, ignore_errors=True)
        except Timeout:
            raise OutputBusyError(f"another run writes to {self._folder}; run again when it is done") from None

    def _path(self, name: str) -> Path:
        return self._folder / check_path(name)


class _Objects(Output):
    """A bucket or container: an object is there when its request, or the last of its parts, has succeeded."""

    def __init__(self, url: str, objects: ObjectStore) -> None:
        super().__init__(url)
        self._objects = objects

    def put(self, name: str, parts: Parts) -> str:
        data = b"".join(parts)
        # One request where the store takes it, so that it keeps a checksum of the whole.
        multipart = len(data) > MOST_IN_ONE_REQUEST
        done = self._tried(lambda: obstore.put(self._objects, check_path(name), data, use_multipart=multipart))
        return done["e_tag"] or ""

    def get(self, name: str) -> bytes | None:
        return self._if_there(lambda: bytes(obstore.get(self._objects, check_path(name)).bytes()))

    def version(self, name: str) -> tuple[int, str] | None:
        meta = self._if_there(lambda: obstore.head(self._objects, check_path(name)))
        return meta and (meta["size"], meta["e_tag"] or "")

    def names(self, folder: str) -> Iterator[str]:
        try:
            for page in obstore.list(self._objects, prefix=folder, chunk_size=1000):
                yield from (meta["path"] for meta in page)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def remove(self, name: str) -> None:
        self._if_there(lambda: obstore.delete(self._objects, check_path(name)))

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _if_there(self, action: Callable[[], T]) -> T | None:
        try:
            return self._tried(action)
        except NOT_FOUND:
            return None

    def _tried(self, action: Callable[[], T]) -> T:
        def attempt(_number: int) -> T:
            try:
                return action()
            except NOT_FOUND:
                raise
            except OBSTORE_ERRORS as error:
                raise from_obstore(error) from error

        return with_retries(attempt)


def _with_folder(path: Path, action: Callable[[], T]) -> T:
    """Do what makes ``path``; make its folder and do it again where there is none."""
    try:
        return action()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return action()


def _write(path: Path, parts: Parts) -> str:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        rest = [memoryview(part) for part in parts if part]
        while rest:
            written = os.writev(descriptor, rest[:MOST_PARTS])
            while rest and written >= len(rest[0]):
                written -= len(rest.pop(0))
            if written:
                rest[0] = rest[0][written:]
        return str(os.fstat(descriptor).st_mtime_ns)
    finally:
        os.close(descriptor)


def _local_error(error: OSError) -> StoreError:
    return RetryableStoreError(f"it can't be written or read ({error.strerror})")
