"""From one archive to the rows that an index keeps of it; runs in a thread or in another process."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index.names import Kind, problem_of, storable, uid_hashes, uids
from orchestration.archives.index.runs import Run, write_run
from orchestration.archives.index.tables import MEMBERS, PLACES, PROBLEMS, sort
from orchestration.archives.tar.files import Files
from orchestration.archives.tar.headers import decode, encode
from orchestration.archives.tar.members import Member
from orchestration.archives.tar.walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk_in_pieces
from orchestration.stores import ObjectVersion, Place

CHUNK_MEMBERS = 1 << 13
SPILL_ROWS = 1 << 17  # about 20 MB for each archive that is read at a time


@dataclass
class Scan:
    """What one archive holds: rows in memory, and where they are many, runs that were already written."""

    archive: ObjectVersion
    archive_id: int
    member_count: int = 0
    problem_count: int = 0
    members: list[pa.Table] = field(default_factory=list)
    problems: list[pa.Table] = field(default_factory=list)
    runs: list[tuple[str, Run]] = field(default_factory=list)

    def add(self, members: pa.Table, problems: pa.Table) -> None:
        """Take in some rows."""
        self.member_count += len(members)
        self.problem_count += len(problems)
        self.members.append(members)
        if len(problems):
            self.problems.append(problems)

    @property
    def rows(self) -> int:
        """How many rows are in memory."""
        return sum(map(len, self.members)) + sum(map(len, self.problems))

    def spill(self, place: Place) -> None:
        """Write the rows in memory to runs; until a manifest names these they are part of no index."""
        self.runs += write_rows(place, self.members, self.problems)
        self.members, self.problems = [], []


class _Chunk:
    """Members as they were found; ``others`` are those with problems."""

    def __init__(self) -> None:
        self.files = Files([], [], [])
        self.others: list[Member] = []

    def __len__(self) -> int:
        return len(self.files.names) + len(self.others)

    def add(self, found: Files | Member) -> None:
        """Take in a piece of a walk."""
        if isinstance(found, Files):
            self.files.names.extend(found.names)
            self.files.offsets.extend(found.offsets)
            self.files.sizes.extend(found.sizes)
        elif found.problem:
            self.others.append(found)
        else:
            self.add(Files([encode(found.name)], [found.offset], [found.size]))


@dataclass(frozen=True)
class ScanTask:
    """One archive to read: a version of an object in ``store``; long ones are written to the index at ``place``."""

    store: Place
    archive: ObjectVersion
    kind: Kind
    archive_id: int
    place: Place


def scan(task: ScanTask) -> Scan:
    """Walk over an archive.

    Raises:
        StoreError: it can't be read, or is another version by now.
    """
    archive, result, chunk = task.archive, Scan(task.archive, task.archive_id), _Chunk()
    read_ahead = REMOTE_READ_AHEAD if task.store.is_remote else LOCAL_READ_AHEAD
    with task.store.reader(archive.path, archive.etag) as read_at:
        for found in walk_in_pieces(read_at, archive.size_bytes, read_ahead=read_ahead):
            chunk.add(found)
            if len(chunk) >= CHUNK_MEMBERS:
                result.add(*_rows(chunk, task.kind, task.archive_id))
                chunk = _Chunk()
                if result.rows >= SPILL_ROWS:
                    result.spill(task.place)
    result.add(*_rows(chunk, task.kind, task.archive_id))
    return result


def write_rows(place: Place, members: list[pa.Table], problems: list[pa.Table]) -> Iterator[tuple[str, Run]]:
    """Write rows, each table in its order; gives the tables' names and the runs."""
    if any(map(len, members)):
        rows = pa.concat_tables(members)
        yield MEMBERS.name, write_run(place, MEMBERS, [sort(rows, MEMBERS)])
        yield PLACES.name, write_run(place, PLACES, [_in_place(rows)])
    if any(map(len, problems)):
        yield PROBLEMS.name, write_run(place, PROBLEMS, [sort(pa.concat_tables(problems), PROBLEMS)])


def _in_place(rows: pa.Table) -> pa.Table:
    places = rows.select(PLACES.schema.names)
    ids = places["archive_id"].combine_chunks()
    if pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py() is False:  # within an archive they are in order
        return sort(places, PLACES)
    return places


def _rows(chunk: _Chunk, kind: Kind, archive_id: int) -> tuple[pa.Table, pa.Table]:
    """The rows of members and of problems."""
    files = chunk.files
    found = uids(_text_array(files.names), kind)
    places = [pa.array(files.offsets, pa.int64()), pa.array(files.sizes, pa.int64())]
    if found.null_count:
        good = found.is_valid()
        for row in pc.indices_nonzero(pc.invert(good)).to_pylist():
            chunk.others.append(Member(decode(files.names[row]), files.offsets[row], files.sizes[row]))
        found, *places = (column.filter(good) for column in (found, *places))
    return _member_rows(found, places, kind, archive_id), _problem_rows(chunk.others, kind, archive_id)


def _member_rows(found: pa.StringArray, places: list[pa.Int64Array], kind: Kind, archive_id: int) -> pa.Table:
    kinds, ids = pa.repeat(kind, len(found)), _ids(archive_id, len(found))
    return pa.Table.from_arrays([uid_hashes(found), found, kinds, ids, *places], schema=MEMBERS.schema)


def _problem_rows(members: list[Member], kind: Kind, archive_id: int) -> pa.Table:
    if not members:
        return PROBLEMS.schema.empty_table()
    explained = [(m.name, m.offset, reason) for m in members if (reason := problem_of(m.name, m.problem, kind))]
    columns = [
        _ids(archive_id, len(explained)),
        pa.array([storable(name) for name, _, _ in explained], pa.string()),
        pa.array([offset for _, offset, _ in explained], pa.int64()),
        pa.array([reason for _, _, reason in explained], pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=PROBLEMS.schema)


def _text_array(names: list[bytes]) -> pa.StringArray:
    try:
        return pa.array(names, pa.string())
    except (pa.ArrowInvalid, UnicodeDecodeError):  # some name is no UTF-8
        return pa.array([storable(decode(name)) for name in names], pa.string())


def _ids(archive_id: int, count: int) -> pa.Int64Array:
    return pa.repeat(pa.scalar(archive_id, pa.int64()), count)
