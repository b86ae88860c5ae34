"""From the index to batches: headers joined with pixels by UID, grouped by the image archives that hold the pixels.

Only rows of the index move, sorted by UID as they are; pairs are written to a spool of one file per batch, so that
memory does not grow with the members.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from orchestration.archives.index import ArchiveIndex, Kind, Location
from orchestration.archives.reassembly.members import Pair, Unmatched, without_partner

PARTITIONS = tuple(f"{number:02x}" for number in range(256))
BATCH_BYTES = 1 << 30  # of image archives: seconds of work, lost when a worker is
BATCH_MEMBERS = 20_000  # their places take some 10 MB
SPOOLED_AT_ONCE = 100_000  # pairs held before they are written to the spool
ASSEMBLY_VERSION = 1  # raised with every change of the bytes of a DICOM: all are then made again

Row = tuple[str, str, int, int, int]  # uid, kind, archive id, offset, size
Place = tuple[int, int, int]  # archive id, offset, size


def partition_of(archive: str) -> str:
    """The partition of an image archive, by its name alone, so that it stays where others come and go."""
    return PARTITIONS[zlib.crc32(archive.encode()) % len(PARTITIONS)]


def partition_of_batch(name: str) -> str:
    """The partition with which the name of a batch begins."""
    return name.partition("-")[0]


@dataclass(frozen=True)
class _Slice:
    """Where the members of an image archive go: to batch ``first + offset // width``."""

    first: int
    width: int


class Join:
    """Headers and pixels of an index, joined.

    Args:
        index: of the archives.
        spool: an empty folder for pairs.
        partitions: those whose image archives are wanted; with all of them, what has no image counts as well.
        unmatched: is told of each member that has no partner.
    """

    def __init__(
        self,
        index: ArchiveIndex,
        spool: Path,
        partitions: Container[str] | None,
        unmatched: Callable[[Unmatched], None],
    ) -> None:
        self._index = index
        self._spool = spool
        self._unmatched = unmatched
        self._everything = partitions is None
        archives = index.archives().to_pylist()
        self._archives = {row["archive_id"]: (row["store_url"], row["archive"], row["version"]) for row in archives}
        self._partitions: list[str] = []
        self._slices = self._slice([row for row in archives if row["kind"] == "image"], partitions)
        self._pairs: dict[int, list[Any]] = defaultdict(list)

    def run(self) -> int:
        """Spool all pairs and tell of the rest; how many pairs there are."""
        pairs = unsaved = 0
        for uid, rows in groupby(self._rows(), key=itemgetter(0)):
            headers: list[Place] = []
            pixels: list[Place] = []
            for _, kind, archive, offset, size in rows:
                (headers if kind == "text" else pixels).append((archive, offset, size))
            if not headers or not pixels:
                self._tell(uid, "text" if headers else "image", headers or pixels)
            elif (batch := self._batch_of(pixels[0])) is not None:
                self._pairs[batch].append((uid, headers, pixels))
                pairs, unsaved = pairs + 1, unsaved + 1
            if unsaved == SPOOLED_AT_ONCE:
                self._save()
                unsaved = 0
        self._save()
        return pairs

    def batches(self, *, salt: str) -> Iterator[tuple[str, list[Pair]]]:
        """Each batch that has pairs: a name that changes when they or ``salt`` do, and the pairs by UID."""
        for number, partition in enumerate(self._partitions):
            file = self._file(number)
            if file.exists():
                lines = file.read_bytes().splitlines()
                pairs = [self._pair(row) for line in lines for row in orjson.loads(line)]
                digest = hashlib.sha256(f"{ASSEMBLY_VERSION} {salt}".encode())
                for pair in pairs:
                    digest.update(orjson.dumps(pair, default=list))  # named tuples are none to orjson
                yield f"{partition}-{digest.hexdigest()[:24]}", pairs

    def _rows(self) -> Iterator[Row]:
        for batch in self._index.entries():
            columns = (batch[name].to_pylist() for name in ("uid", "kind", "archive_id", "offset", "size"))
            yield from zip(*columns, strict=True)

    def _tell(self, uid: str, kind: Kind, places: list[Place]) -> None:
        for archive_id, offset, _ in places:
            if self._everything or archive_id in self._slices:
                store, archive, _ = self._archives[archive_id]
                self._unmatched(without_partner(uid, kind, store, archive, offset))

    def _slice(self, archives: list[dict[str, Any]], partitions: Container[str] | None) -> dict[int, _Slice]:
        """Group archives of a partition until a batch is full, and cut those that are too large for one."""
        slices = {}
        by_partition = sorted(
            archives, key=lambda row: (partition_of(row["archive"]), row["store_url"], row["archive"])
        )
        for partition, rows in groupby(by_partition, key=lambda row: partition_of(row["archive"])):
            if partitions is not None and partition not in partitions:
                continue
            members = size = 0
            for row in rows:
                parts = max(-(-row["size"] // BATCH_BYTES), -(-row["members"] // BATCH_MEMBERS), 1)
                members, size = members + row["members"], size + row["size"]
                if parts > 1 or members > BATCH_MEMBERS or size > BATCH_BYTES or members == row["members"]:
                    self._partitions += [partition] * parts
                    members, size = row["members"], row["size"]
                slices[row["archive_id"]] = _Slice(len(self._partitions) - parts, row["size"] // parts + 1)
        return slices

    def _batch_of(self, place: Place) -> int | None:
        archive_id, offset, _ = place
        found = self._slices.get(archive_id)
        return found.first + offset // found.width if found else None

    def _save(self) -> None:
        for batch, pairs in self._pairs.items():
            with self._file(batch).open("ab") as file:
                file.write(orjson.dumps(pairs) + b"\n")
        self._pairs.clear()

    def _file(self, batch: int) -> Path:
        return self._spool / f"{batch}.jsonl"

    def _pair(self, row: list[Any]) -> Pair:
        uid, headers, pixels = row
        return Pair(uid, self._locations(headers), self._locations(pixels))

    def _locations(self, places: list[list[int]]) -> tuple[Location, ...]:
        return tuple(Location(*self._archives[archive], offset, size) for archive, offset, size in places)
