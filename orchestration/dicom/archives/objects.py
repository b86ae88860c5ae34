"""The objects that an index is kept in, with one behaviour in a folder, in S3 and in Azure."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

import obstore
from filelock import FileLock, Timeout
from obstore.store import LocalStore

from orchestration.dicom.archives.index_errors import IndexBusyError
from orchestration.settings import Settings
from orchestration.stores import RetryableStoreError
from orchestration.stores.errors import OBSTORE_ERRORS, from_obstore
from orchestration.stores.places import local_folder, open_objects
from orchestration.stores.retries import with_retries

LOCK = ".lock"


class Objects:
    """Objects below a URL; can be sent to another process. Whatever is put appears whole or not at all."""

    def __init__(self, url: str, settings: Settings, *, create: bool = False) -> None:
        self.url = url
        self._settings = settings
        self._store = open_objects(url, settings, create=create)

    def __reduce__(self) -> tuple[Callable[..., "Objects"], tuple[str, Settings]]:
        return _opened, (self.url, self._settings)

    def read(self, name: str) -> tuple[bytes, str | None]:
        """A whole object and its ETag.

        Raises:
            StoreError: it can't be had.
        """

        def read(_attempt: int) -> tuple[bytes, str | None]:
            with _as_store_errors():
                response = obstore.get(self._store, name)
                return bytes(response.bytes()), response.meta["e_tag"]

        return with_retries(read)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Some bytes of an object.

        Raises:
            StoreError: they can't be had.
        """

        def read(_attempt: int) -> bytes:
            with _as_store_errors():
                data = bytes(obstore.get_range(self._store, name, start=start, length=length))
            if len(data) != length:
                raise RetryableStoreError(f"{length:,} bytes were asked for, {len(data):,} came")
            return data

        return with_retries(read) if length else b""

    def put(self, name: str, data: bytes | memoryview) -> None:
        """Put an object.

        Raises:
            StoreError: it can't be put.
        """

        def put(_attempt: int) -> None:
            with _as_store_errors():
                obstore.put(self._store, name, data)

        with_retries(put)

    def replace(self, name: str, data: bytes, etag: str | None) -> str | None:
        """Put an object in place of the one with this ETag, None meaning that there is none; its new ETag.

        In a folder it is replaced whatever its ETag: there a lock keeps others out.

        Raises:
            IndexBusyError: another one lies there by now.
            StoreError: it can't be put.
        """

        def put(_attempt: int) -> str | None:
            with _as_store_errors():
                return obstore.put(self._store, name, data, mode=self._mode(etag), use_multipart=False)["e_tag"]

        try:
            return with_retries(put)
        except _OtherObjectError:
            # An attempt whose answer was lost may have been the one that put it.
            found, found_etag = self.read(name)
            if found != data:
                raise IndexBusyError(f"another run changed the index at {self.url} meanwhile; run again") from None
            return found_etag

    def list(self) -> Iterator[tuple[str, datetime]]:
        """Names and times of modification.

        Raises:
            StoreError: the listing can't be had.
        """
        with _as_store_errors():
            for page in obstore.list(self._store, chunk_size=1000):
                for meta in page:
                    yield meta["path"], meta["last_modified"]

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects, whether or not they are there."""
        for name in names:
            try:
                obstore.delete(self._store, name)
            except OBSTORE_ERRORS:
                continue  # a later update deletes what is left over

    @contextmanager
    def lock(self) -> Iterator[bool]:
        """Keep other writers out while the block runs, in a folder; yields whether that was possible.

        Elsewhere the condition of :meth:`replace` tells that there was another.

        Raises:
            IndexBusyError: another run holds the lock.
        """
        folder = local_folder(self.url)
        if folder is None:
            yield False
            return
        try:
            with FileLock(folder / LOCK, timeout=0):
                yield True
        except Timeout:
            raise IndexBusyError(
                f"another run is at work on the index at {self.url}; run again when it is done"
            ) from None

    def _mode(self, etag: str | None) -> Any:  # noqa: ANN401 - obstore's type is known to type checkers only
        if isinstance(self._store, LocalStore):
            return "overwrite"
        return "create" if etag is None else {"e_tag": etag}


@lru_cache(maxsize=8)
def _opened(url: str, settings: Settings) -> Objects:
    return Objects(url, settings)  # once in each process, since opening asks the store


class _OtherObjectError(Exception):
    """Another object than the expected one lies there."""


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
        raise _OtherObjectError from None
    except OBSTORE_ERRORS as error:
        raise from_obstore(error) from error
