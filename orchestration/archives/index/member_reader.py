"""Members of archives in the order in which they lie, neighbours by one request."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from orchestration.settings import Settings
from orchestration.stores import (
    ObjectChangedError,
    PermanentStoreError,
    Place,
    RetryableStoreError,
    StoreError,
    open_place,
    place_at,
)

SPAN_BYTES = 8 << 20  # read at once; a request costs a store as much as 1 to 2 MiB of body
REMOTE_GAP_BYTES = 256 << 10  # read and thrown away rather than asked around
LOCAL_GAP_BYTES = 1 << 10  # a header, and what fills up a block; a file is read anywhere for some microseconds
SPANS_AHEAD = 8  # of remote stores, so that their latency is waited for once
BYTES_AHEAD = SPANS_AHEAD * SPAN_BYTES  # and no more than this of large members, or a single one
MAX_MEMBER_BYTES = 2 << 30  # held in memory; a tomosynthesis series has some hundred MB


class Location(NamedTuple):
    """Where the bytes of a member lie: ``size_bytes`` from ``byte_offset`` on, in one version of an archive."""

    store_url: str
    archive: str
    version: str
    byte_offset: int
    size_bytes: int


class _Span(NamedTuple):
    """Neighbouring members that are read at once; ``numbers`` are their places in the list that was given."""

    place: Place
    archive: str
    version: str
    start: int
    stop: int
    numbers: list[int]

    @property
    def size(self) -> int:
        return self.stop - self.start

    def read(self, most: int) -> bytes | StoreError:
        """The bytes, or why they can't be read."""
        try:
            return _read(self.place, Location("", self.archive, self.version, self.start, self.size), most)
        except StoreError as error:
            return error


class MemberReader:
    """Reads members; opens each place once. Not for several threads.

    Args:
        settings: for the places.
        most: bytes of a member; a larger one is refused.
        check: ask whether a place is there before its first member is read.
    """

    def __init__(self, settings: Settings, *, most: int = MAX_MEMBER_BYTES, check: bool = True) -> None:
        self._open = open_place if check else place_at
        self._settings = settings
        self._most = most
        self._places: dict[str, Place] = {}

    def read(self, location: Location) -> bytes:
        """The bytes of one member.

        Raises:
            StoreError: they can't be read, or the archive is another version by now.
            StoreUnavailableError: the place as a whole can't be used.
        """
        return _read(self._place(location.store_url), location, self._most)

    def read_all(self, locations: Sequence[Location]) -> Iterator[tuple[int, memoryview | StoreError]]:
        """Each member by its number in ``locations``, in the order of archives and offsets, or why it can't be read.

        At most ``BYTES_AHEAD`` are held, or the largest member. A member is a view of all that was read with it, which
        stays in memory as long as the view: copy small members that are kept. Drop a large member before asking for
        the next, which is then read into the same memory in half the time.

        Raises:
            StoreUnavailableError: a place as a whole can't be used.
        """
        for span, data in self._bodies(self._spans(locations)):
            for number in span.numbers:
                if isinstance(data, StoreError):
                    yield number, data
                else:
                    start = locations[number].byte_offset - span.start
                    yield number, memoryview(data)[start : start + locations[number].size_bytes]
            del data  # before the next is read, which then takes the same memory

    def _spans(self, locations: Sequence[Location]) -> Iterator[_Span]:
        """Group neighbours; what is read in vain is at most a gap beside each member, locally as much as is wanted."""
        span: _Span | None = None
        wanted = 0
        for number in sorted(range(len(locations)), key=locations.__getitem__):
            store_url, archive, version, start, size = locations[number]
            place, stop = self._place(store_url), start + size
            gap = REMOTE_GAP_BYTES if place.is_remote else max(LOCAL_GAP_BYTES, wanted)
            if (
                span
                and (place, archive, version) == span[:3]
                and start - span.stop <= gap
                and stop - span.start <= SPAN_BYTES
            ):
                span.numbers.append(number)
                span = span._replace(stop=max(span.stop, stop))
                wanted += size
            else:
                if span:
                    yield span
                span, wanted = _Span(place, archive, version, start, stop, [number]), size
        if span:
            yield span

    def _bodies(self, spans: Iterable[_Span]) -> Iterator[tuple[_Span, bytes | StoreError]]:
        """Each span with its bytes, or why they can't be read, in order; remote ones are read ahead in threads."""
        ahead: deque[tuple[_Span, Future[bytes | StoreError]]] = deque()
        held = 0
        with ThreadPoolExecutor(SPANS_AHEAD) as threads:
            for span in spans:
                if not span.place.is_remote:  # has no latency to hide
                    yield span, span.read(self._most)
                    continue
                while ahead and (len(ahead) == SPANS_AHEAD or held + span.size > BYTES_AHEAD):
                    first, body = ahead.popleft()
                    held -= first.size
                    yield first, body.result()
                    del body
                ahead.append((span, threads.submit(span.read, self._most)))
                held += span.size
            while ahead:
                first, body = ahead.popleft()
                yield first, body.result()
                del body

    def _place(self, url: str) -> Place:
        if url not in self._places:
            self._places[url] = self._open(url, self._settings)
        return self._places[url]


def _read(place: Place, location: Location, most: int) -> bytes:
    offset, size = location.byte_offset, location.size_bytes
    if size > most:
        raise PermanentStoreError(f"it has {size:,} bytes; at most {most:,} are read")
    try:
        with place.reader(location.archive, location.version) as read_at:
            data = read_at(offset, size)
    except ObjectChangedError:
        raise PermanentStoreError("the archive changed since it was indexed; update the index") from None
    if len(data) != size:
        raise RetryableStoreError(f"{size:,} bytes at {offset:,} were asked for, {len(data):,} came")
    return data
