"""What was made of a batch, kept in the output beside the DICOMs: ``index/<batch>.parquet`` and ``unmatched/``.

The record of a batch is put when all of its objects are there, so its presence says that the batch is done. It is a
claim: the objects are looked at before it is relied on.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.archives.reassembly.members import Reason, Unmatched
from orchestration.stores import MissingObjectError, Place
from orchestration.stores.parquet import read_table

INDEX = "index"
UNMATCHED = "unmatched"
RETRYABLE = frozenset({Reason.NOT_READ, Reason.NOT_WRITTEN})

_WRITTEN_SCHEMA = pa.schema(
    {
        "uid": pa.string(),
        "object": pa.string(),
        "byte_offset": pa.int64(),
        "size_bytes": pa.int64(),
        "object_size_bytes": pa.int64(),
        "object_version": pa.string(),
        "transfer_syntax": pa.string(),
        "through_pydicom": pa.bool_(),
        "character_set_changed": pa.bool_(),
    }
)
_UNMATCHED_SCHEMA = pa.schema(
    {
        "uid": pa.string(),
        "kind": pa.string(),
        "store_url": pa.string(),
        "archive": pa.string(),
        "byte_offset": pa.int64(),
        "reason": pa.string(),
        "detail": pa.string(),
    }
)


@dataclass(slots=True)
class Written:
    """A DICOM and where its bytes are: ``size_bytes`` from ``byte_offset`` on in an object, a file or a shard.

    ``through_pydicom`` and ``character_set_changed`` are said in :class:`~orchestration.dicom.encoding.Assembled`.
    """

    uid: str
    object: str
    byte_offset: int
    size_bytes: int
    object_size_bytes: int
    object_version: str
    transfer_syntax: str
    through_pydicom: bool
    character_set_changed: bool


@dataclass(frozen=True)
class BatchRecord:
    """What became of one batch."""

    written: list[Written]
    unmatched: list[Unmatched]

    @property
    def is_final(self) -> bool:
        """Whether running again would change nothing as long as the objects are there."""
        return not any(row.reason in RETRYABLE for row in self.unmatched)


@dataclass(frozen=True)
class RecordName:
    """The name of a batch and of its record: ``<index>-<scope>-<digest>``.

    ``index`` stands for the indexes that were joined, so that records of others stay; ``scope`` is a partition, or
    ``all``; ``digest`` changes with the pairs.
    """

    index: str
    scope: str
    digest: str

    @classmethod
    def parse(cls, path: str) -> "RecordName | None":
        """The name in the path of a record below an output; None where it has another form."""
        parts = path.rpartition("/")[2].removesuffix(".parquet").split("-", 2)
        return cls(*parts) if path.endswith(".parquet") and len(parts) == 3 else None

    def __str__(self) -> str:
        return f"{self.index}-{self.scope}-{self.digest}"


def read_record(output: Place, batch: str) -> BatchRecord | None:
    """The record of a batch; None where it is missing or can't be read.

    Raises:
        StoreError: the output does not answer.
    """
    try:
        data, _ = output.read(f"{INDEX}/{batch}.parquet")
        written = [Written(**row) for row in read_table(data).to_pylist()]
    except (MissingObjectError, pa.ArrowException, TypeError):
        return None
    return BatchRecord(written, read_unmatched(output, batch))


def write_record(output: Place, batch: str, record: BatchRecord) -> None:
    """Keep the record of a batch whose objects are all there.

    Raises:
        StoreError: it can't be put.
    """
    write_unmatched(output, batch, record.unmatched)
    rows = [{name: getattr(row, name) for name in _WRITTEN_SCHEMA.names} for row in record.written]
    output.put(f"{INDEX}/{batch}.parquet", [_parquet(rows, _WRITTEN_SCHEMA)])


def read_unmatched(output: Place, name: str) -> list[Unmatched]:
    """The members that are in no DICOM, as they were kept under ``name``.

    Raises:
        StoreError: the output does not answer.
    """
    try:
        data, _ = output.read(f"{UNMATCHED}/{name}.parquet")
    except MissingObjectError:
        return []
    rows = read_table(data).to_pylist()
    return [Unmatched(**{**row, "reason": Reason(row["reason"])}) for row in rows]


def write_unmatched(output: Place, name: str, rows: Iterable[Unmatched]) -> None:
    """Keep the members that are in no DICOM under ``name``; remove what was kept there where there are none.

    Raises:
        StoreError: it can't be put.
    """
    table = [asdict(row) for row in rows]
    if table:
        output.put(f"{UNMATCHED}/{name}.parquet", [_parquet(table, _UNMATCHED_SCHEMA)])
    else:
        output.remove(f"{UNMATCHED}/{name}.parquet")


def still_there(output: Place, record: BatchRecord) -> bool:
    """Whether every object of a record is what the record says.

    Raises:
        StoreError: the output does not answer.
    """
    objects = {row.object: (row.object_size_bytes, row.object_version) for row in record.written}
    found = ((output.find(name), known) for name, known in objects.items())
    return all(version and (version.size_bytes, version.etag) == known for version, known in found)


def _parquet(rows: list[dict[str, object]], schema: pa.Schema) -> bytes:
    file = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    return file.getvalue()
