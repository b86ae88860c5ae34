"""A place: objects below a URL, with one behaviour in a folder, in S3 and in Azure."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from orchestration.settings import Settings
from orchestration.stores.errors import MissingObjectError, StoreError

ReadAt = Callable[[int, int], bytes]
"""Gives ``length`` bytes at ``offset`` of an object; fewer only where the object ends."""

Parts = Sequence[bytes | memoryview]
"""The bytes of an object, one piece after the other."""


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """What a place says about one object.

    ``etag`` changes with the content; a folder has one made of time and size. ``md5`` is the stored checksum in
    hexadecimal. Where ``md5_is_etag`` it was read from an S3 ETag, which is an MD5 unless the object is encrypted with
    a key of one's own.
    """

    path: str
    size_bytes: int
    etag: str
    last_modified: datetime
    version_id: str | None = None
    md5: str | None = None
    md5_is_etag: bool = False

    @property
    def token(self) -> str:
        """What changes when the object does: its version where the place keeps versions, else its ETag."""
        return self.version_id or self.etag


class Place(ABC):
    """Objects below one URL, which holds no credentials; can be sent to another process, where nothing is asked first.

    Every request to a server is tried again where that can help. What is put appears whole or not at all. Each
    operation raises StoreError where the place refuses it.
    """

    is_remote: bool
    """Whether requests cross a network, so that several should be under way and each should ask for much."""

    def __init__(self, url: str, settings: Settings) -> None:
        self.url = url
        self._settings = settings

    def __reduce__(self) -> tuple[Callable[..., "Place"], tuple[Any, ...]]:
        return _reopened, (self.url, self._settings)

    @abstractmethod
    def check(self, setting: str = "") -> None:
        """Ask whether the place is there.

        Raises:
            StoreUnavailableError: it does not exist, refuses the credential or does not answer; the message has the
                name of the ``setting`` to look at.
        """

    @abstractmethod
    def list(self, folder: str = "") -> Iterator[ObjectVersion]:
        """Every object below a folder of the place, in the order of their paths; holds one page."""

    @abstractmethod
    def describe(self, path: str) -> ObjectVersion:
        """What the place says about an object.

        Raises:
            MissingObjectError: there is no such object.
        """

    @abstractmethod
    def describe_all(self, paths: Sequence[str]) -> dict[str, ObjectVersion | StoreError]:
        """What the place says about each of many objects, or why it says nothing."""

    def find(self, path: str) -> ObjectVersion | None:
        """What the place says about an object, or None where there is none."""
        try:
            return self.describe(path)
        except MissingObjectError:
            return None

    @abstractmethod
    def read(self, path: str) -> tuple[bytes, str]:
        """A whole object, and its ETag.

        Raises:
            MissingObjectError: there is no such object.
        """

    @abstractmethod
    def read_range(self, path: str, start: int, length: int) -> bytes:
        """Exactly ``length`` bytes of an object from ``start`` on."""

    @abstractmethod
    def reader(self, path: str, etag: str) -> AbstractContextManager[ReadAt]:
        """What reads ranges of exactly the version of an object that has this ETag.

        Raises:
            ObjectChangedError: at any time until the block ends: it is another version by now.
        """

    @abstractmethod
    def stream(self, version: ObjectVersion) -> Iterator[bytes]:
        """The bytes of exactly this version in pieces of about 1 MiB. Tried once: the receiver has to begin anew.

        Raises:
            ObjectChangedError: it is another version by now.
        """

    @abstractmethod
    def put(self, path: str, parts: Parts) -> str:
        """Make ``parts``, one after the other, the object ``path``; its ETag."""

    @abstractmethod
    def replace(self, path: str, data: bytes, etag: str | None) -> str:
        """Put an object in place of the one with this ETag, None meaning that there is none; its new ETag.

        In a folder it is replaced whatever its ETag: there :meth:`alone` must keep others out.

        Raises:
            ObjectChangedError: another one lies there by now.
        """

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove an object, or do nothing where there is none."""

    def _described(self, path: str) -> ObjectVersion | StoreError:
        try:
            return self.describe(path)
        except StoreError as error:
            return error

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep other runs out while the block runs; yields whether that is possible, as it is in a folder.

        Raises:
            PlaceBusyError: another run is there.
            StoreUnavailableError: the lock that keeps others out can't be made.
        """
        yield False


@lru_cache(maxsize=16)
def _reopened(url: str, settings: Settings) -> Place:
    from orchestration.stores.opening import place_at  # noqa: PLC0415 - it knows every kind of place

    return place_at(url, settings)  # once in each process


def quoted(etag: str) -> str:
    """An ETag as If-Match wants it (RFC 9110, 13.1.1): Azure's listings give it bare, requests for one blob quoted."""
    return etag if etag.startswith('"') else f'"{etag}"'
