"""What a worker does: the DICOMs of one batch, whose pixels lie in the same few image archives."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from orchestration.archives.index import Kind, MemberReader
from orchestration.archives.reassembly.members import Pair, Reason, Unmatched
from orchestration.archives.reassembly.packing import ShardWriter
from orchestration.archives.reassembly.pairs import Pairs
from orchestration.archives.reassembly.records import BatchRecord, Written, read_record, still_there, write_record
from orchestration.dicom.encoding import (
    MAX_HEADER_BYTES,
    Assembled,
    HeaderError,
    PixelDataError,
    UndecodableError,
    assemble,
    parse_header,
)
from orchestration.settings import Settings, load_settings
from orchestration.stores import Place, StoreError, place_at

HEADERS_AT_ONCE = 64 << 20  # bytes of headers that are held while their pixels pass by


@dataclass(frozen=True)
class Batch:
    """A task. ``name`` changes when the pairs or their archives do.

    Without ``settings`` the worker takes its own. ``fresh`` tells that nothing was ever written to the output, so that
    nothing is looked for there. ``decode`` has every compressed frame decoded before it is written.
    """

    name: str
    pairs: Pairs
    output: str
    settings: Settings | None
    pack: bool = False
    fresh: bool = False
    decode: bool = False


@dataclass
class BatchResult:
    """What became of a batch. ``left_alone`` counts the DICOMs that were there and right."""

    written: int = 0
    left_alone: int = 0
    bytes_written: int = 0
    through_pydicom: int = 0
    character_sets_changed: int = 0
    unmatched: list[Unmatched] = field(default_factory=list)


def reassemble_batch(batch: Batch) -> BatchResult:
    """Make the DICOMs of a batch, then its record.

    A batch with a record whose objects are what it says is left alone. Of another, a file that is byte for byte what
    would be written is left alone.

    Raises:
        StoreError: a shard or the record can't be written.
        StoreUnavailableError: a store as a whole can't be used.
    """
    settings = batch.settings or load_settings()
    output = place_at(batch.output, settings)
    record = None if batch.fresh else read_record(output, batch.name)
    if record and record.is_final and still_there(output, record):
        return BatchResult(left_alone=len(record.written), unmatched=record.unmatched)
    work = _work(batch, output, MemberReader(settings, check=False))
    for pairs in _with_bounded_headers(batch.pairs):
        work.reassemble(pairs)
    write_record(output, batch.name, BatchRecord(work.finish(), work.result.unmatched))
    return work.result


def _work(batch: Batch, output: Place, reader: MemberReader) -> "Work":
    if batch.pack:
        return _PackedWork(batch.name, output, reader, decode=batch.decode)
    return Work(output, reader, fresh=batch.fresh, decode=batch.decode)


class Work:
    """DICOMs that become a file each: those that were made, and what was not.

    Args:
        output: where the files go.
        reader: of the members.
        fresh: see :class:`Batch`.
        decode: likewise.
    """

    def __init__(self, output: Place, reader: MemberReader, *, fresh: bool = False, decode: bool = False) -> None:
        self.result = BatchResult()
        self._output = output
        self._fresh = fresh
        self._decode = decode
        self._reader = reader
        self._done: list[Written] = []

    def reassemble(self, pairs: Sequence[Pair]) -> None:
        """Make the DICOMs of ``pairs``, which are in the order of their pixels."""
        pairs = [pair for pair in pairs if self._is_readable(pair)]
        # Copied, since each is a view of all that was read with it.
        headers = {
            number: header if isinstance(header, StoreError) else bytes(header)
            for number, header in self._reader.read_all([pair.headers[0] for pair in pairs])
        }
        for number, pixels in self._reader.read_all([pair.pixels[0] for pair in pairs]):
            pair, header = pairs[number], headers.pop(number)
            if isinstance(header, StoreError):
                self._fail(pair, "text", Reason.NOT_READ, str(header))
            elif isinstance(pixels, StoreError):
                self._fail(pair, "image", Reason.NOT_READ, str(pixels))
            elif self._is_sole(pair, "text", header) and self._is_sole(pair, "image", pixels):
                self._make(pair, header, pixels)
            del pixels

    def finish(self) -> list[Written]:
        """What was written, when all of it is there."""
        return self._done

    def _is_readable(self, pair: Pair) -> bool:
        if pair.headers[0].size_bytes <= MAX_HEADER_BYTES:
            return True
        detail = f"it has {pair.headers[0].size_bytes:,} bytes; at most {MAX_HEADER_BYTES:,} are read"
        self._fail(pair, "text", Reason.UNREADABLE_HEADER, detail)
        return False

    def _make(self, pair: Pair, header: bytes, pixels: memoryview) -> None:
        """Join one header with its pixels and write the DICOM, or note why there is none."""
        try:
            parsed = parse_header(header)
            if parsed.uid != pair.uid:
                self._fail(pair, "text", Reason.UID_MISMATCH, "the header's SOP Instance UID is not its file's name")
                return
            assembled = assemble(parsed, pixels, decode=self._decode)
        except HeaderError as error:
            self._fail(pair, "text", Reason.UNREADABLE_HEADER, str(error))
        except UndecodableError as error:
            self._fail(pair, "image", Reason.UNDECODABLE_PIXELS, str(error))
        except PixelDataError as error:
            self._fail(pair, "image", Reason.WRONG_PIXELS, str(error))
        else:
            self.result.through_pydicom += assembled.through_pydicom
            self.result.character_sets_changed += assembled.character_set_changed
            self._write(pair, assembled)

    def _write(self, pair: Pair, assembled: Assembled) -> None:
        """Put a DICOM as a file of its own, unless the same bytes lie there."""
        name = f"{pair.uid}.dcm"
        try:
            version = None if self._fresh else _version_of_the_same(self._output, name, assembled)
            if version is not None:
                self.result.left_alone += 1
            else:
                version = self._output.put(name, assembled.parts)
                self._count(assembled)
        except StoreError as error:
            self._fail(pair, "image", Reason.NOT_WRITTEN, str(error))
            return
        self._done.append(_written(pair, assembled, name, version))

    def _count(self, assembled: Assembled) -> None:
        self.result.written += 1
        self.result.bytes_written += assembled.size

    def _is_sole(self, pair: Pair, kind: Kind, first: bytes | memoryview) -> bool:
        """Whether all members of a kind are equal; notes those that are too many."""
        locations = pair.headers if kind == "text" else pair.pixels
        try:
            equal = all(self._reader.read(location) == first for location in locations[1:])
        except StoreError as error:
            self._fail(pair, kind, Reason.NOT_READ, str(error))
            return False
        reason = Reason.DUPLICATE_EQUAL if equal else Reason.DUPLICATE_DIFFERENT
        for number, location in enumerate(locations):
            if number or not equal:
                detail = f"{len(locations)} members have this UID" + ("" if equal else ", and they differ")
                self.result.unmatched.append(
                    Unmatched(
                        reason, detail, location.store_url, location.archive, location.byte_offset, pair.uid, kind
                    )
                )
        return equal

    def _fail(self, pair: Pair, kind: Kind, reason: Reason, detail: str) -> None:
        place = pair.headers[0] if kind == "text" else pair.pixels[0]
        self.result.unmatched.append(
            Unmatched(reason, detail, place.store_url, place.archive, place.byte_offset, pair.uid, kind)
        )


class _PackedWork(Work):
    """DICOMs that go into shards, which are named after the batch."""

    def __init__(self, name: str, output: Place, reader: MemberReader, *, decode: bool = False) -> None:
        super().__init__(output, reader, decode=decode)
        self._shards = ShardWriter(output, name)

    def finish(self) -> list[Written]:
        self._shards.flush()
        return self._shards.done

    def _write(self, pair: Pair, assembled: Assembled) -> None:
        self._shards.add(_written(pair, assembled, "", ""), assembled.parts)
        self._count(assembled)


def _written(pair: Pair, assembled: Assembled, name: str, version: str) -> Written:
    return Written(
        pair.uid,
        name,
        0,
        assembled.size,
        assembled.size,
        version,
        assembled.transfer_syntax,
        assembled.through_pydicom,
        assembled.character_set_changed,
    )


def _version_of_the_same(output: Place, name: str, assembled: Assembled) -> str | None:
    """The version of an object that is byte for byte what would be written, if there is one."""
    found = output.find(name)
    if found is None or found.size_bytes != assembled.size:
        return None
    data, etag = output.read(name)
    return etag if data == b"".join(assembled.parts) else None


def _with_bounded_headers(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    group: list[Pair] = []
    size = 0
    for pair in pairs:
        if group and size + pair.headers[0].size_bytes > HEADERS_AT_ONCE:
            yield group
            group, size = [], 0
        group.append(pair)
        size += pair.headers[0].size_bytes
    if group:
        yield group
