"""One 512-byte header of a tar archive, as POSIX.1-2008 (pax, ustar) and GNU tar write it.

What is accepted is what Python's ``tarfile`` accepts; sizes are bounded and nothing recurses, since archives are not
trusted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

BLOCK = 512
ZERO_BLOCK = bytes(BLOCK)
ENCODING, ENCODING_ERRORS = "utf-8", "surrogateescape"

FILE, OLD_FILE, CONTIGUOUS, SPARSE = b"0", b"\0", b"7", b"S"
HARD_LINK, SYMBOLIC_LINK, DIRECTORY = b"1", b"2", b"5"
LONG_NAME, LONG_LINK = b"L", b"K"
PAX, SOLARIS_PAX, GLOBAL_PAX = b"x", b"X", b"g"
EXTENSIONS = frozenset({LONG_NAME, LONG_LINK, PAX, SOLARIS_PAX, GLOBAL_PAX})
FILES = frozenset({FILE, OLD_FILE, CONTIGUOUS})
WITHOUT_BODY = frozenset({HARD_LINK, SYMBOLIC_LINK, DIRECTORY, b"3", b"4", b"6"})  # 3, 4 and 6: devices and pipes


class DamagedHeaderError(Exception):
    """The block is no tar header; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What one header says: ``size`` counts the bytes that follow it, padded to whole blocks."""

    kind: bytes
    name: str
    size: int
    block: bytes


def parse(block: bytes) -> Header:
    """Read and check a header.

    Raises:
        DamagedHeaderError: it is too short, or its checksum or its size is wrong.
    """
    if len(block) < BLOCK:
        raise DamagedHeaderError("its header is cut short")
    _check_sum(block)
    size = number(block[124:136])
    if size < 0:
        raise DamagedHeaderError("its header gives a negative size")
    kind, name = block[156:157], text(block[:100])
    if kind == OLD_FILE and name.endswith("/"):
        kind = DIRECTORY  # as archives of 1979 mark them
    if kind == DIRECTORY:
        name = name.rstrip("/")
    if block[345] and kind not in {LONG_NAME, LONG_LINK, SPARSE}:  # GNU keeps other things there
        name = f"{text(block[345:500])}/{name}"
    return Header(kind, name, size, block)


def is_header(block: bytes) -> bool:
    """Whether the block is a header with a right checksum."""
    try:
        parse(block)
    except DamagedHeaderError:
        return False
    return True


def number(field: bytes) -> int:
    """The number in a header's field: octal digits, or base 256 where they do not suffice (GNU tar).

    Raises:
        DamagedHeaderError: it holds neither.
    """
    if field[0] == 0o200:
        return int.from_bytes(field[1:], "big")
    if field[0] == 0o377:
        return int.from_bytes(field[1:], "big") - (1 << 8 * (len(field) - 1))
    try:
        return int(field.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        raise DamagedHeaderError("a number in its header can't be read") from None


def text(field: bytes) -> str:
    """The text in a header's field, which ends at the first NUL."""
    return decode(field.partition(b"\0")[0])


def decode(name: bytes) -> str:
    """A name as text; bytes that are no UTF-8 become lone surrogates."""
    return name.decode(ENCODING, ENCODING_ERRORS)


def encode(name: str) -> bytes:
    """A name as it stands in the archive."""
    return name.encode(ENCODING, ENCODING_ERRORS)


def padded(size: int) -> int:
    """``size`` rounded up to whole blocks."""
    return size + -size % BLOCK


def pax_records(data: bytes) -> Iterator[tuple[str, str]]:
    r"""The keywords and values of a pax extended header, each record being ``"%d %s=%s\n"``.

    Raises:
        DamagedHeaderError: a record is not of this form.
    """
    position = 0
    while position < len(data) and data[position]:
        space = data.find(b" ", position, position + 10)
        digits = data[position:space] if space > 0 else b""
        end = position + int(digits) if digits.isdigit() else 0
        keyword, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not space < end <= len(data) or not equals or data[end - 1] != ord("\n"):
            raise DamagedHeaderError("its pax header can't be read")
        yield decode(keyword), decode(value)
        position = end


def _check_sum(block: bytes) -> None:
    stored = number(block[148:156])
    rest = block[:148] + block[156:]
    total = 8 * ord(" ") + sum(rest)
    # Some old tars summed up signed characters.
    if stored != total and stored != total - 256 * sum(byte > 127 for byte in rest):
        raise DamagedHeaderError("its header's checksum is wrong")
