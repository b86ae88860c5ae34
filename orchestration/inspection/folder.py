"""What lies in a folder, an entry at a time, whatever its number."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Literal, NamedTuple

from orchestration.inspection.errors import InspectionError, reason
from orchestration.outcomes import Failures, printable

SORTED_AT_A_TIME = 10_000
"""Entries of one folder that are held, and so are in the order of their names."""

LONGEST_NAME = 10_000
"""Characters of a path in a message; a path may have 4,096 bytes, of which each may take four characters."""

Kind = Literal["file", "directory", "link", "other"]
"""A link is a symbolic one, wherever it leads; sockets, pipes and devices are other."""


class Entry(NamedTuple):
    """An entry of a folder.

    Attributes:
        name: below the folder that was asked for, with ``/`` between the names of folders.
        kind: what it is.
        size_bytes: as the file system gives it; None where it gives none.
    """

    name: str
    kind: Kind
    size_bytes: int | None


_Batch = list["os.DirEntry[str]"]


def list_folder(
    folder: Path | str, *, recursive: bool = False, sizes: bool = True, failures: Failures | None = None
) -> Iterator[Entry]:
    """Every entry of a folder; links are not followed.

    The entries of a folder come before those of the folders in it. Up to ``SORTED_AT_A_TIME`` are in the order of their
    names; more are sorted in parts of this size.

    Args:
        folder: a link to a folder is followed, since it was named.
        recursive: also what lies in the folders below.
        sizes: ask for them; that takes three quarters of the time.
        failures: takes the folders and entries that cannot be read, each with the reason.

    Raises:
        InspectionError: there is no such folder, or it cannot be read; at once, not when the first entry is taken.
    """
    path = os.fspath(folder)
    try:
        first = next(batches := _batches(path), [])
    except FileNotFoundError:
        raise InspectionError(f"{printable(path, LONGEST_NAME)}: there is no such folder") from None
    except NotADirectoryError:
        raise InspectionError(f"{printable(path, LONGEST_NAME)} is no folder") from None
    except OSError as error:
        raise InspectionError(f"{printable(path, LONGEST_NAME)}: {reason(error)}") from None
    walk = _Walk(recursive, sizes, Failures() if failures is None else failures)
    return walk.entries(first, batches)


@dataclass(frozen=True)
class _Walk:
    """The way through a folder."""

    recursive: bool
    sizes: bool
    failures: Failures

    def entries(self, first: _Batch, rest: Iterator[_Batch]) -> Iterator[Entry]:
        """Go down the folders, without recursion: they may lie deeper than Python's stack."""
        below: _Batch = []
        yield from self._described(first, "", below)
        stack: list[tuple[Iterator[_Batch], _Batch, str]] = [(rest, below, "")]
        while stack:
            batches, below, prefix = stack[-1]
            if self.recursive and below:
                entry = below.pop()
                stack.append((_batches(entry.path), [], f"{prefix}{entry.name}/"))
                continue
            below.clear()
            try:
                batch = next(batches, None)
            except OSError as error:
                self.failures.add(printable(prefix.rstrip("/") or ".", LONGEST_NAME), reason(error))
                batch = None
            if batch is None:
                stack.pop()
            else:
                yield from self._described(batch, prefix, below)

    def _described(self, batch: _Batch, prefix: str, below: _Batch) -> Iterator[Entry]:
        """Describe entries; ``below`` takes those that are folders, the first of them last."""
        for entry in batch:
            kind: Kind = "other"
            size = None
            try:
                if entry.is_file(follow_symlinks=False):
                    kind = "file"
                elif entry.is_dir(follow_symlinks=False):
                    kind = "directory"
                    below.append(entry)
                elif entry.is_symlink():
                    kind = "link"
                if self.sizes:
                    size = entry.stat(follow_symlinks=False).st_size
            except OSError as error:
                self.failures.add(printable(prefix + entry.name, LONGEST_NAME), reason(error))
            yield Entry(prefix + entry.name, kind, size)
        below.reverse()
        batch.clear()  # each keeps what it was asked, a kilobyte


def _batches(path: str) -> Iterator[_Batch]:
    """The entries of one folder; it is open no longer than until its last entry was read."""
    with os.scandir(path) as entries:
        while batch := list(islice(entries, SORTED_AT_A_TIME)):
            batch.sort(key=attrgetter("name"))
            yield batch
