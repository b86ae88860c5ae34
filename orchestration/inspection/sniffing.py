"""What a text file of rows is written in: its encoding, its delimiter, and whether it has a header."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, cast

from orchestration.inspection.errors import InspectionError, TableError, reason
from orchestration.outcomes import printable

SAMPLE_BYTES = 1 << 20
SAMPLE_ROWS = 1_000
MAX_COLUMNS = 10_000
MAX_LINE_BYTES = 2_000_000
"""Longest line that is read: a file without any line break may be of any size."""

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_MISSING_WORDS = ("", "-", "--", ".", "?", "n/a", "na", "n.a.", "nan", "nil", "none", "null")
MISSING = frozenset({"NaN", *(spelt(word) for word in _MISSING_WORDS for spelt in (str.lower, str.upper, str.title))})
"""Cells that stand for no value, without the blanks around them; each has at most four characters."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",  # begins as UTF-16's does, and so comes first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_JSON = re.compile(r'\s*(\{\s*["}]|\[\s*[\[{"\]])')
_GZIP = b"\x1f\x8b"
_TEXT_CONTROLS = set(b"\t\n\v\f\r\x1a")


@dataclass(frozen=True)
class Format:
    """How a table is written, as its first ``SAMPLE_BYTES`` tell.

    Attributes:
        encoding: as Python names it.
        delimiter: one character.
        has_header: whether the first row names the columns; it does unless every cell of it is a number.
        names: of the columns, without blanks around them; "column1" and so on where there is no header.
        is_compressed: whether it is compressed by gzip.
        samples: cells of each column, without the header.
    """

    encoding: str
    delimiter: str
    has_header: bool
    names: tuple[str, ...]
    is_compressed: bool
    samples: tuple[tuple[str, ...], ...]


def sniff(path: Path) -> Format:
    """Find out how a table is written.

    Raises:
        InspectionError: there is no such file, or it cannot be read.
        TableError: it is no table.
    """
    with open_table(path) as file:
        sample = file.read(SAMPLE_BYTES)
        is_compressed = isinstance(file, gzip.GzipFile)
    if not sample.strip():
        raise TableError(f"{shown(path)} is empty: it holds no table")
    encoding = _encoding(sample, path)
    try:  # the sample may end within a character
        text = codecs.getincrementaldecoder(encoding)("strict").decode(sample).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise TableError(f"{shown(path)} is not a table: it is no text") from None
    if not text.strip("\r\n\t \0"):
        raise TableError(f"{shown(path)} is empty: it holds no table")
    _refuse_other_formats(text, path)
    is_whole = len(sample) < SAMPLE_BYTES
    delimiter, rows = max(((mark, _rows(text, mark, is_whole=is_whole)) for mark in DELIMITERS), key=_regularity)
    header, rest = rows[0], rows[1:]
    if not header:
        raise TableError(f"{shown(path)} is not a table: it has no row that can be read")
    if len(header) > MAX_COLUMNS:
        raise TableError(f"{shown(path)} has {len(header):,} columns; at most {MAX_COLUMNS:,} are read")
    _refuse_prose(header, rest, path)
    has_header = not all(is_number(cell) for cell in header)
    return Format(
        encoding=encoding,
        delimiter=delimiter,
        has_header=has_header,
        names=tuple(cell.strip() if has_header else f"column{n}" for n, cell in enumerate(header, 1)),
        is_compressed=is_compressed,
        samples=tuple(tuple(row[n] for row in rest if n < len(row)) for n in range(len(header))),
    )


@contextmanager
def open_table(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed where it is compressed by gzip.

    Raises:
        InspectionError: there is no such file, it is not a regular file, or reading it fails within the block.
    """
    try:
        if path.is_dir():
            raise InspectionError(f"{shown(path)} is a directory; doubleread inspect folder looks into it")
        if path.exists() and not path.is_file():
            raise InspectionError(f"{shown(path)} is no regular file")
        with path.open("rb") as file:
            if file.read(2) == _GZIP:
                file.seek(0)
                with gzip.GzipFile(fileobj=file) as decompressed:
                    yield cast("IO[bytes]", decompressed)
            else:
                file.seek(0)
                yield file
    except FileNotFoundError:
        raise InspectionError(f"{shown(path)}: there is no such file") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise TableError(f"{shown(path)} is cut short or damaged: it cannot be decompressed") from None
    except OSError as error:
        raise InspectionError(f"{shown(path)}: {reason(error)}") from None


def is_number(cell: str) -> bool:
    """Whether a cell is a number, blanks around it aside."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value."""
    return cell.strip(" ") in MISSING


def shown(path: Path) -> str:
    """A path as a message shows it."""
    return printable(str(path), 1_000)


def _encoding(sample: bytes, path: Path) -> str:
    """The encoding by the first bytes: a byte order mark, zeros between letters, else UTF-8 or Windows-1252."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if sample.startswith(mark):
            return encoding
    for encoding, other_bytes in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if other_bytes.count(0) > 0.8 * len(other_bytes):  # all are zero in Western text
            return encoding
    if any(byte < 32 and byte not in _TEXT_CONTROLS for byte in set(sample)):
        raise TableError(f"{shown(path)} is not a table: it is no text")
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(sample)
    except UnicodeDecodeError:
        return single_byte_encoding(sample)
    return "utf-8"


def single_byte_encoding(sample: bytes) -> str:
    """Windows-1252 where it has characters that Latin-1 does not have, else Latin-1, which reads any bytes."""
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in set(sample)) else "latin-1"


def _rows(text: str, delimiter: str, *, is_whole: bool) -> list[list[str]]:
    """The first rows that are not blank; one that the sample may have cut is left out."""
    csv.field_size_limit(MAX_LINE_BYTES)
    found: list[list[str]] = []
    with suppress(csv.Error):  # of a file that is no table
        found.extend(islice(filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)), SAMPLE_ROWS))
    cut = len(found) > 1 and len(found) < SAMPLE_ROWS and not is_whole
    return (found[:-1] if cut else found) or [[]]


def _regularity(candidate: tuple[str, list[list[str]]]) -> tuple[bool, float, int]:
    """More is better: whether there are columns, the share of rows as long as the first, how many columns."""
    _, rows = candidate
    width = len(rows[0])
    return width > 1, sum(len(row) == width for row in rows) / len(rows), width


def _refuse_other_formats(text: str, path: Path) -> None:
    beginning = text.lstrip()[:100].lower()
    if beginning.startswith(("<?xml", "<!doctype", "<html", "<svg")):
        raise TableError(f"{shown(path)} is not a table: it is XML or HTML")
    if _JSON.match(text):
        raise TableError(f"{shown(path)} is not a table: it is JSON")


def _refuse_prose(header: list[str], rest: list[list[str]], path: Path) -> None:
    """Refuse lines that no delimiter divides into the same number of columns, and that hold no number."""
    regular = len(header) > 1 and (not rest or any(len(row) == len(header) for row in rest))
    if not regular and not any(is_number(cell) for row in (header, *rest) for cell in row):
        raise TableError(
            f"{shown(path)} is not a table: no comma, semicolon, tab or vertical bar divides its lines into columns"
        )
