"""Renderings of pictures and scans, kept below ``DOUBLEREAD_HOME`` as far as there is room for them.

A rendering is named after the SHA-256 of what it was made from, so it is never out of date. Losing any costs the time
to make it again.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import BoundedSemaphore, Lock

from django.conf import settings

from orchestration.imaging import encode_samples, preview, read_image
from orchestration.stores.publishing import beside

THUMBNAIL_SIDE = 480  # pixels: twice the width of a picture on the wall, for screens of double density
SCREEN_SIDE = 1800  # pixels: the height of a large screen
LIMIT_BYTES = 1 << 30  # 40,000 thumbnails or so
ROUND_BYTES = 1 << 25  # what a worker writes before it looks whether there is too much
DECODINGS = 2  # at a time in a worker: each takes up to 400 MB

_decoding = BoundedSemaphore(DECODINGS)


class Renderings:
    """Files in a folder that several processes share.

    Args:
        folder: where they lie.
        limit: bytes that they may take together, and ``round_bytes`` for each process on top of it.
    """

    def __init__(self, folder: Path, *, limit: int = LIMIT_BYTES, round_bytes: int = ROUND_BYTES) -> None:
        self._folder = folder
        self._limit = limit
        self._round_bytes = round_bytes
        self._written = round_bytes  # so that the first one looks
        self._lock = Lock()

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The rendering of this name, made where it is not there.

        Args:
            name: of a file, made of a digest.
            make: gives the bytes.
        """
        path = self._folder / name[:2] / name
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            os.utime(path)  # used now: the last to go
            return data
        with _decoding:
            data = make()
        with contextlib.suppress(OSError):  # a disk that is full costs time, no answer
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside(path) as partial:
                partial.write_bytes(data)
                partial.replace(path)
            self._make_room(len(data))
        return data

    def _make_room(self, size: int) -> None:
        """Remove those that were used longest ago, now and then."""
        with self._lock:
            self._written += size
            if self._written < self._round_bytes:
                return
            self._written = 0
        files = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                status = path.stat()
                files.append((status.st_mtime_ns, status.st_size, path))
        excess = sum(length for _, length, _ in files) - self._limit
        for _, length, path in sorted(files):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= length


renderings = Renderings(settings.DOUBLEREAD.doubleread_home / "service" / "renderings")


def thumbnail(sha256: str, read: Callable[[], bytes]) -> bytes:
    """A picture as a small JPEG; ``read`` gives the picture, whose SHA-256 is given."""
    return renderings.get(f"{sha256}-{THUMBNAIL_SIDE}.jpg", lambda: preview(read(), THUMBNAIL_SIDE))


def scan_preview(sha256: str, read: Callable[[], bytes]) -> bytes:
    """A scan as a JPEG of a screen's size."""
    return renderings.get(f"{sha256}-{SCREEN_SIDE}.jpg", lambda: preview(read(), SCREEN_SIDE))


def scan_in_full(data: bytes) -> bytes:
    """A scan as a PNG of its full size, made each time: kept, it would take the room of 200 thumbnails."""
    with _decoding:
        return encode_samples(read_image(data))
