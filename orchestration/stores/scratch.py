"""Folders that a process needs only while it runs, and that are removed however it ends."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "doubleread-scratch-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder among the system's temporary files, removed with the block.

    A process that is killed leaves its folder behind; the next call removes it. A process keeps the folder locked
    (``flock``) while it uses it, and the system releases the lock however the process ends, so that a folder whose
    lock is free has no owner.

    Raises:
        OSError: the folder can't be made.
    """
    _remove_abandoned()
    folder, descriptor = _make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _make() -> tuple[Path, int]:
    """A new folder and the descriptor that locks it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        descriptor = _locked(folder)
        if descriptor is not None and folder.exists():
            return folder, descriptor
        if descriptor is not None:  # another process took it for abandoned before it was locked
            os.close(descriptor)


def _locked(folder: Path) -> int | None:
    """A descriptor that locks a folder of this user; None where another process has it, or it is gone."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except BlockingIOError:
        pass
    os.close(descriptor)
    return None


def _remove_abandoned() -> None:
    with suppress(OSError):
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            descriptor = _locked(folder)
            if descriptor is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(descriptor)
