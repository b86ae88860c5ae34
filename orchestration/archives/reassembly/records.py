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
from orchestration.archives.reassembly.outputs import Output

INDEX = "index"
UNMATCHED = "unmatched"
RETRYABLE = frozenset({Reason.NOT_READ, Reason.NOT_WRITTEN})

_WRITTEN_SCHEMA = pa.schema(
    {
        "uid": pa.string(),
        "object": pa.string(),
        "offset": pa.int64(),
        "size": pa.int64(),
        "object_size": pa.int64(),
        "object_version": pa.string(),
        "transfer_syntax": pa.string(),
        "through_pydicom": pa.bool_(),
    }
)
_UNMATCHED_SCHEMA = pa.schema(
    {
        "uid": pa.string(),
        "kind": pa.string(),
        "store": pa.string(),
        "archive": pa.string(),
        "offset": pa.int64(),
        "reason": pa.string(),
        "detail": pa.string(),
    }
)


@dataclass(slots=True)
class Written:
    """A DICOM and where its bytes are: ``size`` from ``offset`` on in an object, which is a file or a shard."""

    uid: str
    object: str
    offset: int
    size: int
    object_size: int
    object_version: str
    transfer_syntax: str
    through_pydicom: bool


@dataclass(frozen=True)
class BatchRecord:
    """What became of one batch."""

    written: list[Written]
    unmatched: list[Unmatched]

    @property
    def is_final(self) -> bool:
        """Whether running again would change nothing as long as the objects are there."""
        return not any(row.reason in RETRYABLE for row in self.unmatched)


def read_record(output: Output, batch: str) -> BatchRecord | None:
    """The record of a batch, or None where there is none that can be read.

    Raises:
        StoreError: the output does not answer.
    """
    data = output.get(f"{INDEX}/{batch}.parquet")
    if data is None:
        return None
    try:
        written = [Written(**row) for row in pq.read_table(BytesIO(data)).to_pylist()]
    except (pa.ArrowException, TypeError):
        return None
    return BatchRecord(written, read_unmatched(output, batch))


def write_record(output: Output, batch: str, record: BatchRecord) -> None:
    """Keep the record of a batch whose objects are all there.

    Raises:
        StoreError: it can't be put.
    """
    write_unmatched(output, batch, record.unmatched)
    rows = [{name: getattr(row, name) for name in _WRITTEN_SCHEMA.names} for row in record.written]
    output.put(f"{INDEX}/{batch}.parquet", [_parquet(rows, _WRITTEN_SCHEMA)])


def read_unmatched(output: Output, name: str) -> list[Unmatched]:
    """What fitted nowhere, as it was kept under ``name``.

    Raises:
        StoreError: the output does not answer.
    """
    data = output.get(f"{UNMATCHED}/{name}.parquet")
    rows = pq.read_table(BytesIO(data)).to_pylist() if data else []
    return [Unmatched(**{**row, "reason": Reason(row["reason"])}) for row in rows]


def write_unmatched(output: Output, name: str, rows: Iterable[Unmatched]) -> None:
    """Keep what fitted nowhere under ``name``, or nothing where there is nothing.

    Raises:
        StoreError: it can't be put.
    """
    table = [asdict(row) for row in rows]
    if table:
        output.put(f"{UNMATCHED}/{name}.parquet", [_parquet(table, _UNMATCHED_SCHEMA)])
    else:
        output.remove(f"{UNMATCHED}/{name}.parquet")


def still_there(output: Output, record: BatchRecord) -> bool:
    """Whether every object of a record is what the record says.

    Raises:
        StoreError: the output does not answer.
    """
    objects = {row.object: (row.object_size, row.object_version) for row in record.written}
    return all(output.version(name) == known for name, known in objects.items())


def _parquet(rows: list[dict[str, object]], schema: pa.Schema) -> bytes:
    file = BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), file, compression="zstd")
    return file.getvalue()
