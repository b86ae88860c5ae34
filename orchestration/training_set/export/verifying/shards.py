"""WebDataset's shards, their index and the list of wids against the tables, member by member."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import Field

from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import (
    INDEX,
    INDEX_SCHEMA,
    SHARDS,
    TAR_BLOCK,
    TAR_RECORD,
    WEBDATASET,
    member_header,
    sample_key,
)
from orchestration.training_set.export.verifying.agreement import Row, compare_scans, scan_name
from orchestration.training_set.export.verifying.files import CHANGED, FileToCheck
from orchestration.training_set.export.verifying.imagefolder import Described, described_scan
from orchestration.training_set.export.verifying.material import Form, FormError, Material, parsed, read_rows
from orchestration.training_set.export.verifying.problems import Kind, Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables
from orchestration.training_set.export.verifying.tree import Reader, UnreadableError

_SHARD = re.compile(rf"{WEBDATASET}/(?P<side>[a-z]+)-[0-9]{{5}}-of-(?P<count>[0-9]{{5}})\.tar")
SAMPLE_BYTES = 64 << 20  # of the description of one scan


class _Shard(Form):
    url: str
    nsamples: int


class _Wids(Form):
    kind: str = Field(alias="__kind__")
    wids_version: int
    shardlist: list[_Shard]


class _Sample(Described):
    key: str = Field(alias="__key__")


def check_index(material: Material) -> Iterator[Problem]:
    """Compare the manifest's list of shards, the one of wids and the index with the tables and with one another."""
    shards = material.generation.shards
    if not shards and not material.locations:
        return
    tables = read_tables(material)
    wids = material.json(SHARDS, _Wids)
    named = [(f"{WEBDATASET}/{shard.url}", shard.nsamples) for shard in wids.shardlist]
    if named != [(shard.path, shard.samples) for shard in shards]:
        yield problem("disagreement", SHARDS, "its shards and numbers of samples are not those of the manifest")
    rows = material.rows(INDEX, INDEX_SCHEMA)
    paths = {shard.path for shard in shards}
    counts: dict[str, int] = {side: _count(side, paths) for side in SIDES}
    expected = {
        (row["scan_id"], ending): _members_of(row, _shard_of(row, counts, paths), ending)
        for row in tables.scans.values()
        for ending in ("json", "png")
    }
    seen = [((row["scan_id"], row["member"].rpartition(".")[2]), row) for row in rows]
    for key, row in seen:
        if key not in expected:
            yield problem("disagreement", INDEX, f"{scan_name(row['scan_id'])}: no scan has such a member")
    there = {key for key, _ in seen}
    for key in expected:
        if key not in there:
            yield problem("disagreement", INDEX, f"{scan_name(key[0])} has no {key[1]} in it")
    for key, row in seen:
        differing = [name for name, value in expected.get(key, {}).items() if row[name] != value]
        if differing:
            kind: Kind = "side" if "shard" in differing else "disagreement"
            what = f"{scan_name(row['scan_id'])}: {' and '.join(differing)} do not follow from the tables"
            yield problem(kind, INDEX, what)
    if len(there) != len(seen):
        yield problem("duplicate", INDEX, "a member is in it twice")
    yield from _counts(material, rows)


def _count(side: str, paths: Collection[str]) -> int:
    """Among how many shards the scans of a side are shared out, as the shards' names say."""
    found = (_SHARD.fullmatch(path) for path in paths)
    return next((int(match["count"]) for match in found if match and match["side"] == side), 0)


def _shard_of(scan: Row, counts: Mapping[str, int], paths: Collection[str]) -> str | None:
    """The shard that a scan belongs to: of its side, by its number among the shards of that side."""
    count = counts.get(scan["side"], 0)
    path = f"{WEBDATASET}/{scan['side']}-{scan['image_id'] % count:05d}-of-{count:05d}.tar" if count else None
    return path if path in paths else None


def _members_of(scan: Row, shard: str | None, ending: str) -> dict[str, Any]:
    key = sample_key(scan["image_id"])
    row = {"key": key, "shard": shard, "member": f"{key}.{ending}"}
    return row | ({"size_bytes": scan["size_bytes"]} if ending == "png" else {})


def _counts(material: Material, rows: Sequence[Row]) -> Iterator[Problem]:
    """Compare the numbers of samples with the index, and the shards' sides with the scans'."""
    members = Counter(row["shard"] for row in rows)
    for shard in material.generation.shards:
        if 2 * shard.samples != members[shard.path]:
            yield problem("count", shard.path, f"the manifest's number of samples is not that of {INDEX}")
    of_shards = {path.path.removeprefix(f"{WEBDATASET}/").split("-")[0] for path in material.generation.shards}
    for side in sorted({row["side"] for row in read_tables(material).scans.values()} - of_shards):
        yield problem("missing", f"{WEBDATASET}/{side}-*.tar", "the manifest lists no shard of this side")


@lru_cache(maxsize=1)  # a worker reads many shards of one index
def _rows_by_shard(reader: Reader, location: str, generation_id: str) -> Mapping[str, Sequence[Row]]:  # noqa: ARG001
    rows: dict[str, list[Row]] = {}
    for row in read_rows(reader, INDEX, location, INDEX_SCHEMA):
        rows.setdefault(row["shard"], []).append(row)
    return rows


@dataclass(frozen=True)
class ShardTask:
    """A shard for one worker: read once, for its SHA-256 and for its members. ``material`` has index and tables."""

    material: Material
    file: FileToCheck
    compared: bool


def check_shard(task: ShardTask) -> list[Problem]:
    """Compare a shard's SHA-256, then each header, sample and padding with what index and tables say."""
    path = task.file.path
    try:
        if not task.compared:
            digest = hashlib.sha256()
            for piece in task.material.reader.pieces(task.file.location):
                digest.update(piece)
            return [] if digest.hexdigest() == task.file.sha256 else [problem("changed", path, CHANGED)]
        stream = _Stream(task.material.reader.pieces(task.file.location))
        found = list(_walk(task, stream))
        stream.finish()
    except UnreadableError as error:
        return [problem("unreadable", path, f"it {error}")]
    except FormError as error:
        return [problem(error.kind, error.path, str(error))]
    return [problem("changed", path, CHANGED)] if stream.digest.hexdigest() != task.file.sha256 else found


class _Stream:
    """The bytes of a file, from its beginning, with their SHA-256."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.digest = hashlib.sha256()
        self.position = 0

    def take(self, count: int) -> Iterator[memoryview]:
        """The next bytes, fewer only where the file ends."""
        while count > 0:
            if not self._rest:
                piece = next(self._pieces, b"")
                if not piece:
                    return
                self.digest.update(piece)
                self._rest = memoryview(piece)
            taken, self._rest = self._rest[:count], self._rest[count:]
            self.position += len(taken)
            count -= len(taken)
            yield taken

    def finish(self) -> None:
        """Read what is left."""
        for piece in self._pieces:
            self.digest.update(piece)
            self.position += len(piece)
        self.position += len(self._rest)


def _walk(task: ShardTask, stream: _Stream) -> Iterator[Problem]:
    """The members of the index in their order, which is that of the shard; nothing may lie between or behind them."""
    tables, path = read_tables(task.material), task.file.path
    material = task.material
    rows = _rows_by_shard(material.reader, material.locations[INDEX], material.generation.id).get(path, [])
    fingerprint = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row["byte_offset"]):
        name, scan = scan_name(row["scan_id"]), tables.scans.get(row["scan_id"], {})
        size = row["size_bytes"]
        if not 0 <= size <= task.file.size_bytes or len(row["member"]) > TAR_NAME:
            yield problem("disagreement", INDEX, f"{name}: a member can't be as long as it says")
            return
        header = b"".join(stream.take(TAR_BLOCK))
        if stream.position != row["byte_offset"] or header != member_header(row["member"], size):
            yield problem("shard", path, f"{name}: no member begins where the index says")
            return
        digest, content = _content(stream, size, keep=row["member"].endswith(".json"))
        padding = b"".join(stream.take(-size % TAR_BLOCK))
        if any(padding):
            yield problem("shard", path, f"{name}: something lies behind a member")
        fingerprint.update(f"{row['member']} {digest}\n".encode())
        if row["member"].endswith(".json"):
            expected = described_scan(tables, scan, material.generation.labels) if scan else None
            yield from _differences(path, content, row, expected)
        elif digest != scan.get("sha256"):
            yield problem("disagreement", path, f"{name}: its image is not that of {row['member']}'s scan")
    rest = b"".join(stream.take(2 * TAR_BLOCK + TAR_RECORD))
    if any(rest) or stream.position != task.file.size_bytes:
        yield problem("shard", path, "something lies behind its last member")
    if fingerprint.hexdigest() not in {shard.fingerprint for shard in material.generation.shards if shard.path == path}:
        yield problem("disagreement", path, "its fingerprint in the manifest does not follow from its members")


TAR_NAME = 100  # bytes of a name in a header (ustar)


def _content(stream: _Stream, size: int, *, keep: bool) -> tuple[str, bytes]:
    digest, kept = hashlib.sha256(), bytearray()
    for piece in stream.take(size):
        digest.update(piece)
        if keep and len(kept) <= SAMPLE_BYTES:  # a longer one is cut, and so is no JSON
            kept += piece
    return digest.hexdigest(), bytes(kept)


def _differences(path: str, content: bytes, row: Row, expected: Row | None) -> Iterator[Problem]:
    sample = parsed(path, content, _Sample)
    if (sample.key, sample.scan_id) != (row["key"], row["scan_id"]):
        yield problem("shard", path, f"{scan_name(row['scan_id'])}: a sample is another scan's")
        return
    of_scan = {row["scan_id"]: expected} if expected else {}
    yield from compare_scans(path, of_scan, [(row["scan_id"], sample.row())])
