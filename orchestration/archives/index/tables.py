"""The four tables of an index.

``members`` is what look-ups and joins read, ``places`` the same rows as they lie in the archives. A row counts only
while its archive does: ids belong to one version of one archive and are never used again.
"""

from dataclasses import dataclass

import pyarrow as pa


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
    _schema(uid=pa.string(), kind=pa.string(), archive_id=pa.int64(), offset=pa.int64(), size=pa.int64()),
    key=("uid", "archive_id", "offset"),
    group_rows=8192,
    dictionaries=("kind",),
)
PLACES = TableForm(
    "places",
    _schema(archive_id=pa.int64(), offset=pa.int64(), size=pa.int64(), uid=pa.string()),
    key=("archive_id", "offset"),
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
        size=pa.int64(),
        members=pa.int64(),
        problems=pa.int64(),
    ),
    key=("archive_id",),
    group_rows=256,
    dictionaries=("store_url", "kind"),
)
PROBLEMS = TableForm(
    "problems",
    _schema(archive_id=pa.int64(), member=pa.string(), offset=pa.int64(), reason=pa.string()),
    key=("archive_id", "offset"),
    group_rows=8192,
    dictionaries=("reason",),
)
TABLES = (MEMBERS, PLACES, ARCHIVES, PROBLEMS)


def sort(table: pa.Table, form: TableForm) -> pa.Table:
    """The rows in the order of the table's key."""
    first, *rest = form.key
    ordered = table.sort_by(first).combine_chunks()
    keys = ordered[first]
    # One key sorts three times as fast as several, and those of UIDs are hardly ever equal.
    if rest and len(keys) > 1 and pa.compute.any(pa.compute.equal(keys[1:], keys[:-1])).as_py():
        ordered = table.sort_by([(name, "ascending") for name in form.key]).combine_chunks()
    return ordered
