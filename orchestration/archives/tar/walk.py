"""Where each member of a tar archive lies, read from its headers alone."""

from collections.abc import Iterator
from itertools import repeat

from orchestration.archives.tar.files import Files, read_files
from orchestration.archives.tar.headers import BLOCK, ZERO_BLOCK, DamagedHeaderError, decode, is_header
from orchestration.archives.tar.members import Globals, Member, read_member
from orchestration.archives.tar.window import ReadAt, Window

# Bodies up to an eighth of this are read with their headers, larger ones skipped. Reading 8 KiB from the page cache
# takes as long as a call; with 20 ms of latency and 60 MB/s a connection, 1 MiB takes as long as a request.
LOCAL_READ_AHEAD = 64 << 10
REMOTE_READ_AHEAD = 8 << 20
MOST_FILES = 4096  # read before the first of them is told; their headers take 2 MiB
FEWEST_FILES = 16

NO_ARCHIVE = "it does not begin with a tar header: compressed, or no tar archive"
NO_END = "it ends without the zeros that mark an archive's end: it may be cut short"


def walk(read_at: ReadAt, size: int, *, read_ahead: int = LOCAL_READ_AHEAD) -> Iterator[Member]:
    """Every member of an archive, in order, some thousand at a time; memory does not grow.

    Zeros are skipped wherever they are, so that concatenated archives are read to their end, as by ``tarfile`` with
    ``ignore_zeros`` and ``tar -i``. After a damaged header the walk goes on at the next block that is one. A hard link
    is a problem: to find what it stands for would take the names of all members. Only ``read_at`` raises.

    Args:
        read_at: gives ``length`` bytes at ``offset``; fewer only where the archive ends.
        size: of the archive, in bytes.
        read_ahead: bytes to read at once while members are small.
    """
    for found in walk_in_pieces(read_at, size, read_ahead=read_ahead):
        if isinstance(found, Member):
            yield found
        else:
            columns = zip(map(decode, found.names), found.offsets, found.sizes, repeat(None))
            yield from map(tuple.__new__, repeat(Member), columns)


def walk_in_pieces(read_at: ReadAt, size: int, *, read_ahead: int = LOCAL_READ_AHEAD) -> Iterator[Files | Member]:
    """The same, with the plain files among the members in columns, which costs half the time."""
    window = Window(read_at, size, read_ahead)
    position, most, ended = 0, MOST_FILES, False
    following = Globals()
    while position + BLOCK <= size:
        if not following:  # else no file is plain
            files, position, more = read_files(window, position, most)
            if files.names:
                yield files
                ended = False
            # What is collected after a damaged header is thrown away: after one, less is.
            most = min(2 * most, MOST_FILES) if more else FEWEST_FILES
            if more:
                continue
        block = window.read(position, BLOCK)
        if len(block) < BLOCK:
            break
        if block == ZERO_BLOCK:
            position, ended = _after_zeros(window, position), True
            continue
        try:
            member, after = read_member(window, position, following)
            window.stride = after - position
        except DamagedHeaderError as error:
            if position == 0:
                yield Member("", 0, 0, f"{NO_ARCHIVE} ({error})")
                return
            member, after = (
                Member("", position, 0, f"a member is lost: {error}"),
                _next_header(window, position + BLOCK),
            )
        yield member
        position, ended = after, False
    if not ended:
        yield Member("", size, 0, NO_END)


def _after_zeros(window: Window, position: int) -> int:
    """The first block from ``position`` on that is not all zeros, or the archive's end."""
    window.stride = BLOCK
    while position < window.size:
        data = window.data[position - window.start :] or window.move(position)
        zeros = len(data) - len(data.lstrip(b"\0"))
        position += zeros // BLOCK * BLOCK if zeros < len(data) else len(data)
        if zeros < len(data) or not data:
            break
    return position


def _next_header(window: Window, position: int) -> int:
    """The first block from ``position`` on that is a header or all zeros, or the archive's end."""
    window.stride = BLOCK
    while position + BLOCK <= window.size:
        block = window.read(position, BLOCK)
        if len(block) < BLOCK or block == ZERO_BLOCK or is_header(block):
            break
        position += BLOCK
    return position
