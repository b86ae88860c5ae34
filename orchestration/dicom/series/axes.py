"""What tells several frames at one position apart: time, echo, b-value, acquisition or whatever varies there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

from orchestration.dicom.series.instance import MARKS

_MOST_MARKS = 2  # that together tell frames apart, such as echo and component
# Elements whose values differ from position to position, but have an order at each.
_RANKED = (
    *("AcquisitionDateTime", "FrameAcquisitionDateTime", "AcquisitionTime", "TriggerTime", "ContentTime"),
    *("AcquisitionNumber", "InstanceNumber"),
)

T = TypeVar("T")
Mark = float | str


@dataclass(frozen=True)
class Coordinates(Generic[T]):
    """Frames at each position, in the order of the extra axis.

    Attributes:
        axis: its name.
        marks: the elements whose values are the same at each position; empty where frames only have an order.
        values: those of each entry of the axis.
        frames: of each position; where some are missing, those that are there.
    """

    axis: str
    marks: tuple[str, ...]
    values: tuple[tuple[Mark, ...], ...]
    frames: tuple[tuple[T, ...], ...]


def coordinates(positions: Sequence[Sequence[T]], marks: Callable[[T], Mapping[str, Mark]]) -> Coordinates[T] | None:
    """Find the element, or two together, that tells the frames at every position apart in the same way.

    An element serves if it differs between any two frames at a position, and has no more values in all than there are
    frames at the fullest position. Where none does, the order of times or numbers at each position serves.

    Args:
        positions: the frames at each position.
        marks: the values of a frame for the elements ``MARKS``.

    Returns:
        None where nothing tells them apart.
    """
    entries = max(len(group) for group in positions)
    if entries == 1:
        return Coordinates("", (), (), tuple(tuple(group) for group in positions))
    of_all = [[marks(frame) for frame in group] for group in positions]
    known = [keyword for keyword in MARKS if all(keyword in frame for group in of_all for frame in group)]
    differing = [keyword for keyword in known if any(len({one[keyword] for one in group}) > 1 for group in of_all)]
    for count in range(1, _MOST_MARKS + 1):
        for keywords in combinations(differing, count):
            keys = [[tuple(frame[keyword] for keyword in keywords) for frame in group] for group in of_all]
            values = {key for group in keys for key in group}
            if len(values) == entries and all(len(set(group)) == len(group) for group in keys):
                return Coordinates(
                    _axis(keywords), keywords, tuple(sorted(values, key=_order)), _sorted(positions, keys)
                )
    for keyword in _RANKED:
        if keyword in differing and all(len({frame[keyword] for frame in group}) == len(group) for group in of_all):
            keys = [[(frame[keyword],) for frame in group] for group in of_all]
            return Coordinates(_axis([keyword]), (), (), _sorted(positions, keys))
    return None


def _axis(keywords: Sequence[str]) -> str:
    return "_".join(dict.fromkeys(MARKS[keyword][0] for keyword in keywords))


def _sorted(positions: Sequence[Sequence[T]], keys: Sequence[Sequence[tuple[Mark, ...]]]) -> tuple[tuple[T, ...], ...]:
    return tuple(
        tuple(group[number] for number in sorted(range(len(group)), key=lambda number: _order(of_group[number])))
        for group, of_group in zip(positions, keys, strict=True)
    )


def _order(key: tuple[Mark, ...]) -> tuple[tuple[bool, float, str], ...]:
    """Numbers before texts, so that they can be compared."""
    return tuple((isinstance(one, str), 0.0 if isinstance(one, str) else one, str(one)) for one in key)
