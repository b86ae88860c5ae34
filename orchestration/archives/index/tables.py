"""The four tables of an index.

``members`` is what look-ups and joins read, in the order of the hashes of UIDs, so that headers and pixels of one UID
lie together and a part of all UIDs lies in one piece; ``places`` has the same rows as they lie in the archives. A row
counts only while its archive does: ids belong to one version of one archive and are never used again.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class TableForm:
    """How a table is kept: sorted by ``key``, in row groups of ``group_rows``; a look-up reads at least one."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    group_rows: int
    dictionaries: tuple[str, ...] = ()


def _schema(**types: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in types.items()])


MEMBERS = TableForm(
    "members",
    _schema(
        uid_hash=pa.int64(),
        uid=pa.string(),
        kind=pa.string(),
        archive_id=pa.int64(),
        byte_offset=pa.int64(),
        size_bytes=pa.int64(),
    ),
    key=("uid_hash", "uid", "archive_id", "byte_offset"),
    group_rows=8192,
    dictionaries=("kind",),
)
PLACES = TableForm(
    "places",
    _schema(archive_id=pa.int64(), byte_offset=pa.int64(), size_bytes=pa.int64(), uid=pa.string()),
    key=("archive_id", "byte_offset"),
    group_rows=8192,
)
ARCHIVES = TableForm(
    "archives",
    _schema(
        archive_id=pa.int64(),
        store_url=pa.string(),
        kind=pa.string(),
        archive=pa.string(),
        version=pa.string(),
        size_bytes=pa.int64(),
        members=pa.int64(),
        problems=pa.int64(),
    ),
    key=("archive_id",),
    group_rows=256,
    dictionaries=("store_url", "kind"),
)
PROBLEMS = TableForm(
    "problems",
    _schema(archive_id=pa.int64(), member=pa.string(), byte_offset=pa.int64(), reason=pa.string()),
    key=("archive_id", "byte_offset"),
    group_rows=8192,
    dictionaries=("reason",),
)
TABLES = (MEMBERS, PLACES, ARCHIVES, PROBLEMS)


def sort(table: pa.Table, form: TableForm) -> pa.Table:
    """The rows in the order of the table's key.

    One key of numbers sorts many times as fast as several with text among them: only rows whose first key is not
    theirs alone are sorted by the others, which of hashes are few.
    """
    first, *rest = form.key
    ordered = table.sort_by(first).combine_chunks()
    if not rest or len(ordered) < 2:
        return ordered
    keys = ordered[first].to_numpy()
    same = np.flatnonzero(keys[1:] == keys[:-1])
    if not len(same):
        return ordered
    shared = np.union1d(same, same + 1)
    order = pc.sort_indices(ordered.take(shared), [(name, "ascending") for name in form.key]).to_numpy()
    places = np.arange(len(ordered))
    places[shared] = shared[order]
    return ordered.take(places).combine_chunks()
