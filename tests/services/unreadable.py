"""A folder that nobody can read, root included: its path is longer than the system takes."""

import os
from pathlib import Path

LONGEST_PATH = 4095  # bytes that Linux takes (PATH_MAX, with the zero at the end)
ROOM = 16  # for the names of files beside it
UNREADABLE = "a folder that is too deep"


def with_unreadable(top: Path) -> Path:
    """A folder far below ``top``, which is made; in it the folder ``UNREADABLE`` can be seen and not be entered."""
    top.mkdir(parents=True)
    deep, handle = os.fsencode(top), os.open(top, os.O_RDONLY)
    while (room := LONGEST_PATH - ROOM - len(deep)) > 1:
        part = b"d" * min(room - 1, 200)
        os.mkdir(part, dir_fd=handle)
        below = os.open(part, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        deep, handle = deep + b"/" + part, below
    os.mkdir(UNREADABLE, dir_fd=handle)
    os.close(handle)
    return Path(os.fsdecode(deep))
