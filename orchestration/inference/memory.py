"""Arrays for whole series: in memory, or mapped from a temporary file where they would fill it."""

import math
import os
import tempfile

import numpy as np
import numpy.typing as npt

from orchestration.inference.errors import JobError

Floats = npt.NDArray[np.float32]

MAX_VOLUME_BYTES = 4 << 30
"""Most bytes of one 3-D volume as float32, which a function gets whole: 1,024 slices of 1,024 x 1,024."""

MAX_SERIES_BYTES = 64 << 30
MAPPED_BYTES = 1 << 30  # from which on the system may write an array to its file instead of keeping it in memory


def working_array(shape: tuple[int, ...]) -> Floats:
    """An array of ``float32`` to fill; its file, where it has one, is nameless and lies in ``TMPDIR``.

    Raises:
        JobError: a volume of this shape is too large.
        OSError: ``TMPDIR`` has no room for the file.
    """
    size = 4 * math.prod(shape)
    if 4 * math.prod(shape[-3:]) > MAX_VOLUME_BYTES or size > MAX_SERIES_BYTES:
        raise JobError(
            f"its volume of {' x '.join(map(str, shape))} is too large: with 4 bytes a pixel, a volume has at most "
            f"{MAX_VOLUME_BYTES:,} and a series {MAX_SERIES_BYTES:,}"
        )
    if size < MAPPED_BYTES:
        return np.empty(shape, np.float32)
    with tempfile.TemporaryFile(prefix="doubleread-") as file:
        os.posix_fallocate(file.fileno(), 0, size)  # room that is missing later would end the process
        return np.memmap(file, np.float32, "r+", shape=shape)
