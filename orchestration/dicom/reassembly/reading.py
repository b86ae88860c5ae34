"""Members of archives in the order in which they lie, neighbours by one request."""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby
from typing import NamedTuple

from orchestration.dicom.archives import ArchiveStore, ArchiveVersion, local_folder, open_archives
from orchestration.dicom.reassembly.members import Location
from orchestration.settings import Settings
from orchestration.stores import PermanentStoreError, StoreError

SPAN_BYTES = 8 << 20  # read at once; a request costs a store as much as 1 to 2 MiB of body
GAP_BYTES = 256 << 10  # read and thrown away rather than asked around
SPANS_AHEAD = 8  # of a remote store, so that its latency is waited for once
MAX_MEMBER_BYTES = 2 << 30  # held in memory; a tomosynthesis series has some hundred MB


class _Span(NamedTuple):
    """Members of one archive that are read at once; ``numbers`` are their places in the list that was given."""

    start: int
    stop: int
    numbers: list[int]


class MemberReader:
    """Reads members; opens each store once. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stores: dict[str, ArchiveStore] = {}

    def read(self, location: Location) -> bytes:
        """The bytes of one member.

        Raises:
            StoreError: they can't be had, or the archive is another version by now.
            StoreUnavailableError: the store as a whole can't be used.
        """
        _check_size(location.size)
        return self._store(location.store).read(location.archive, location.offset, location.size, location.version)

    def read_all(self, locations: Sequence[Location]) -> Iterator[tuple[int, memoryview | StoreError]]:
        """Each member by its number in ``locations``, in the order of archives and offsets, or why it can't be had.

        At most ``SPANS_AHEAD`` times ``SPAN_BYTES``, or as many of the largest member, are held.
        """
        order = sorted(range(len(locations)), key=locations.__getitem__)
        for (store, archive, version), numbers in groupby(order, key=lambda number: locations[number][:3]):
            spans = list(_spans(locations, numbers))
            end = ArchiveVersion(archive, max(span.stop for span in spans), version)
            yield from self._read_archive(self._store(store), end, spans, locations)

    def _read_archive(
        self, store: ArchiveStore, archive: ArchiveVersion, spans: Sequence[_Span], locations: Sequence[Location]
    ) -> Iterator[tuple[int, memoryview | StoreError]]:
        for span, data in zip(spans, _bodies(store, archive, spans), strict=True):
            for number in span.numbers:
                if isinstance(data, StoreError):
                    yield number, data
                else:
                    start = locations[number].offset - span.start
                    yield number, memoryview(data)[start : start + locations[number].size]

    def _store(self, url: str) -> ArchiveStore:
        if url not in self._stores:
            self._stores[url] = open_archives(url, self._settings)
        return self._stores[url]


def _check_size(size: int) -> None:
    if size > MAX_MEMBER_BYTES:
        raise PermanentStoreError(f"it has {size:,} bytes; at most {MAX_MEMBER_BYTES:,} are read")


def _spans(locations: Sequence[Location], numbers: Iterator[int]) -> Iterator[_Span]:
    span: _Span | None = None
    for number in numbers:
        start, stop = locations[number].offset, locations[number].offset + locations[number].size
        if span and start - span.stop <= GAP_BYTES and stop - span.start <= SPAN_BYTES:
            span = _Span(span.start, max(span.stop, stop), [*span.numbers, number])
        else:
            if span:
                yield span
            span = _Span(start, stop, [number])
    if span:
        yield span


def _bodies(store: ArchiveStore, archive: ArchiveVersion, spans: Sequence[_Span]) -> Iterator[bytes | StoreError]:
    if local_folder(store.url) is not None:  # has no latency to hide
        yield from (_body(store, archive, span) for span in spans)
        return
    with ThreadPoolExecutor(min(SPANS_AHEAD, len(spans))) as threads:
        ahead: deque[Future[bytes | StoreError]] = deque()
        for span in spans:
            ahead.append(threads.submit(_body, store, archive, span))
            if len(ahead) == SPANS_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _body(store: ArchiveStore, archive: ArchiveVersion, span: _Span) -> bytes | StoreError:
    try:
        _check_size(span.stop - span.start)
        return store.read(archive.name, span.start, span.stop - span.start, archive.version_token)
    except StoreError as error:
        return error
