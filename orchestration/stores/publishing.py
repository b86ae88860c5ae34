"""Files and folders that appear whole or not at all: written beside their final place, then renamed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

PARTIAL = ".partial"


@contextmanager
def partial_folder(root: Path) -> Iterator[Path]:
    """A folder for unfinished files below ``root``, on its file system; removes what a killed run left there.

    Nobody else may use it meanwhile.
    """
    shutil.rmtree(root / PARTIAL, ignore_errors=True)
    folder = root / PARTIAL / uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(root / PARTIAL, ignore_errors=True)


@contextmanager
def beside(final: Path) -> Iterator[Path]:
    """Give a path beside ``final`` to write a file to; the caller renames the whole file with ``Path.replace``.

    What is still there when the block ends is removed.
    """
    partial = final.parent / f"{PARTIAL}-{uuid4().hex}-{final.name}"
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_beside(final: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of ``final`` when the block ends well.

    Raises:
        OSError: it can't be made or renamed; what was there before is put back.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.parent / f"{PARTIAL}-{uuid4().hex}"
    new, old = partial / "new", partial / "old"
    new.mkdir(parents=True)
    try:
        yield new
        exchange(new, final, old)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def exchange(new: Path, final: Path, old: Path) -> None:
    """Put the folder ``new`` where ``final`` is or will be.

    A folder that is not empty can't be renamed over, and goes to ``old`` first.

    Raises:
        OSError: it can't be renamed; what was there before is put back.
    """
    if not final.exists():
        new.rename(final)
        return
    final.rename(old)
    try:
        new.rename(final)
    except OSError:
        old.rename(final)
        raise
