"""Decoding the images of cases within bounded memory.

A mammogram of one frame takes at most 90 MB, a tomosynthesis series up to 1 GiB. Images are decoded side by side as
long as that takes 1 GiB together; a larger one is decoded alone. One that takes more than a quarter of it once decoded
is kept in a temporary file without a name, mapped into memory: its pages are read as they are needed and given back
when memory runs short, and the file goes with the last array that shows it, even where the process is killed.
"""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.errors import DoublereadError
from orchestration.imaging import StoredImage, read_stored, stored_bytes

BUDGET_BYTES = 1 << 30
VIEWS_OF_A_CASE = 4


class Budget:
    """Memory that threads share: one that does not fit waits, in turn; one larger than all of it is served alone."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._used = 0
        self._freed = threading.Condition()
        # Of those that wait, one at a time waits for room, so that smaller ones do not pass a large one over for ever.
        self._turn = threading.Lock()

    @contextmanager
    def taking(self, size: int) -> Iterator[None]:
        """Wait for room for ``size`` bytes, and take it for the ``with`` block."""
        with self._turn, self._freed:
            self._freed.wait_for(lambda: not self._used or self._used + size <= self.limit)
            self._used += size
        try:
            yield
        finally:
            with self._freed:
                self._used -= size
                self._freed.notify_all()


BUDGET = Budget(BUDGET_BYTES)
"""That of this process, however many cases its threads get at once."""


def decode_within(budget: Budget, data: bytes) -> tuple[StoredImage, bytes]:
    """Decode an image as ``read_stored`` does, when the budget has room for it.

    Returns:
        The image, and the SHA-256 of its stored values with their shape and type.

    Raises:
        ImageError: as ``read_stored``.
        DoublereadError: no temporary file can be written for a large image.
    """
    with budget.taking(len(data) + stored_bytes(data)):  # pydicom copies the encoded pixels
        image = read_stored(data)
        digest = _digest(image.stored)
        if image.stored.nbytes * VIEWS_OF_A_CASE > budget.limit:
            image = replace(image, stored=_mapped(image.stored))
        return image, digest


def _digest(values: npt.NDArray[Any]) -> bytes:
    digest = sha256(repr((values.shape, values.dtype.str)).encode())
    digest.update(np.ascontiguousarray(values).data)
    return digest.digest()


def _mapped(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same values, read-only, in a mapped file that has no name."""
    try:
        with tempfile.TemporaryFile(prefix="doubleread-") as file:
            values.tofile(file)
            file.flush()
            return np.asarray(np.memmap(file, values.dtype, "r", shape=values.shape))
    except OSError as error:
        raise DoublereadError(
            f"an image of {values.nbytes:,} bytes does not fit into a temporary file in {tempfile.gettempdir()} "
            f"({error.strerror}); make room there, or name another folder in TMPDIR"
        ) from None
