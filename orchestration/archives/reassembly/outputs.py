"""Where DICOMs go: objects below a URL, each whole or not there at all."""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from orchestration.settings import Settings
from orchestration.stores import MissingObjectError, RetryableStoreError, StoreError, check_path
from orchestration.stores.objects import Objects
from orchestration.stores.places import alone_at, local_folder, location

Parts = Sequence[bytes | memoryview]
T = TypeVar("T")
PARTIAL = ".partial"
MOST_PARTS = 1000  # of one call; Linux takes 1,024


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

    def alone(self) -> AbstractContextManager[object]:
        """Keep other runs out while the block runs, where that is possible: in a folder.

        Raises:
            PlaceBusyError: another run writes here.
        """
        return alone_at(self.url)


def open_output(url: str | Path, settings: Settings) -> Output:
    """Open a place to write to; a local folder is made.

    Raises:
        StoreUnavailableError: the bucket or container does not exist or refuses the credential.
    """
    objects = Objects(location(url), settings, create=True)
    folder = local_folder(objects.url)
    return _Objects(objects) if folder is None else _Folder(objects.url, folder)


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
        try:
            self._path(name).unlink(missing_ok=True)
        except OSError as error:
            raise _local_error(error) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        partial = self._folder / PARTIAL
        with super().alone():
            shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed
            yield
            shutil.rmtree(partial, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self._folder / check_path(name)


class _Objects(Output):
    """A bucket or container: an object is there when its request, or the last of its parts, has succeeded."""

    def __init__(self, objects: Objects) -> None:
        super().__init__(objects.url)
        self._objects = objects

    def put(self, name: str, parts: Parts) -> str:
        return self._objects.put(check_path(name), b"".join(parts))

    def get(self, name: str) -> bytes | None:
        try:
            return self._objects.read(check_path(name))[0]
        except MissingObjectError:
            return None

    def version(self, name: str) -> tuple[int, str] | None:
        try:
            return self._objects.describe(check_path(name))
        except MissingObjectError:
            return None

    def names(self, folder: str) -> Iterator[str]:
        return (name for name, _ in self._objects.list(folder))

    def remove(self, name: str) -> None:
        self._objects.delete(check_path(name))


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
