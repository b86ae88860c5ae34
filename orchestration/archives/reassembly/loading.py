"""The index of archives and the outcomes of reassembly, from Parquet into the raw tables that dbt reads.

The Parquet files are the truth, and for billions of DICOMs they are the table: a row of ``archive_members`` takes 133
bytes with its key, those of 3 billion pairs 800 GB, and loading a million takes 1.6 s. PostgreSQL holds what one
database can, some hundred million members; beyond that the index and the records say the same without it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pyarrow as pa
from psycopg import sql

from orchestration.archives.index import ArchiveIndex, uid_hash
from orchestration.archives.reassembly.joining import partition_of
from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.archives.reassembly.records import (
    INDEX,
    RETRYABLE,
    UNMATCHED,
    BatchRecord,
    RecordName,
    Written,
    read_record,
    read_unmatched,
)
from orchestration.database import Database, DatabaseError, exclusive
from orchestration.database.copying import copy_batches, copy_rows
from orchestration.outcomes import Waiting, no_waiting
from orchestration.settings import Settings
from orchestration.stores import Place, open_place

UNMATCHED_SHOWN = 20  # of a partition
_ARCHIVES = (
    "archive_id", "store_url", "kind", "archive", "version", "size_bytes", "members", "problems",
)  # fmt: skip
_MEMBERS = ("archive_id", "byte_offset", "size_bytes", "uid", "partition_key")
_PROBLEMS = ("archive_id", "member", "byte_offset", "reason")
_DICOMS = ("partition_key", "uid", "object", "byte_offset", "size_bytes", "transfer_syntax", "through_pydicom")
_UNMATCHED = ("partition_key", "uid", "kind", "store_url", "archive", "byte_offset", "reason", "detail")


@dataclass(frozen=True)
class LoadedIndex:
    """What the tables hold of an index, and how many archives were written or deleted for it."""

    archives: int
    members: int
    problems: int
    added: int
    removed: int


@dataclass
class PartitionOutcome:
    """What became of the DICOMs of one partition, as the records beside them say; the first unmatched are named."""

    dicoms: int = 0
    size_bytes: int = 0
    through_pydicom: int = 0
    unmatched: Counter[Reason] = field(default_factory=Counter)
    unmatched_shown: list[Unmatched] = field(default_factory=list)

    def add(self, record: BatchRecord) -> None:
        """Count a batch."""
        self.dicoms += len(record.written)
        self.size_bytes += sum(row.size_bytes for row in record.written)
        self.through_pydicom += sum(row.through_pydicom for row in record.written)
        self.unmatched.update(row.reason for row in record.unmatched)
        self.unmatched_shown += record.unmatched[: UNMATCHED_SHOWN - len(self.unmatched_shown)]


def load_index(database: Database, index: ArchiveIndex, *, on_wait: Waiting = no_waiting) -> LoadedIndex:
    """Bring ``archives``, ``archive_members`` and ``archive_problems`` to what an index holds.

    Only archives that are new, replaced or gone are written. Memory does not grow with the members. Readers see the
    tables as they were until all of it is there.

    Args:
        database: holds the tables.
        index: what to load.
        on_wait: called when another run loads them, which this one then waits for.

    Raises:
        DatabaseError: the tables can't be made.
        StoreError: the index can't be read, or an update has changed it meanwhile; load it again.
    """
    with exclusive(database, "tables of archives", on_wait=on_wait), database.tables("archives") as connection:
        removed = _compare_archives(connection, index)
        fresh = [number for (number,) in connection.execute("select archive_id from fresh")]
        connection.execute("insert into doubleread.archives select * from fresh")
        if fresh:
            copy_batches(
                connection,
                "archive_members",
                _MEMBERS,
                map(_with_partitions, index.entries_of_archives(fresh)),
            )
            copy_rows(connection, "archive_problems", _PROBLEMS, _problems(connection, index))
        if fresh or removed:
            connection.execute("analyze doubleread.archives, doubleread.archive_members, doubleread.archive_problems")
        counts = connection.execute("select count(*), sum(members), sum(problems) from doubleread.archives").fetchone()
    archives, members, problems = (int(count or 0) for count in counts or (0, 0, 0))
    return LoadedIndex(archives, members, problems, len(fresh), removed)


def pairs_to_make(database: Database, partitions: Collection[str]) -> dict[str, int]:
    """How many UIDs with header and pixels the models find in each of some partitions.

    Raises:
        DatabaseError: the models are not built.
    """
    query = """
        select partition_key, count(*)
        from intermediate.int_archive_uids
        where partition_key = any(%s) and header_count > 0 and pixels_count > 0
        group by partition_key
    """
    with database.connect() as connection:
        try:
            found: dict[str, int] = dict(connection.execute(query, [list(partitions)]).fetchall())
        except psycopg.errors.UndefinedTable:
            raise DatabaseError(
                "the model int_archive_uids is not built; materialize archive_index and int_archive_uids first"
            ) from None
    return {key: found.get(key, 0) for key in partitions}


def load_outcomes(
    database: Database,
    output_url: str | Path,
    settings: Settings,
    partitions: Collection[str],
    *,
    on_wait: Waiting = no_waiting,
) -> dict[str, PartitionOutcome]:
    """Replace what ``reassembled_dicoms`` and ``reassembly_unmatched`` hold of some partitions by an output's records.

    The tables speak of one output: what they hold of another is deleted. Memory holds one batch. Readers see the
    tables as they were until all of it is there.

    Args:
        database: holds the tables.
        output_url: where the DICOMs and their records are.
        settings: name the account of an ``az://`` URL.
        partitions: two hexadecimal digits each.
        on_wait: called when another run loads them, which this one then waits for.

    Returns:
        The outcome of each partition.

    Raises:
        DatabaseError: the tables can't be made.
        StoreError: the records can't be read.
    """
    output = open_place(output_url, settings, create=True)
    outcomes = {key: PartitionOutcome() for key in partitions}
    with exclusive(database, "tables of DICOMs", on_wait=on_wait), database.tables("archives") as connection:
        _forget(connection, output.url, partitions)
        for key, record in _records(output, partitions):
            copy_rows(connection, "reassembled_dicoms", _DICOMS, (_dicom(key, row) for row in record.written))
            copy_rows(connection, "reassembly_unmatched", _UNMATCHED, (_member(key, row) for row in record.unmatched))
            outcomes[key].add(record)
        connection.cursor().executemany(
            "insert into doubleread.reassembled_partitions values (%s, %s, %s, %s, now())",
            [(key, output.url, found.dicoms, found.unmatched.total()) for key, found in outcomes.items()],
        )
        connection.execute("analyze doubleread.reassembled_dicoms, doubleread.reassembly_unmatched")
    return outcomes


def left_failed(database: Database) -> tuple[dict[str, int], list[str]]:
    """How many DICOMs a store or the output refused, by reason, and the partitions in which they are."""
    query = """
        select reason, count(*), array_agg(distinct partition_key)
        from doubleread.reassembly_unmatched
        where reason = any(%s)
        group by reason
    """
    with database.tables("archives") as connection:
        rows = connection.execute(query, [[str(reason) for reason in sorted(RETRYABLE)]]).fetchall()
    return {reason: count for reason, count, _ in rows}, sorted({key for _, _, keys in rows for key in keys})


def _compare_archives(connection: psycopg.Connection, index: ArchiveIndex) -> int:
    """Delete the archives that the index does not hold, and leave those that the tables lack in ``fresh``."""
    connection.execute("create temporary table listed (like doubleread.archives) on commit drop")
    copy_rows(connection, "pg_temp.listed", _ARCHIVES, _archives(index))
    # Ids of an index are never used again, but those of one that was made anew are: whole rows are compared.
    connection.execute(
        "create temporary table gone on commit drop as select * from doubleread.archives except select * from listed"
    )
    connection.execute(
        "create temporary table fresh on commit drop as select * from listed except select * from doubleread.archives"
    )
    removed = connection.execute("select archive_id from gone").rowcount
    connection.execute("analyze gone")
    for table in ("archives", "archive_members", "archive_problems"):
        connection.execute(
            sql.SQL("delete from {} as known using gone where known.archive_id = gone.archive_id").format(
                sql.Identifier("doubleread", table)
            )
        )
    return removed


def _archives(index: ArchiveIndex) -> Iterator[Sequence[object]]:
    for batch in index.archives().select(_ARCHIVES).to_batches(max_chunksize=10_000):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _with_partitions(batch: pa.RecordBatch) -> pa.RecordBatch:
    keys = [partition_of(uid_hash(uid)) for uid in batch["uid"].to_pylist()]
    return batch.select(["archive_id", "byte_offset", "size_bytes", "uid"]).append_column(
        "partition_key", pa.array(keys)
    )


def _problems(connection: psycopg.Connection, index: ArchiveIndex) -> Iterator[Sequence[object]]:
    """The problems of archives in ``fresh``."""
    rows = connection.execute("select store_url, kind, archive, archive_id from fresh where problems > 0").fetchall()
    fresh = {(store_url, kind, archive): archive_id for store_url, kind, archive, archive_id in rows}
    return (
        (fresh[problem.store_url, problem.kind, problem.archive], problem.member, problem.byte_offset, problem.reason)
        for problem in index.problems()
        if (problem.store_url, problem.kind, problem.archive) in fresh
    )


def _forget(connection: psycopg.Connection, output: str, partitions: Collection[str]) -> None:
    keys = list(partitions)
    gone = connection.execute(
        "delete from doubleread.reassembled_partitions where output <> %s or partition_key = any(%s) "
        "returning partition_key",
        [output, keys],
    )
    keys += [key for (key,) in gone]
    for table in ("reassembled_dicoms", "reassembly_unmatched"):
        connection.execute(
            sql.SQL("delete from {} where partition_key = any(%s)").format(sql.Identifier("doubleread", table)), [keys]
        )


def _records(output: Place, partitions: Collection[str]) -> Iterator[tuple[str, BatchRecord]]:
    """The records of some partitions, and what has no partner in them."""
    names = {RecordName.parse(version.path) for folder in (INDEX, UNMATCHED) for version in output.list(folder)}
    for name in sorted((name for name in names if name and name.scope in partitions), key=str):
        record = read_record(output, str(name)) or BatchRecord([], read_unmatched(output, str(name)))
        yield name.scope, record


def _dicom(key: str, row: Written) -> Sequence[object]:
    return key, row.uid, row.object, row.byte_offset, row.size_bytes, row.transfer_syntax, row.through_pydicom


def _member(key: str, row: Unmatched) -> Sequence[object]:
    return key, row.uid, row.kind, row.store_url, row.archive, row.byte_offset, str(row.reason), row.detail
