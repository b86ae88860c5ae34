"""``webdataset/``: tar shards for streaming, with an index of where each sample lies in them.

https://github.com/webdataset/webdataset. A sample is two members, ``<key>.png`` and ``<key>.json``. Which shard a scan
goes to follows from its key, so that a new scan changes one shard and leaves the others as they are. A shard has no
time, owner or order of its own in it: the same samples give the same bytes, and offsets are known before it is written.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.stores import Place
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.generation import SIDES, GenerationFile, Shard
from orchestration.training_set.export.imagefolder import described
from orchestration.training_set.export.layout import (
    INDEX,
    INDEX_SCHEMA,
    SHARDS,
    TAR_BLOCK,
    TAR_RECORD,
    WEBDATASET,
    member_header,
)
from orchestration.training_set.export.objects import object_path

SHARD_BYTES = 128 << 20  # aimed at, some 15 to 60 samples of 2 to 8 MB; one is in memory, in a store twice


@dataclass(frozen=True)
class Member:
    """A file of a shard: where its content begins in it, and the content, or the object that holds it."""

    name: str
    byte_offset: int
    size_bytes: int
    sha256: str
    content: bytes | None
    object: str


@dataclass(frozen=True)
class PlannedShard:
    """A shard that need not have been written yet."""

    path: str
    scans: Sequence[ExportedScan]
    members: Sequence[Member]

    @property
    def fingerprint(self) -> str:
        """What changes when the shard's bytes do."""
        named = "".join(f"{member.name} {member.sha256}\n" for member in self.members)
        return hashlib.sha256(named.encode()).hexdigest()


def plan_shards(scans: Sequence[ExportedScan], shard_bytes: int = SHARD_BYTES) -> list[PlannedShard]:
    """Share the scans of each side out among a power of two of shards, by their keys; none is empty."""
    shards = []
    for side in SIDES:
        of_side = [scan for scan in scans if scan.side == side]
        count = 1
        while count * shard_bytes < sum(scan.clean.size_bytes for scan in of_side):
            count *= 2
        for number in range(count):
            chosen = sorted((scan for scan in of_side if scan.number % count == number), key=lambda scan: scan.key)
            if chosen:
                path = f"{WEBDATASET}/{side}-{number:05d}-of-{count:05d}.tar"
                shards.append(PlannedShard(path, chosen, list(_members(chosen))))
    return shards


def _members(scans: Sequence[ExportedScan]) -> Iterator[Member]:
    offset = 0
    for scan in scans:
        sample = orjson.dumps({"__key__": scan.key, **described(scan)})
        digest = hashlib.sha256(sample).hexdigest()
        for name, size, sha256, content in (
            (f"{scan.key}.json", len(sample), digest, sample),
            (f"{scan.key}.png", scan.clean.size_bytes, scan.clean.sha256, None),
        ):
            yield Member(name, offset + TAR_BLOCK, size, sha256, content, scan.clean.object)
            offset += TAR_BLOCK + -(-size // TAR_BLOCK) * TAR_BLOCK


def make_shard(shard: PlannedShard, destination: Place) -> GenerationFile:
    """Write a shard and put it as an object; images come from their objects.

    Raises:
        StoreError: an image can't be read, or the shard not be put.
    """
    parts: list[bytes] = []
    sha256, size = hashlib.sha256(), 0
    for member in shard.members:
        content = member.content if member.content is not None else destination.read(member.object)[0]
        parts += [member_header(member.name, len(content)), content, bytes(-len(content) % TAR_BLOCK)]
    end = 2 * TAR_BLOCK
    written = sum(map(len, parts)) + end
    parts.append(bytes(end + -written % TAR_RECORD))
    for part in parts:
        sha256.update(part)
        size += len(part)
    digest = sha256.hexdigest()
    path = object_path(digest, shard.path)
    if destination.find(path) is None:
        destination.put(path, parts)
    return GenerationFile(path=shard.path, size_bytes=size, sha256=digest, object=path)


def write_index(folder: Path, shards: Sequence[PlannedShard]) -> None:
    """Write where each member's content lies, so that one image can be read by a range."""
    (folder / WEBDATASET).mkdir(parents=True)
    rows = [
        {
            "key": scan.key,
            "scan_id": scan.scan_id,
            "shard": shard.path,
            "member": member.name,
            "byte_offset": member.byte_offset,
            "size_bytes": member.size_bytes,
        }
        for shard in shards
        for scan, member in zip((scan for scan in shard.scans for _ in range(2)), shard.members, strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows, INDEX_SCHEMA), folder / INDEX, compression="zstd")
    listed = [{"url": shard.path.rpartition("/")[2], "nsamples": len(shard.scans)} for shard in shards]
    index = {"__kind__": "wids-shard-index-v1", "wids_version": 1, "shardlist": listed}
    (folder / SHARDS).write_bytes(orjson.dumps(index, option=orjson.OPT_INDENT_2))


def as_shard(shard: PlannedShard) -> Shard:
    """The shard as the manifest lists it."""
    return Shard(path=shard.path, samples=len(shard.scans), fingerprint=shard.fingerprint)
