"""Looking for words in whatever a program leaves behind, through every wrapping that it uses."""

import base64
import gzip
import io
import re
import sqlite3
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow.parquet as pq

MAX_DEPTH = 3  # of wrappings within each other
PREFIX = b"zq"


def found_in(folder: Path, words: Iterable[str]) -> dict[str, set[str]]:
    """The files below a folder that hold a word, with the words; a word counts in a file's name as well."""
    search = Search(words)
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if held := search.of(name.encode()) | search.of(content):
            found[name] = held
    return found


def found_in_bytes(data: bytes, words: Iterable[str]) -> set[str]:
    """The words, in lower case, that bytes hold: as they are, in UTF-16, in base64, or packed."""
    return Search(words).of(data)


class Search:
    """Looks for words; most begin with ``PREFIX``, so that hundreds of them take one pass."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = {word.lower().encode() for word in words}
        self.lengths = sorted({len(word) for word in self.words})
        self.others = [word for word in self.words if not word.startswith(PREFIX)]

    def of(self, data: bytes) -> set[str]:
        """The words that bytes hold."""
        found = set()
        for text in texts(data):
            lower = text.lower()
            for match in re.finditer(PREFIX, lower):
                begun = (lower[match.start() : match.start() + length] for length in self.lengths)
                found |= {word.decode() for word in begun if word in self.words}
            found |= {word.decode() for word in self.others if word in lower}
        return found


def texts(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """What bytes say, also where each letter takes two of them, and what everything says that is wrapped in them."""
    yield data
    if b"\0" in data:
        yield data.replace(b"\0", b"")
    if depth < MAX_DEPTH:
        for part in _unwrapped(data):
            yield from texts(part, depth + 1)


def _unwrapped(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"PAR1"):
        yield str(pq.read_table(io.BytesIO(data)).to_pylist()).encode()
        yield str(pq.read_schema(io.BytesIO(data)).metadata).encode()
    elif data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"SQLite format 3\0"):
        yield _dumped(data)
    elif data[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                yield member.name.encode() + (archive.extractfile(member) or io.BytesIO()).read()
    elif data.startswith(b"\x89PNG"):
        yield from _inflated_texts(data)
    for match in re.finditer(rb"[A-Za-z0-9+/]{20,}={0,2}", data):
        for start in range(4):  # what stands before it may look like a part of it
            encoded = match[0].rstrip(b"=")[start:]
            yield base64.b64decode(encoded[: len(encoded) // 4 * 4])


def _inflated_texts(data: bytes) -> Iterator[bytes]:
    """Whatever inflates in the chunks of a PNG but its pixels."""
    start = 8
    while start + 12 <= len(data):
        length, kind = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8]
        content = data[start + 8 : start + 8 + length]
        if kind != b"IDAT":
            for at in [match.start() for match in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", content)]:
                inflater = zlib.decompressobj()
                try:
                    yield inflater.decompress(content[at:], 1 << 20)
                except zlib.error:
                    continue
        start += 12 + length


def _dumped(data: bytes) -> bytes:
    """All values of all tables, each whole, as a file of pages need not hold them."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(data)
    connection.text_factory = bytes
    try:
        tables = [
            name.decode() for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
        ]
        rows = [row for table in tables for row in connection.execute(f'select * from "{table}"')]
    except sqlite3.DatabaseError:  # a log that is not part of the file yet holds the rest; it is searched as it is
        return b""
    finally:
        connection.close()
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)
