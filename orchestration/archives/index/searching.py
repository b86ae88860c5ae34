"""Looking for values in headers: all text archives are read once, in the order in which their members lie."""

from collections.abc import Callable, Iterator, Sequence

from orchestration.archives.index.index import ArchiveIndex
from orchestration.archives.index.member_reader import Location, MemberReader
from orchestration.dicom.encoding import MAX_HEADER_BYTES, HeaderError, matches, parse_header
from orchestration.outcomes import Progress, no_progress, printable
from orchestration.settings import Settings
from orchestration.stores import StoreError

HEADERS_AT_ONCE = 8192  # whose places are held


def find_headers(
    index: ArchiveIndex,
    settings: Settings,
    pairs: Sequence[tuple[str, str]],
    *,
    failed: Callable[[str], None],
    progress: Progress = no_progress,
) -> Iterator[str]:
    """The UIDs of the headers that hold every one of some values, archive by archive.

    Args:
        index: knows the text archives.
        settings: for the stores that these lie in.
        pairs: tags, as eight hexadecimal digits, and values, as :func:`orchestration.dicom.encoding.matches` compares.
        failed: is told of each header that can't be read: archive, UID and reason.
        progress: is told how many headers of how many are done.

    Raises:
        StoreUnavailableError: a store of the archives can't be used.
        StoreError: the index can't be read.
    """
    archives = {row["archive_id"]: row for row in index.archives("text").to_pylist()}
    total, done = sum(row["members"] for row in archives.values()), 0
    reader = MemberReader(settings, most=MAX_HEADER_BYTES)

    def matching(data: memoryview | StoreError) -> bool:
        if isinstance(data, StoreError):
            raise data
        header = parse_header(bytes(data))
        return all(matches(header, tag, value) for tag, value in pairs)

    for batch in index.entries_of_archives(list(archives)):
        for rows in (batch.slice(start, HEADERS_AT_ONCE) for start in range(0, batch.num_rows, HEADERS_AT_ONCE)):
            of = [archives[number] for number in rows["archive_id"].to_pylist()]
            places = zip(of, rows["byte_offset"].to_pylist(), rows["size_bytes"].to_pylist(), strict=True)
            locations = [Location(row["store_url"], row["archive"], row["version"], *place) for row, *place in places]
            uids = rows["uid"].to_pylist()
            for number, data in reader.read_all(locations):
                try:
                    if matching(data):
                        yield uids[number]
                except (StoreError, HeaderError) as error:
                    failed(f"{printable(locations[number].archive)}: {uids[number]}: {error}")
            done += rows.num_rows
            progress(done, total)
