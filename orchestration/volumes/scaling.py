"""Values after the modality LUT as numbers from 0 to 1, and back."""

from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.greys import Lut
from orchestration.images import STRIPE_ROWS
from orchestration.volumes.reading import Frames, modality_values


def scaled(frames: Frames, number: int, stored: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Rows of a frame as (value - minimum) / (maximum - minimum), rounded to float32; 0 where both are the same.

    Where one rescaling serves all frames, it cancels out, and (stored - first) / (last - first) is the same number:
    integers of 17 bits are exact in float32, so that this one division rounds as well as float64 would, in a fifth of
    the time.

    Args:
        frames: of the volume.
        number: of the frame.
        stored: stored values of all of its rows, or of some.
    """
    ends = _ends(frames)
    if ends is None:
        return _scaled(modality_values(stored, frames.modality(number)), frames.minimum, frames.maximum)
    first, last = ends
    result = np.empty(stored.shape, np.float32)
    for top in range(0, len(stored), STRIPE_ROWS):
        stripe = slice(top, top + STRIPE_ROWS)
        np.subtract(stored[stripe], np.float32(first), out=result[stripe], dtype=np.float32)
        if last != first:
            np.divide(result[stripe], np.float32(last - first), out=result[stripe])
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


def _ends(frames: Frames) -> tuple[int, int] | None:
    """The stored values of the minimum and the maximum; None where frames have rescalings of their own, or a table."""
    step = frames.common_step
    if step is None or isinstance(step, Lut):
        return None
    lowest, highest = frames.stored_limits
    return (lowest, highest) if step.slope > 0 else (highest, lowest)
