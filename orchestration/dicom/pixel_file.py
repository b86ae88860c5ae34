"""Where a DICOM file on disk keeps its pixels, so that one frame can be read without the others.

A header is read up to Pixel Data (7FE0,0010); of compressed pixels only the lengths of the fragments are read
(PS3.5 A.4). A transfer syntax that the pixels contradict is not believed.
"""

import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from orchestration.dicom.codestreams import Family, family_of, family_of_syntax, syntax_of
from orchestration.dicom.description import Description
from orchestration.images import MAX_DECODED_BYTES, ImageError

_PREAMBLE, _MAGIC = 128, b"DICM"
_PIXEL_DATA = 0x7FE00010
_ITEM, _DELIMITER = 0xFFFEE000, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_WITH_LONG_LENGTH = (b"OB", b"OW", b"UN", b"OD", b"OF", b"OL", b"OV", b"UT", b"SQ")
_BEGINNING_BYTES = 4096  # of a codestream, in which its frame header is looked for
_CUT_SHORT = "is a DICOM file that is cut short: its Pixel Data (7FE0,0010) end before "

Span = tuple[int, int]
"""Offset in the file, and length in bytes."""


@dataclass(frozen=True, slots=True)
class PixelElement:
    """The Pixel Data of a file.

    Attributes:
        syntax: UID of the transfer syntax that the pixels are in.
        declared_syntax: UID that the file meta information names; another one where the pixels contradict it.
        signed: whether stored values are, as Pixel Representation (0028,0103) says.
        frames: the fragments of each frame; one span each where the pixels are native.
        is_deflated: whether offsets are those of the inflated file.
    """

    syntax: str
    declared_syntax: str
    signed: bool
    frames: tuple[tuple[Span, ...], ...]
    is_deflated: bool

    @property
    def is_compressed(self) -> bool:
        """Whether a frame has to be decoded."""
        return UID(self.syntax).is_encapsulated

    @property
    def is_contradicted(self) -> bool:
        """Whether the file names another transfer syntax than its pixels are in."""
        return self.syntax != self.declared_syntax


def open_header(file: BinaryIO, keywords: Sequence[str] | None) -> tuple[Dataset, BinaryIO]:
    """The header of a file, and the file at its Pixel Data, if any; one that is deflated is inflated, in memory.

    Where a file begins with several headers of group 2, each with its preamble, the last is that of the data set.

    Args:
        file: opened for reading.
        keywords: elements to parse; None for all.

    Raises:
        Exception: pydicom's own.
    """
    file.seek(_last_preamble(file))
    opened = _inflated(file)
    wanted = None if keywords is None else list(keywords)
    dataset = dcmread(opened, specific_tags=wanted, stop_before_pixels=True, force=True)
    if not dataset.file_meta.get("TransferSyntaxUID"):
        is_implicit, is_little = dataset.original_encoding
        little = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
        dataset.file_meta.TransferSyntaxUID = little if is_little else ExplicitVRBigEndian
    return dataset, opened


def content(path: Path, *, is_deflated: bool) -> BinaryIO:
    """The file, opened without a buffer; a deflated one inflated, in memory."""
    file: BinaryIO = path.open("rb", buffering=0)
    if not is_deflated:
        return file
    with file:
        file.seek(_last_preamble(file))
        return _inflated(file)


def find_pixels(file: BinaryIO, dataset: Dataset, described: Description) -> PixelElement:
    """Where the pixels lie of the file whose header ``open_header`` has just read.

    Raises:
        ImageError: there are none, or fewer than the description asks for.
    """
    declared = str(dataset.file_meta.TransferSyntaxUID)
    is_deflated = isinstance(file, BytesIO)
    value = _value_span(file, dataset)
    if value is None:
        raise ImageError("is a DICOM file without Pixel Data (7FE0,0010), or cut short before them")
    start, length = value
    signed = dataset.get("PixelRepresentation") == 1
    if _is_encapsulated(file, start, length):
        frames = _fragments_of_frames(file, start, dataset, described.frames)
        syntax = _believed(file, declared, frames[0])
        return PixelElement(syntax, declared, signed, frames, is_deflated)
    syntax = ExplicitVRLittleEndian if family_of_syntax(declared) else declared
    return PixelElement(syntax, declared, signed, _native_frames(file, start, length, described), is_deflated)


def _last_preamble(file: BinaryIO) -> int:
    """Where the last of the preambles lies with which a file begins; 0 where there is none."""
    start = position = 0
    while True:
        file.seek(position)
        beginning = file.read(_PREAMBLE + len(_MAGIC))
        if not beginning.endswith(_MAGIC) or len(beginning) < _PREAMBLE + len(_MAGIC):
            return start
        start = position
        read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_file_meta)
        position = file.tell()


def _after_file_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag.group != 2


def _inflated(file: BinaryIO) -> BinaryIO:
    """The file as it is, or in memory with its data set inflated (PS3.5 A.5) and named so."""
    start = file.tell()
    beginning = file.read(_PREAMBLE + len(_MAGIC))
    if not beginning.endswith(_MAGIC):
        file.seek(start)
        return file
    meta = read_dataset(file, is_implicit_VR=False, is_little_endian=True, stop_when=_after_file_meta)
    end = file.tell()
    file.seek(start)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return file
    head = file.read(end - start)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = inflater.decompress(file.read(MAX_DECODED_BYTES), MAX_DECODED_BYTES)
    if not inflater.eof:
        raise ImageError("is a deflated DICOM file that is cut short or too large")
    # The longer UID's place is filled with the padding that a UID may have (PS3.5 6.2).
    named = ExplicitVRLittleEndian.encode().ljust(len(DeflatedExplicitVRLittleEndian), b"\0")
    return BytesIO(head.replace(DeflatedExplicitVRLittleEndian.encode(), named) + data)


def _value_span(file: BinaryIO, dataset: Dataset) -> tuple[int, int] | None:
    """Where the value of Pixel Data begins, and its length; None where the file has none here."""
    is_implicit, is_little = dataset.original_encoding
    order = "little" if is_little else "big"
    header = file.read(12)
    if len(header) < 8:
        return None
    tag = int.from_bytes(header[:2], order) << 16 | int.from_bytes(header[2:4], order)  # type: ignore[arg-type]
    if tag != _PIXEL_DATA:
        return None
    at = file.tell() - len(header)
    if is_implicit or header[4:6] not in _WITH_LONG_LENGTH:
        return at + 8, int.from_bytes(header[4:8], order)  # type: ignore[arg-type]
    return at + 12, int.from_bytes(header[8:12], order)  # type: ignore[arg-type]


def _is_encapsulated(file: BinaryIO, start: int, length: int) -> bool:
    """Whether the value is a sequence of items, whatever the transfer syntax says."""
    file.seek(start)
    return length == _UNDEFINED or file.read(4) == b"\xfe\xff\x00\xe0"


def _size(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _native_frames(file: BinaryIO, start: int, length: int, described: Description) -> tuple[tuple[Span, ...], ...]:
    bits = described.rows * described.columns * described.bits_allocated
    if bits % 8:
        raise ImageError(f"is a DICOM image of {described.bits_allocated} bits a sample, whose frames share bytes")
    present = min(length, _size(file) - start)
    if present < bits // 8 * described.frames:
        raise ImageError(
            f"is a DICOM file that is cut short or damaged: its Pixel Data (7FE0,0010) have {present:,} bytes, its "
            f"Rows, Columns, frames and bits ask for {bits // 8 * described.frames:,}"
        )
    return tuple(((start + number * bits // 8, bits // 8),) for number in range(described.frames))


def _fragments(file: BinaryIO, start: int) -> tuple[list[int], list[Span]]:
    """The Basic Offset Table, and the span of every fragment (PS3.5 A.4)."""
    size, position, spans = _size(file), start, []
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        tag = int.from_bytes(header[:2], "little") << 16 | int.from_bytes(header[2:4], "little")
        length = int.from_bytes(header[4:], "little")
        if tag == _DELIMITER:
            break
        if tag != _ITEM or position + 8 + length > size:
            raise ImageError(_CUT_SHORT + "a fragment does")
        spans.append((position + 8, length))
        position += 8 + length
    if not spans:
        raise ImageError(_CUT_SHORT + "their first fragment")
    file.seek(spans[0][0])
    table = file.read(spans[0][1])
    return [int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table) - 3, 4)], spans[1:]


def _fragments_of_frames(file: BinaryIO, start: int, dataset: Dataset, frames: int) -> tuple[tuple[Span, ...], ...]:
    """Which fragments make each frame: all, one each, as a table of offsets says, or as codestreams begin."""
    table, fragments = _fragments(file, start)
    if len(fragments) < frames:
        raise ImageError(f"{_CUT_SHORT}frame {len(fragments) + 1} of {frames}")
    if frames == 1:
        return (tuple(fragments),)
    if len(fragments) == frames:
        return tuple((fragment,) for fragment in fragments)
    extended = dataset.get("ExtendedOffsetTable")
    if not table and isinstance(extended, bytes):
        table = [int.from_bytes(extended[at : at + 8], "little") for at in range(0, len(extended) - 7, 8)]
    origin = fragments[0][0] - 8
    starts = [origin + offset + 8 for offset in table] if table else _codestream_starts(file, fragments)
    places = {offset: number for number, (offset, _) in enumerate(fragments)}
    if len(starts) != frames or any(offset not in places for offset in starts):
        raise ImageError(f"is a DICOM file whose {len(fragments)} fragments cannot be told apart into {frames} frames")
    edges = [*(places[offset] for offset in starts), len(fragments)]
    groups = tuple(tuple(fragments[first:last]) for first, last in pairwise(edges))
    if not all(groups):
        raise ImageError("is a DICOM file whose table of offsets is damaged")
    return groups


def _codestream_starts(file: BinaryIO, fragments: Sequence[Span]) -> list[int]:
    starts = []
    for offset, _ in fragments:
        file.seek(offset)
        if family_of(file.read(_BEGINNING_BYTES)) is not None:
            starts.append(offset)
    return starts


def _believed(file: BinaryIO, declared: str, first: Sequence[Span]) -> str:
    """The declared transfer syntax, or one of the family that the first codestream is of where that is another."""
    offset, length = first[0]
    file.seek(offset)
    found: Family | None = family_of(file.read(min(length, _BEGINNING_BYTES)))
    return declared if found is None or found == family_of_syntax(declared) else syntax_of(found)
