"""From one archive to the rows that an index keeps of it; runs in a thread or in another process."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.dicom.archives.archive_store import ArchiveStore, ArchiveVersion
from orchestration.dicom.archives.names import Kind, problem_of, storable, uids
from orchestration.dicom.archives.objects import Objects
from orchestration.dicom.archives.runs import Run, write_run
from orchestration.dicom.archives.tables import MEMBERS, PLACES, PROBLEMS, TableForm, sort
from orchestration.dicom.archives.tar_members import Member
from orchestration.dicom.archives.tar_walk import walk

CHUNK_MEMBERS = 1 << 13
SPILL_ROWS = 1 << 17  # about 20 MB for each archive that is read at a time


@dataclass
class Scan:
    """What one archive holds: rows in memory, and where they are many, runs that were already written."""

    archive: ArchiveVersion
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
        self.problems.append(problems)

    @property
    def rows(self) -> int:
        """How many rows are in memory."""
        return sum(map(len, self.members)) + sum(map(len, self.problems))

    def spill(self, objects: Objects) -> None:
        """Write the rows in memory to runs; until a manifest names these they are part of no index."""
        self.runs += write_rows(objects, self.members, self.problems)
        self.members, self.problems = [], []


def scan(store: ArchiveStore, archive: ArchiveVersion, kind: Kind, archive_id: int, objects: Objects) -> Scan:
    """Walk over an archive.

    Raises:
        StoreError: it can't be read, or is another version by now.
    """
    result = Scan(archive, archive_id)
    with store.reader(archive) as read_at:
        members = walk(read_at, archive.size, read_ahead=store.read_ahead)
        while chunk := list(islice(members, CHUNK_MEMBERS)):
            result.add(*_rows(chunk, kind, archive_id))
            if result.rows >= SPILL_ROWS:
                result.spill(objects)
    return result


def write_rows(objects: Objects, members: list[pa.Table], problems: list[pa.Table]) -> Iterator[tuple[str, Run]]:
    """Write rows, each table in its order; gives the tables' names and the runs."""
    if any(map(len, members)):
        rows = pa.concat_tables(members)
        yield MEMBERS.name, write_run(objects, MEMBERS, [sort(rows, MEMBERS)])
        yield PLACES.name, write_run(objects, PLACES, [_in_place(rows)])
    if any(map(len, problems)):
        yield PROBLEMS.name, write_run(objects, PROBLEMS, [sort(pa.concat_tables(problems), PROBLEMS)])


def _in_place(rows: pa.Table) -> pa.Table:
    places = rows.select(PLACES.schema.names)
    ids = places["archive_id"].combine_chunks()
    if pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py() is False:  # within an archive they are in order
        return sort(places, PLACES)
    return places


def _rows(chunk: list[Member], kind: Kind, archive_id: int) -> tuple[pa.Table, pa.Table]:
    names, offsets, sizes, problems = zip(*chunk, strict=True)
    found = uids(_text_array(names), kind)
    good = pc.and_(found.is_valid(), pa.array(problems, pa.string()).is_null())
    members = pa.table([found, pa.array(offsets, pa.int64()), pa.array(sizes, pa.int64())], ["uid", "offset", "size"])
    members = members.filter(good)
    constants = {"kind": pa.repeat(kind, len(members)), "archive_id": _ids(archive_id, len(members))}
    for name, column in constants.items():
        members = members.append_column(name, column)
    rest = [] if len(members) == len(chunk) else [chunk[row] for row in pc.indices_nonzero(pc.invert(good)).to_pylist()]
    return _as(members, MEMBERS), _problem_rows(rest, kind, archive_id)


def _problem_rows(members: list[Member], kind: Kind, archive_id: int) -> pa.Table:
    explained = [(m.name, m.offset, reason) for m in members if (reason := problem_of(m.name, m.problem, kind))]
    columns = {
        "archive_id": _ids(archive_id, len(explained)),
        "member": pa.array([storable(name) for name, _, _ in explained], pa.string()),
        "offset": pa.array([offset for _, offset, _ in explained], pa.int64()),
        "reason": pa.array([reason for _, _, reason in explained], pa.string()),
    }
    return _as(pa.table(columns), PROBLEMS)


def _text_array(names: tuple[str, ...]) -> pa.StringArray:
    try:
        return pa.array(names, pa.string())
    except UnicodeEncodeError:  # some name is no UTF-8
        return pa.array([storable(name) for name in names], pa.string())


def _ids(archive_id: int, count: int) -> pa.Int64Array:
    return pa.repeat(pa.scalar(archive_id, pa.int64()), count)


def _as(table: pa.Table, form: TableForm) -> pa.Table:
    return table.select(form.schema.names).cast(form.schema)
