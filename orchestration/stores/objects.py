"""Objects below a URL, with one behaviour in a folder, in S3 and in Azure: what is put appears whole or not at all."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import obstore
from obstore.store import LocalStore

from orchestration.settings import Settings
from orchestration.stores.errors import OBSTORE_ERRORS, MissingObjectError, RetryableStoreError, from_obstore
from orchestration.stores.places import open_objects
from orchestration.stores.retries import with_retries

MOST_IN_ONE_REQUEST = 256 << 20  # S3 takes 5 GiB, Azure 5,000 MiB; what fails has to be sent again

T = TypeVar("T")


class OtherObjectError(Exception):
    """Another object than the expected one lies there."""


class Objects:
    """Objects below a URL, each request tried again where that can help; can be sent to another process.

    Each operation raises StoreError where the place refuses it.
    """

    def __init__(self, url: str, settings: Settings, *, create: bool = False) -> None:
        self.url = url
        self._settings = settings
        self._store = open_objects(url, settings, create=create)

    def __reduce__(self) -> tuple[Callable[..., "Objects"], tuple[str, Settings]]:
        return _opened, (self.url, self._settings)

    def read(self, name: str) -> tuple[bytes, str]:
        """A whole object and its ETag.

        Raises:
            MissingObjectError: there is none.
        """

        def read() -> tuple[bytes, str]:
            response = obstore.get(self._store, name)
            return bytes(response.bytes()), response.meta["e_tag"] or ""

        return _tried(read)

    def read_range(self, name: str, start: int, length: int) -> bytes:
        """Some bytes of an object."""

        def read() -> bytes:
            data = bytes(obstore.get_range(self._store, name, start=start, length=length))
            if len(data) != length:
                raise RetryableStoreError(f"{length:,} bytes were asked for, {len(data):,} came")
            return data

        return _tried(read) if length else b""

    def describe(self, name: str) -> tuple[int, str]:
        """The size and the ETag of an object.

        Raises:
            MissingObjectError: there is none.
        """
        meta = _tried(lambda: obstore.head(self._store, name))
        return meta["size"], meta["e_tag"] or ""

    def put(self, name: str, data: bytes | memoryview) -> str:
        """Put an object; its ETag. In one request where that is possible, so that the store keeps a checksum of all."""
        multipart = len(data) > MOST_IN_ONE_REQUEST
        return _tried(lambda: obstore.put(self._store, name, data, use_multipart=multipart))["e_tag"] or ""

    def replace(self, name: str, data: bytes, etag: str | None) -> str:
        """Put an object in place of the one with this ETag, None meaning that there is none; its new ETag.

        In a folder it is replaced whatever its ETag: there a lock must keep others out.

        Raises:
            OtherObjectError: another one lies there by now.
        """

        def put() -> str:
            try:
                return obstore.put(self._store, name, data, mode=self._mode(etag), use_multipart=False)["e_tag"] or ""
            except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
                raise OtherObjectError from None

        try:
            return _tried(put)
        except OtherObjectError:
            # An attempt whose answer was lost may have been the one that put it.
            found, found_etag = self.read(name)
            if found != data:
                raise
            return found_etag

    def list(self, folder: str | None = None) -> Iterator[tuple[str, datetime]]:
        """Names and times of modification of all objects, or of those below a folder."""
        try:
            for page in obstore.list(self._store, prefix=folder, chunk_size=1000):
                for meta in page:
                    yield meta["path"], meta["last_modified"]
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def delete(self, name: str) -> None:
        """Delete an object, whether or not it is there."""
        with suppress(MissingObjectError):
            _tried(lambda: obstore.delete(self._store, name))

    def _mode(self, etag: str | None) -> Any:  # noqa: ANN401 - obstore's type is known to type checkers only
        if isinstance(self._store, LocalStore):
            return "overwrite"
        return "create" if etag is None else {"e_tag": etag}


@lru_cache(maxsize=8)
def _opened(url: str, settings: Settings) -> Objects:
    return Objects(url, settings)  # once in each process, since opening asks the store


def _tried(action: Callable[[], T]) -> T:
    def attempt(_number: int) -> T:
        try:
            return action()
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    return with_retries(attempt)
