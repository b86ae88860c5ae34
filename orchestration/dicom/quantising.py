"""From values after the modality LUT back to stored values: the way of PS3.3 C.11.1 in the other direction."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.description import Description
from orchestration.dicom.greys import Lut, Rescaling, after_modality

Values = npt.NDArray[np.float64]
Stored = npt.NDArray[Any]

# A float32 between 0 and 1 misses its value by 2**-25 at most: so many steps of 1 between the lowest and the highest
# value still come back by rounding.
MOST_EXACT_STEPS = 0.49 * 2**25


@dataclass(frozen=True)
class StoredRange:
    """The type of stored values, and the lowest and the highest that Bits Stored allows."""

    dtype: str
    low: int
    high: int


def stored_range(described: Description, *, signed: bool) -> StoredRange:
    """The values that Bits Stored (0028,0101) and Pixel Representation (0028,0103) allow."""
    bits, kind = described.bits_stored, "i" if signed else "u"
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return StoredRange(f"{kind}{described.bits_allocated // 8}", low, high)


def full_range_rescaling(into: StoredRange, minimum: float, maximum: float) -> Rescaling:
    """The rescaling that spreads the values from ``minimum`` to ``maximum`` over the whole range."""
    slope = (maximum - minimum) / (into.high - into.low) or 1.0
    return Rescaling(slope, minimum - into.low * slope)


def quantise(values: Values, step: Lut | Rescaling, into: StoredRange) -> tuple[Stored, int]:
    """The stored value whose value after the modality LUT is nearest.

    Args:
        values: finite numbers.
        step: from stored values to these.
        into: what can be stored.

    Returns:
        The stored values, and how many values lay beyond what can be stored and became its nearest end.
    """
    if isinstance(step, Lut):
        return _nearest_entries(values, step, into)
    stored = np.rint((values - step.intercept) / step.slope)
    beyond = int(np.count_nonzero((stored < into.low) | (stored > into.high)))
    if beyond:
        np.clip(stored, into.low, into.high, out=stored)
    return stored.astype(into.dtype), beyond


def comes_back(step: Lut | Rescaling, into: StoredRange, minimum: float, maximum: float) -> bool:
    """Whether float32 from 0 to 1, for ``minimum`` to ``maximum``, gives every stored value back exactly."""
    if isinstance(step, Lut):
        mapped = after_modality(np.arange(into.low, into.high + 1, dtype=np.float64), step)
        return len(np.unique(mapped)) == len(mapped)
    return maximum - minimum <= abs(step.slope) * MOST_EXACT_STEPS


def _nearest_entries(values: Values, step: Lut, into: StoredRange) -> tuple[Stored, int]:
    candidates = np.arange(into.low, into.high + 1, dtype=np.float64)
    mapped = after_modality(candidates, step)
    order = np.argsort(mapped, kind="stable")
    ascending = mapped[order]
    above = np.clip(np.searchsorted(ascending, values), 1, len(ascending) - 1) if len(ascending) > 1 else 0
    below = above - 1 if len(ascending) > 1 else 0
    nearest = np.where(np.abs(values - ascending[below]) <= np.abs(ascending[above] - values), below, above)
    first_of_equals = np.searchsorted(ascending, ascending[nearest])
    beyond = int(np.count_nonzero((values < ascending[0]) | (values > ascending[-1])))
    return candidates[order[first_of_equals]].astype(into.dtype), beyond
