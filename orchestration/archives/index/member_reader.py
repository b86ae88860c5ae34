"""Members of archives in the order in which they lie, neighbours by one request."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from orchestration.archives.index.archive_store import ArchiveStore, open_archives
from orchestration.settings import Settings
from orchestration.stores import PermanentStoreError, StoreError
from orchestration.stores.places import local_folder

SPAN_BYTES = 8 << 20  # read at once; a request costs a store as much as 1 to 2 MiB of body
GAP_BYTES = 256 << 10  # read and thrown away rather than asked around
SPANS_AHEAD = 8  # of remote stores, so that their latency is waited for once
MAX_MEMBER_BYTES = 2 << 30  # held in memory; a tomosynthesis series has some hundred MB


class Location(NamedTuple):
    """Where the bytes of a member lie: ``size`` of them from ``offset`` on, in one version of an archive."""

    store_url: str
    archive: str
    version: str
    offset: int
    size: int


class _Span(NamedTuple):
    """Neighbouring members that are read at once; ``numbers`` are their places in the list that was given."""

    store: ArchiveStore
    archive: str
    version: str
    start: int
    stop: int
    numbers: list[int]

    def read(self, most: int) -> bytes | StoreError:
        """The bytes, or why they can't be had."""
        size = self.stop - self.start
        try:
            _check_size(size, most)
            return self.store.read(self.archive, self.start, size, self.version)
        except StoreError as error:
            return error


class MemberReader:
    """Reads members; opens each store once. Not for several threads.

    Args:
        settings: for the stores.
        most: bytes of a member; a larger one is refused.
    """

    def __init__(self, settings: Settings, *, most: int = MAX_MEMBER_BYTES) -> None:
        self._settings = settings
        self._most = most
        self._stores: dict[str, ArchiveStore] = {}

    def read(self, location: Location) -> bytes:
        """The bytes of one member.

        Raises:
            StoreError: they can't be had, or the archive is another version by now.
            StoreUnavailableError: the store as a whole can't be used.
        """
        _check_size(location.size, self._most)
        store = self._store(location.store_url)
        return store.read(location.archive, location.offset, location.size, location.version)

    def read_all(self, locations: Sequence[Location]) -> Iterator[tuple[int, memoryview | StoreError]]:
        """Each member by its number in ``locations``, in the order of archives and offsets, or why it can't be had.

        At most ``SPANS_AHEAD`` times ``SPAN_BYTES``, or as many of the largest member, are held. Who lets go of a
        member before asking for the next has large ones read into the same memory, which takes half the time.

        Raises:
            StoreUnavailableError: a store as a whole can't be used.
        """
        for span, data in self._bodies(self._spans(locations)):
            for number in span.numbers:
                if isinstance(data, StoreError):
                    yield number, data
                else:
                    start = locations[number].offset - span.start
                    yield number, memoryview(data)[start : start + locations[number].size]
            del data  # before the next is read, which then takes the same memory

    def _spans(self, locations: Sequence[Location]) -> Iterator[_Span]:
        span: _Span | None = None
        for number in sorted(range(len(locations)), key=locations.__getitem__):
            store_url, archive, version, start, size = locations[number]
            store, stop = self._store(store_url), start + size
            if (
                span
                and (store, archive, version) == span[:3]
                and start - span.stop <= GAP_BYTES
                and stop - span.start <= SPAN_BYTES
            ):
                span.numbers.append(number)
                span = span._replace(stop=max(span.stop, stop))
            else:
                if span:
                    yield span
                span = _Span(store, archive, version, start, stop, [number])
        if span:
            yield span

    def _bodies(self, spans: Iterable[_Span]) -> Iterator[tuple[_Span, bytes | StoreError]]:
        ahead: deque[tuple[_Span, Future[bytes | StoreError]]] = deque()
        with ThreadPoolExecutor(SPANS_AHEAD) as threads:
            for span in spans:
                if local_folder(span.store.url) is not None:  # has no latency to hide
                    yield span, span.read(self._most)
                    continue
                ahead.append((span, threads.submit(span.read, self._most)))
                if len(ahead) == SPANS_AHEAD:
                    first, body = ahead.popleft()
                    yield first, body.result()
            while ahead:
                first, body = ahead.popleft()
                yield first, body.result()

    def _store(self, url: str) -> ArchiveStore:
        if url not in self._stores:
            self._stores[url] = open_archives(url, self._settings)
        return self._stores[url]


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise PermanentStoreError(f"it has {size:,} bytes; at most {most:,} are read")
