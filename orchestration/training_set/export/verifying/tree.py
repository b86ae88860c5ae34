"""What lies below a folder or URL, listed once, and how its files are read: never through a link, never for ever.

A copy may be hostile: a pipe in place of a file, a link to somewhere else, a file of terabytes. So only what was listed
as a regular file is opened, links are not followed, and whoever reads a file whole says how many bytes it may have.
"""

import os
import stat
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from orchestration.stores import Place, StoreError
from orchestration.stores.folder import files_below
from orchestration.training_set.export.verifying.problems import Problem, problem

PIECE_BYTES = 1 << 20


class UnreadableError(Exception):
    """A file can't be read; the message says why in words that complete "It …"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that lies there. ``leads_to`` is what a link says; equal ``inode`` means one file under two names."""

    kind: Literal["file", "link", "other"]
    size_bytes: int
    leads_to: str | None = None
    inode: tuple[int, int] | None = None


class Reader(Hashable, Protocol):
    """Reads files below a root; can be sent to a worker."""

    def read(self, path: str, most: int) -> bytes:
        """A whole file of at most ``most`` bytes.

        Raises:
            UnreadableError: it is longer, or can't be read.
        """

    def pieces(self, path: str) -> Iterator[bytes]:
        """A file of any length in pieces of about 1 MiB.

        Raises:
            UnreadableError: it can't be read.
        """


@dataclass(frozen=True)
class FolderReader:
    """Reads regular files of a folder."""

    root: Path

    def read(self, path: str, most: int) -> bytes:
        """As ``Reader`` has it."""
        parts, total = [], 0
        for piece in self.pieces(path):
            total += len(piece)
            if total > most:
                raise UnreadableError(f"has more than {most:,} bytes")
            parts.append(piece)
        return b"".join(parts)

    def pieces(self, path: str) -> Iterator[bytes]:
        """As ``Reader`` has it."""
        try:
            # Opening a pipe would wait for a writer without O_NONBLOCK.
            descriptor = os.open(self.root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise UnreadableError(f"can't be read ({error.strerror})") from None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnreadableError("is no file")
            try:
                while piece := file.read(PIECE_BYTES):
                    yield piece
            except OSError as error:
                raise UnreadableError(f"can't be read ({error.strerror})") from None


@dataclass(frozen=True)
class StoreReader:
    """Reads objects of a place."""

    place: Place

    def read(self, path: str, most: int) -> bytes:
        """As ``Reader`` has it."""
        try:
            if self.place.describe(path).size_bytes > most:
                raise UnreadableError(f"has more than {most:,} bytes")
            return self.place.read(path)[0]
        except StoreError as error:
            raise UnreadableError(f"can't be read: {error}") from None

    def pieces(self, path: str) -> Iterator[bytes]:
        """As ``Reader`` has it."""
        try:
            yield from self.place.stream(self.place.describe(path))
        except StoreError as error:
            raise UnreadableError(f"can't be read: {error}") from None


@dataclass
class Tree:
    """Everything below a folder or URL by its path there."""

    shown: str
    reader: Reader
    is_remote: bool
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def below(self, folder: str) -> Iterator[tuple[str, Entry]]:
        """What lies below a folder of the tree, by its path below that folder."""
        prefix = f"{folder}/" if folder else ""
        for path, entry in self.entries.items():
            if path.startswith(prefix):
                yield path[len(prefix) :], entry

    def has_folder(self, folder: str) -> bool:
        """Whether something lies below a folder."""
        return next(self.below(folder), None) is not None


def folder_tree(root: Path) -> Tree:
    """What lies below a folder on this machine."""
    tree = Tree(str(root), FolderReader(root), is_remote=False)

    def unreadable(folder: Path, error: OSError) -> None:
        path = folder.relative_to(root).as_posix()
        tree.problems.append(problem("unreadable", path, f"the folder can't be read ({error.strerror})"))

    for path in files_below(root, unreadable):
        name = path.relative_to(root).as_posix()
        try:
            tree.entries[name] = _entry(path)
        except OSError as error:
            tree.problems.append(problem("unreadable", name, f"it can't be looked at ({error.strerror})"))
    return tree


def place_tree(place: Place) -> Tree:
    """What lies in a place that is reached over a network.

    Raises:
        StoreError: it can't be listed.
    """
    tree = Tree(place.url, StoreReader(place), is_remote=True)
    tree.entries = {version.path: Entry("file", version.size_bytes) for version in place.list()}
    return tree


def _entry(path: Path) -> Entry:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return Entry("link", 0, str(path.readlink()))
    kind: Literal["file", "other"] = "file" if stat.S_ISREG(status.st_mode) else "other"
    return Entry(kind, status.st_size, inode=(status.st_dev, status.st_ino))
