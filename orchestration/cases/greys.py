"""How stored values are shown, in a form that a person can read: where each grey begins."""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field

from orchestration.imaging import Image8

Step = tuple[Annotated[int, Field(ge=-(2**15), lt=2**16)], Annotated[int, Field(ge=0, le=255)]]


def smallest(dtype: np.dtype[Any]) -> int:
    """The smallest value of an integer type."""
    return int(np.iinfo(dtype).min)


def steps_of(table: Image8, dtype: np.dtype[Any]) -> list[Step]:
    """Pairs of a stored value and the grey of it and of all values up to the next pair's.

    Args:
        table: (256,) or (65536,) the grey of each bit pattern of a ``dtype``.
        dtype: of the stored values.
    """
    greys = _halves_changed(table, dtype)
    starts = np.flatnonzero(np.r_[True, greys[1:] != greys[:-1]])
    return [(int(start) + smallest(dtype), int(greys[start])) for start in starts]


def table_of(steps: list[Step], dtype: np.dtype[Any]) -> Image8:
    """The table that ``steps_of`` was given.

    Raises:
        ValueError: the pairs do not go through all values in their order.
    """
    starts = np.array([start for start, _ in steps], np.int64) - smallest(dtype)
    lengths = np.diff(np.append(starts, 2 ** (8 * dtype.itemsize)))
    if not steps or starts[0] or (lengths < 1).any():
        raise ValueError("the greys do not go through all stored values in their order")
    greys = np.repeat(np.array([grey for _, grey in steps], np.uint8), lengths)
    return _halves_changed(greys, dtype)


def _halves_changed(table: Image8, dtype: npt.DTypeLike) -> Image8:
    """From the order of bit patterns to that of values, or back: negative numbers have the greater patterns."""
    return np.roll(table, len(table) // 2) if np.dtype(dtype).kind == "i" else table
