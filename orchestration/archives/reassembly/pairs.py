"""The pairs of a batch, as they travel to a worker: columns, and the archives that they name."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.index import Location
from orchestration.archives.reassembly.members import Pair

PLACE_FIELDS = [pa.field(name, pa.int64(), nullable=False) for name in ("archive", "byte_offset", "size_bytes")]

PAIRS = pa.schema(
    [
        pa.field("uid", pa.string(), nullable=False),
        *(pa.field(f"header_{place.name}", pa.int64(), nullable=False) for place in PLACE_FIELDS),
        *(pa.field(f"pixels_{place.name}", pa.int64(), nullable=False) for place in PLACE_FIELDS),
        pa.field("others", pa.list_(pa.struct(PLACE_FIELDS))),
    ]
)
"""One row per UID. An archive is a number, its row in the table of archives; ``others`` are further members."""

_NUMBERS = [name for name in PAIRS.names if name not in {"uid", "others"}]


@dataclass(frozen=True)
class Pairs:
    """Pairs, one row of ``table`` for each, and the ``archives`` whose rows its numbers name."""

    table: pa.Table
    archives: pa.Table

    @classmethod
    def of(cls, table: pa.Table, archives: pa.Table) -> Self:
        """The pairs of a table with numbers of ``archives``, with just the archives that they need, in order."""
        others = table["others"].combine_chunks().flatten()
        named = [table[name].to_numpy() for name in ("header_archive", "pixels_archive")]
        used = np.unique(np.concatenate([*named, others.field("archive").to_numpy()]))
        rows = archives.select(["store_url", "archive", "version", "kind"]).take(used)
        order = pc.sort_indices(rows, [(name, "ascending") for name in rows.column_names]).to_numpy()
        place = np.empty(len(used), np.int64)
        place[order] = np.arange(len(used))

        def renumbered(numbers: pa.Array) -> pa.Array:
            return pa.array(place[np.searchsorted(used, numbers.to_numpy())])

        for name in ("header_archive", "pixels_archive"):
            column = table.schema.get_field_index(name)
            table = table.set_column(column, PAIRS.field(name), renumbered(table[name]))
        fields = [renumbered(others.field("archive")), others.field("byte_offset"), others.field("size_bytes")]
        offsets = table["others"].combine_chunks().offsets
        lists = pa.ListArray.from_arrays(
            pc.subtract(offsets, offsets[0]), pa.StructArray.from_arrays(fields, fields=PLACE_FIELDS)
        )
        table = table.set_column(table.schema.get_field_index("others"), PAIRS.field("others"), lists)
        return cls(table.combine_chunks(), rows.take(order).combine_chunks())

    def __len__(self) -> int:
        return len(self.table)

    def __iter__(self) -> Iterator[Pair]:
        """Each pair, in the order of its pixels."""
        archives = list(zip(*(self.archives[name].to_pylist() for name in self.archives.column_names), strict=True))
        table = self.table.sort_by([("pixels_archive", "ascending"), ("pixels_byte_offset", "ascending")])
        uids, *numbers = (table[name].to_pylist() for name in ("uid", *_NUMBERS))
        for uid, header, offset, size, pixels, start, length, others in zip(
            uids, *numbers, table["others"].to_pylist(), strict=True
        ):
            headers = [_location(archives[header], offset, size)]
            images = [_location(archives[pixels], start, length)]
            for other in others:
                of = archives[other["archive"]]
                kind = headers if of[3] == "text" else images
                kind.append(_location(of, other["byte_offset"], other["size_bytes"]))
            yield Pair(uid, tuple(headers), tuple(images))

    def fingerprint(self) -> bytes:
        """A digest that changes when a pair does, or the version of an archive."""
        digest = hashlib.sha256("\n".join(self.table["uid"].to_pylist()).encode())
        for name in _NUMBERS:
            digest.update(self.table[name].to_numpy().astype("<i8").tobytes())
        digest.update(orjson.dumps([others for others in self.table["others"].to_pylist() if others]))
        digest.update(orjson.dumps(self.archives.to_pylist()))
        return digest.digest()


def _location(archive: tuple[str, str, str, str], byte_offset: int, size_bytes: int) -> Location:
    store_url, name, version, _ = archive
    return Location(store_url, name, version, byte_offset, size_bytes)
