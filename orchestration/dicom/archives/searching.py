"""Looking for values in headers: all text archives are read once, in the order in which their members lie."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from orchestration.dicom.archives.archive_store import ArchiveStore, open_archives
from orchestration.dicom.archives.index import ArchiveIndex
from orchestration.dicom.assembly import HeaderError, matches, parse_header
from orchestration.settings import Settings
from orchestration.stores import StoreError
from orchestration.stores.paths import printable

SPAN_BYTES = 4 << 20  # read by one request; a single header may be larger
GAP_BYTES = 64 << 10  # read and thrown away rather than asked around
MAX_HEADER_BYTES = 64 << 20

Row = tuple[int, int, int, str]  # archive id, offset, size, UID


class _Span(NamedTuple):
    """Neighbouring members of one archive."""

    store: ArchiveStore
    archive: str
    version: str
    rows: list[Row]


class _Outcome(NamedTuple):
    found: list[str]
    failed: list[str]


def find_headers(
    index: ArchiveIndex,
    settings: Settings,
    pairs: Sequence[tuple[str, str]],
    *,
    failed: Callable[[str], None],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    threads: int = 8,
) -> Iterator[str]:
    """The UIDs of the headers that hold every one of some values, archive by archive.

    Args:
        index: knows the text archives.
        settings: for the stores that these lie in.
        pairs: tags, as eight hexadecimal digits, and values, as :func:`orchestration.dicom.assembly.matches` compares.
        failed: is told of each header that can't be read: archive, UID and reason.
        progress: is told how many headers of how many are done.
        threads: how many requests are under way at a time.

    Raises:
        StoreUnavailableError: a store of the archives can't be used.
        StoreError: the index can't be read.
    """
    archives = index.archives("text")
    total, done = sum(archives["members"].to_pylist()), 0
    for span, outcome in _in_order(_spans(index, archives.to_pylist(), settings), pairs, threads):
        done += len(span.rows)
        for line in outcome.failed:
            failed(line)
        yield from outcome.found
        progress(done, total)


def _spans(index: ArchiveIndex, archives: list[dict[str, Any]], settings: Settings) -> Iterator[_Span]:
    stores = {url: open_archives(url, settings) for url in {row["store_url"] for row in archives}}
    by_id = {row["archive_id"]: (stores[row["store_url"]], row["archive"], row["version"]) for row in archives}
    span: list[Row] = []
    for batch in index.entries_of_archives(list(by_id)):
        for row in zip(*(batch[name].to_pylist() for name in ("archive_id", "offset", "size", "uid")), strict=True):
            if span and not _fits(span, row):
                yield _Span(*by_id[span[0][0]], span)
                span = []
            span.append(row)
    if span:
        yield _Span(*by_id[span[0][0]], span)


def _fits(span: list[Row], row: Row) -> bool:
    archive, first, _, _ = span[0]
    _, last, size, _ = span[-1]
    return row[0] == archive and row[1] - last - size <= GAP_BYTES and row[1] + row[2] - first <= SPAN_BYTES


def _in_order(
    spans: Iterator[_Span], pairs: Sequence[tuple[str, str]], threads: int
) -> Iterator[tuple[_Span, _Outcome]]:
    """What was found in each span; some are read ahead."""
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[tuple[_Span, Future[_Outcome]]] = deque()
        try:
            for span in spans:
                ahead.append((span, pool.submit(_search, span, pairs)))
                if len(ahead) > threads:
                    first, future = ahead.popleft()
                    yield first, future.result()
            while ahead:
                first, future = ahead.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _search(span: _Span, pairs: Sequence[tuple[str, str]]) -> _Outcome:
    outcome = _Outcome([], [])
    try:
        data = _read(span)
    except (StoreError, HeaderError) as error:
        outcome.failed.extend(f"{printable(span.archive)}: {uid}: {error}" for _, _, _, uid in span.rows)
        return outcome
    start = span.rows[0][1]
    for _, offset, size, uid in span.rows:
        try:
            header = parse_header(data[offset - start : offset - start + size])
        except HeaderError as error:
            outcome.failed.append(f"{printable(span.archive)}: {uid}: {error}")
            continue
        if all(matches(header, tag, value) for tag, value in pairs):
            outcome.found.append(uid)
    return outcome


def _read(span: _Span) -> bytes:
    (_, start, _, _), (_, last, size, _) = span.rows[0], span.rows[-1]
    length = last + size - start
    if length > max(SPAN_BYTES, MAX_HEADER_BYTES):
        raise HeaderError(f"it has {size:,} bytes; at most {MAX_HEADER_BYTES:,} are read")
    return span.store.read(span.archive, start, length, span.version)
