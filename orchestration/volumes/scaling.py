"""Values after the modality LUT as numbers from 0 to 1, and back."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.greys import Lut, Rescaling, patterns
from orchestration.images import STRIPE_ROWS
from orchestration.volumes.reading import modality_values

Stored = npt.NDArray[Any]

_TABLE_PIXELS = 1 << 17  # from which a table of 65,536 entries is made sooner than each value is computed


def scaled(stored: Stored, step: Lut | Rescaling, minimum: float, maximum: float) -> npt.NDArray[np.float32]:
    """(value - minimum) / (maximum - minimum) in float64, rounded to float32; 0 where both are the same.

    Args:
        stored: (rows, columns) stored values.
        step: to their values after the modality LUT.
        minimum: of the volume.
        maximum: of the volume.
    """
    if stored.size < _TABLE_PIXELS or isinstance(step, Lut):
        return _scaled(modality_values(stored, step), minimum, maximum)
    table = _table(step, stored.dtype.str, minimum, maximum)
    found, result = patterns(np.ascontiguousarray(stored)), np.empty(stored.shape, np.float32)
    for top in range(0, len(found), STRIPE_ROWS):
        np.take(table, found[top : top + STRIPE_ROWS], out=result[top : top + STRIPE_ROWS], mode="clip")
    return result


def unscaled(values: npt.NDArray[Any], minimum: float, maximum: float) -> npt.NDArray[np.float64]:
    """The values of which ``scaled`` made these."""
    result: npt.NDArray[np.float64] = values.astype(np.float64)
    result *= maximum - minimum
    result += minimum
    return result


def _scaled(values: npt.NDArray[np.float64], minimum: float, maximum: float) -> npt.NDArray[np.float32]:
    if maximum == minimum:
        return np.zeros(values.shape, np.float32)
    return ((values - minimum) / (maximum - minimum)).astype(np.float32)


@lru_cache(maxsize=64)
def _table(step: Rescaling, dtype: str, minimum: float, maximum: float) -> npt.NDArray[np.float32]:
    """The scaled value of each bit pattern of ``dtype``."""
    bits = 8 * np.dtype(dtype).itemsize
    every = np.arange(2**bits, dtype=f"u{bits // 8}").view(dtype)
    return _scaled(modality_values(every, step), minimum, maximum)
