"""Instances of one series to a stack: which frames make a volume, in which order, and how far apart they lie.

Frames are sorted by their position along the normal of the image plane (PS3.3 C.7.6.2.1.1), by Slice Location only
where positions are missing, and never by the names of files.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from orchestration.dicom.series.axes import Coordinates, coordinates
from orchestration.dicom.series.instance import Instance, Orientation, Plane, Vector

SAME_POSITION_MM = 0.002  # decimal strings of six digits differ by less at one metre from the origin
_SAME_DIRECTION = 0.001  # of a direction cosine, 0.06 degrees
_UNEVEN = 0.02  # of the spacing, which tables and motors miss by less
_NAMED = 5  # files that a message names


class Gap(NamedTuple):
    """What is missing or uneven: where, without the names of files, and the files beside it."""

    detail: str
    files: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.detail} ({_named(self.files)})"


Spacing = tuple[float | None, float | None, float | None]


class StackError(ValueError):
    """These instances make no volume; the message completes "The series …" and names files."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of an instance, by its number from 0."""

    instance: Instance
    number: int

    @property
    def plane(self) -> Plane:
        """Where it lies."""
        return self.instance.planes[self.number]


@dataclass(frozen=True, slots=True)
class Stack:
    """The order of a series' frames.

    Attributes:
        axes: names of the axes; the last are ``row`` and ``column``.
        shape: their lengths.
        spacing: mm between slices (by positions, None where there is one or none), rows and columns.
        frames: in C order of all axes but the last two.
        marks: the elements that tell the entries of the extra axis apart; none without one, or where frames at a
            position only have an order.
        mark_values: the values of ``marks`` for each entry of the extra axis.
        gaps: what is missing or uneven, and was allowed.
        left_out: files of positions that are not complete.
    """

    axes: tuple[str, ...]
    shape: tuple[int, ...]
    spacing: Spacing
    frames: tuple[Frame, ...]
    marks: tuple[str, ...] = ()
    mark_values: tuple[tuple[float | str, ...], ...] = ()
    gaps: tuple[Gap, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def orientation(self) -> Orientation | None:
        """Image Orientation (Patient) of all frames."""
        return self.frames[0].plane.orientation

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The instances that have frames in it, in the order of their first."""
        return tuple({id(frame.instance): frame.instance for frame in self.frames}.values())


def stack(instances: Sequence[Instance], *, allow_gaps: bool = False) -> Stack:
    """Order the frames of one series.

    Args:
        instances: of one Series Instance UID, each once.
        allow_gaps: go on where slices are missing or unevenly spaced; positions that lack frames which others have
            are left out.

    Raises:
        StackError: studies, sizes or orientations are mixed, frames lie beside one another, nothing tells frames at one
            position apart, or something is missing and ``allow_gaps`` does not let it.
    """
    frames = [Frame(instance, number) for instance in instances for number in range(len(instance.planes))]
    _refuse_mixtures(frames)
    distances = _distances(frames)
    if distances is None:
        return _without_positions(frames)
    positions = _grouped(frames, distances)
    _refuse_neighbours([group for _, group in positions])
    told = _told_apart([group for _, group in positions])
    entries = max(len(group) for group in told.frames)
    complete = [number for number, group in enumerate(told.frames) if len(group) == entries]
    missing = [_missing(told, number, at) for number, (at, _) in enumerate(positions) if number not in set(complete)]
    places = [positions[number][0] for number in complete]
    between, uneven = _slice_spacing(places, [told.frames[number][0] for number in complete])
    gaps = (*missing, *uneven)
    if gaps and not allow_gaps:
        raise StackError(f"is not whole: {_listed(gaps)}; --allow-gaps goes on all the same")
    ordered = [told.frames[number] for number in complete]
    flat = tuple(group[entry] for entry in range(entries) for group in ordered)
    left_out = {
        frame.instance.name
        for number, group in enumerate(told.frames)
        if number not in set(complete)
        for frame in group
    }
    extra = ((told.axis, entries),) if entries > 1 else ()
    return _stacked(
        flat,
        (*extra, ("slice", len(ordered))),
        between,
        told=told if extra else None,
        gaps=gaps,
        left_out=tuple(sorted(left_out)),
    )


def _stacked(
    frames: tuple[Frame, ...],
    outer: tuple[tuple[str, int], ...],
    between: float | None,
    *,
    told: Coordinates[Frame] | None = None,
    gaps: tuple[Gap, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Stack:
    described, plane = frames[0].instance.description, frames[0].plane
    row, column = plane.spacing or (None, None)
    return Stack(
        axes=(*(name for name, _ in outer), "row", "column"),
        shape=(*(length for _, length in outer), described.rows, described.columns),
        spacing=(between, row, column),
        frames=frames,
        marks=told.marks if told else (),
        mark_values=told.values if told else (),
        gaps=gaps,
        left_out=left_out,
    )


def _without_positions(frames: Sequence[Frame]) -> Stack:
    """Frames that say nothing of where they lie, by Instance Number, as of angiography or a single picture."""

    def order(frame: Frame) -> tuple[float, str, int]:
        number = frame.plane.marks.get("InstanceNumber")
        return number if isinstance(number, float) else math.inf, frame.instance.sop_instance_uid, frame.number

    return _stacked(tuple(sorted(frames, key=order)), (("frame", len(frames)),), None)


def _refuse_mixtures(frames: Sequence[Frame]) -> None:
    """Refuse frames that differ in what all frames of a volume share; name the files on each side."""
    kinds: dict[str, Callable[[Frame], Hashable]] = {
        "studies": lambda frame: frame.instance.study_instance_uid,
        "frames of reference": lambda frame: frame.instance.frame_of_reference_uid or "none",
        "sizes": lambda frame: f"{frame.instance.description.rows} x {frame.instance.description.columns}",
        "types of stored values": lambda frame: _stored_type(frame.instance),
        "photometric interpretations": lambda frame: frame.instance.description.photometric_interpretation,
        "orientations": _nearest_orientation(),
        "pixel spacings": lambda frame: _rounded(frame.plane.spacing),
    }
    for what, kind in kinds.items():
        by_kind: dict[Hashable, list[str]] = defaultdict(list)
        for frame in frames:
            by_kind[kind(frame)].append(frame.instance.name)
        if len(by_kind) > 1:
            parts = [f"{kind} in {_named(names)}" for kind, names in by_kind.items()][:_NAMED]
            raise StackError(f"mixes {what}: {'; '.join(parts)}")


def _stored_type(instance: Instance) -> str:
    described = instance.description
    return f"{'signed' if instance.pixels.signed else 'unsigned'} {described.bits_allocated} bits"


def _nearest_orientation() -> Callable[[Frame], Hashable]:
    """The first orientation seen that differs by no more than rounding."""
    seen: list[Orientation] = []

    def kind(frame: Frame) -> Hashable:
        orientation = frame.plane.orientation
        if orientation is None:
            return "none"
        for known in seen:
            if all(abs(a - b) <= _SAME_DIRECTION for a, b in zip(known, orientation, strict=True)):
                return known
        seen.append(orientation)
        return orientation

    return kind


def _rounded(spacing: tuple[float, float] | None) -> str:
    return "none" if spacing is None else " x ".join(f"{length:.4g} mm" for length in spacing)


def _distances(frames: Sequence[Frame]) -> list[float] | None:
    """Of each frame along the normal, in mm, or its Slice Location; None where none of them says."""
    planes = [frame.plane for frame in frames]
    placed = [plane.position is not None and plane.orientation is not None for plane in planes]
    if all(placed):
        return [_along_normal(plane.position, plane.orientation) for plane in planes]  # type: ignore[arg-type]
    located = [plane.location is not None for plane in planes]
    if all(located):
        return [plane.location for plane in planes]  # type: ignore[misc]
    if not any(placed) and not any(located):
        return None
    without = [frame.instance.name for frame, has in zip(frames, placed, strict=True) if not has]
    raise StackError(f"has images without Image Position (Patient) beside others that have it: {_named(without)}")


def _along_normal(position: Vector, orientation: Orientation) -> float:
    row, column = orientation[:3], orientation[3:]
    normal = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    return sum(a * b for a, b in zip(position, normal, strict=True))


def _grouped(frames: Sequence[Frame], distances: Sequence[float]) -> list[tuple[float, list[Frame]]]:
    """The frames at each distance, in ascending order."""
    groups: list[tuple[float, list[Frame]]] = []
    for at, frame in sorted(zip(distances, frames, strict=True), key=lambda pair: pair[0]):
        if groups and at - groups[-1][0] <= SAME_POSITION_MM:
            groups[-1][1].append(frame)
        else:
            groups.append((at, [frame]))
    return groups


def _refuse_neighbours(groups: Sequence[Sequence[Frame]]) -> None:
    """Refuse frames that lie in one plane but beside one another: they are several volumes."""
    for group in groups:
        positions = [frame.plane.position for frame in group]
        first = positions[0]
        for frame, position in zip(group, positions, strict=True):
            if first and position and math.dist(first, position) > 10 * SAME_POSITION_MM:
                names = _named([group[0].instance.name, frame.instance.name])
                raise StackError(f"has images beside one another in one plane: {names}")


def _told_apart(groups: Sequence[Sequence[Frame]]) -> Coordinates[Frame]:
    def marks(frame: Frame) -> Mapping[str, float | str]:
        return frame.plane.marks

    found = coordinates(groups, marks)
    if found is None:
        group = max(groups, key=len)
        names = _named([frame.instance.name for frame in group])
        raise StackError(f"has {len(group)} images at one position that no element tells apart: {names}")
    return found


def _missing(told: Coordinates[Frame], number: int, at: float) -> Gap:
    group = told.frames[number]
    entries = max(len(one) for one in told.frames)
    return Gap(f"{len(group)} of {entries} images at {at:g} mm", tuple(frame.instance.name for frame in group))


def _slice_spacing(places: Sequence[float], frames: Sequence[Frame]) -> tuple[float | None, tuple[Gap, ...]]:
    """The distance between slices, the median where it is uneven; and where it is uneven."""
    if len(places) < 2:
        return None, ()
    steps = [after - before for before, after in pairwise(places)]
    usual = median(steps)
    allowed = max(_UNEVEN * usual, SAME_POSITION_MM)
    uneven = tuple(
        Gap(
            f"{step:g} mm between slices where {usual:g} mm are usual, at {places[number]:g} mm",
            (frames[number].instance.name, frames[number + 1].instance.name),
        )
        for number, step in enumerate(steps)
        if abs(step - usual) > allowed
    )
    return round(usual if uneven else (places[-1] - places[0]) / len(steps), 6), uneven


def _listed(gaps: Sequence[Gap]) -> str:
    more = len(gaps) - _NAMED
    return "; ".join(map(str, gaps[:_NAMED])) + (f"; and {more} more" if more > 0 else "")


def _named(names: Sequence[str]) -> str:
    """The first of the names, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _NAMED
    return ", ".join(distinct[:_NAMED]) + (f" and {more} more files" if more > 0 else "")
