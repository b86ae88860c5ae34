"""One member of a tar archive with all the headers that describe it: pax, GNU long names, sparse files, links."""

from dataclasses import dataclass, field
from typing import NamedTuple

from orchestration.archives.tar.headers import (
    BLOCK,
    DIRECTORY,
    EXTENSIONS,
    FILES,
    GLOBAL_PAX,
    HARD_LINK,
    LONG_LINK,
    LONG_NAME,
    SPARSE,
    SYMBOLIC_LINK,
    WITHOUT_BODY,
    DamagedHeaderError,
    Header,
    padded,
    parse,
    pax_records,
    text,
)
from orchestration.archives.tar.window import Window

MAX_EXTENSION_BYTES = 1 << 20  # a pax header has some hundred
MAX_EXTENSIONS = 64  # before one member
MAX_SIZE_DIGITS = 20

IS_DIRECTORY = "a directory, not a file"
NOT_FILES = {
    DIRECTORY: IS_DIRECTORY,
    HARD_LINK: "a hard link: it has no bytes of its own",
    SYMBOLIC_LINK: "a symbolic link: it has no bytes of its own",
    SPARSE: "a sparse file: its bytes do not lie in one piece",
}


class Member(NamedTuple):
    """One member of an archive.

    ``offset`` is where its body begins and ``size`` how long that is, in bytes. ``problem`` says why it is no file
    whose bytes lie there; with an empty ``name`` the problem is the archive's own.
    """

    name: str
    offset: int
    size: int
    problem: str | None = None


@dataclass
class Globals:
    """What the global pax headers read so far say about every member that follows: a name, a size, or a problem."""

    records: dict[str, str] = field(default_factory=dict)
    problem: str | None = None

    def __bool__(self) -> bool:
        return bool(self.records or self.problem)

    def add(self, data: bytes) -> None:
        """Take in one global header."""
        try:
            records = dict(pax_records(data))
            _size(records.get("size", "0"))
        except DamagedHeaderError as error:
            self.problem = str(error)
            return
        self.records |= {keyword: value for keyword, value in records.items() if keyword in {"path", "size"}}
        if _is_sparse(records):
            self.problem = "a global pax header says that it is a sparse file"


def read_member(window: Window, position: int, following: Globals) -> tuple[Member, int]:
    """The member whose first header is at ``position``, and where the next one begins.

    Args:
        window: reads the archive.
        position: of the header.
        following: what holds for this member and for those after it; a global header before this one is added to it.

    Raises:
        DamagedHeaderError: one of its headers is damaged.
    """
    extended = _Extended()
    for _ in range(MAX_EXTENSIONS):
        header = parse(window.read(position, BLOCK))
        position += BLOCK
        if header.kind not in EXTENSIONS:
            return _described(window, position, header, extended, following)
        if header.size > window.size - position:
            raise DamagedHeaderError("its extended header is cut short")
        if header.size > MAX_EXTENSION_BYTES:
            problem = f"its extended header has {header.size:,} bytes; at most {MAX_EXTENSION_BYTES:,} are read"
            (following if header.kind == GLOBAL_PAX else extended).problem = problem
        elif header.kind == GLOBAL_PAX:
            following.add(window.read(position, header.size))
        else:
            extended.add(header.kind, window.read(position, header.size), following)
        position += padded(header.size)
    raise DamagedHeaderError(f"it has more than {MAX_EXTENSIONS} extended headers")


@dataclass
class _Extended:
    """What the extended headers before a member say about it; of several that name it the first one counts."""

    path: str | None = None
    size: int | None = None
    problem: str | None = None

    def add(self, kind: bytes, data: bytes, following: Globals) -> None:
        """Take in one extended header; a pax header repeats what the global ones before it say."""
        if kind == LONG_NAME:
            self._name(text(data))
        elif kind != LONG_LINK:
            try:
                self._add_records(following.records | dict(pax_records(data)))
            except DamagedHeaderError as error:
                self.problem = str(error)

    def _add_records(self, records: dict[str, str]) -> None:
        if _is_sparse(records):
            self.problem = NOT_FILES[SPARSE]
        for keyword in ("GNU.sparse.name", "path"):
            if keyword in records:
                self._name(records[keyword].rstrip("/"))
        if "size" in records and self.size is None:
            self.size = _size(records["size"])

    def _name(self, name: str) -> None:
        if self.path is None:
            self.path = name


def _is_sparse(records: dict[str, str]) -> bool:
    return any(keyword.startswith("GNU.sparse.") for keyword in records)


def _size(digits: str) -> int:
    significant = digits.lstrip("0")
    if not (digits.isascii() and digits.isdigit() and len(significant) <= MAX_SIZE_DIGITS):
        raise DamagedHeaderError("its pax header gives a size that is no number of bytes")
    return int(significant or "0")


def _described(
    window: Window, body: int, header: Header, extended: _Extended, following: Globals
) -> tuple[Member, int]:
    """The member that a header and those before it describe, and where the next one begins."""
    if header.kind == SPARSE:
        body = _after_sparse_map(window, body, header.block)
    name = header.name if extended.path is None else extended.path
    if extended.path is None and "path" in following.records:
        name = following.records["path"].rstrip("/")
    problem = extended.problem or following.problem or NOT_FILES.get(header.kind)
    if header.kind in WITHOUT_BODY:
        return Member(name, body, 0, problem or "a device or a pipe, not a file"), body
    if problem is None and header.kind not in FILES:
        problem = f"a member of the unknown kind {header.kind!r}"
    stored = header.size if extended.size is None else extended.size
    size = stored
    if extended.size is None and "size" in following.records:  # which moves no header, as in tarfile
        size = _size(following.records["size"])
    if size > window.size - body:
        problem = f"cut short: {size:,} bytes, of which the archive holds {max(0, window.size - body):,}"
    return Member(name, body, size, problem), body + padded(stored)


def _after_sparse_map(window: Window, position: int, header: bytes) -> int:
    """Where the body begins: after as many blocks as say that another one follows (GNU tar, sparse format 0)."""
    another = header[482] != 0
    while another and position + BLOCK <= window.size:
        another = any(window.read(position, BLOCK)[504:505])
        position += BLOCK
    return position
