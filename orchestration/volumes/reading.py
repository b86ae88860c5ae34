"""The frames of a series, decoded once: as stored values, or as they are after the modality LUT.

Compressed frames are decoded on workers into a file among the temporary ones, and read from there as they are needed;
others are read where they are. So a series of any size takes the memory of a few frames.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.description import Description
from orchestration.dicom.frames import read_frame
from orchestration.dicom.greys import Lut, Rescaling, after_modality
from orchestration.dicom.pixel_file import PixelElement
from orchestration.dicom.series import Frame, Stack
from orchestration.errors import DoublereadError
from orchestration.images import ImageError
from orchestration.outcomes import Progress, no_progress, printable
from orchestration.stores.scratch import scratch_folder
from orchestration.volumes.series import Series, SeriesError
from orchestration.volumes.spreading import processes, threads

Stored = npt.NDArray[Any]
Values = npt.NDArray[Any]

_FRAMES_A_TASK = 4
_WRITTEN_BYTES = 1 << 20  # at a time: ext4 takes half the CPU time for these that it takes for 54 MB at once


@dataclass(frozen=True)
class _Piece:
    """A frame to read: where it lies, what it means, and where its stored values go, if anywhere."""

    name: str
    path: Path
    description: Description
    pixels: PixelElement
    modality: Lut | Rescaling
    kept: Path | None
    number: int


@dataclass(frozen=True)
class Limits:
    """The lowest and the highest value of a frame, stored and after the modality LUT."""

    stored: tuple[int, int]
    values: tuple[float, float]


class Frames:
    """The frames of a series, each read when asked for, by its number in the order of the stack; threads may share it.

    Attributes:
        series: whose frames they are.
        limits: of each frame.
    """

    def __init__(self, series: Series, kept: Path | None, limits: list[Limits]) -> None:
        self.series = series
        self.limits = limits
        self._pieces = [_piece(series, frame, None, number) for number, frame in enumerate(series.stack.frames)]
        self._kept = kept

    def __len__(self) -> int:
        return len(self._pieces)

    @cached_property
    def common_step(self) -> Lut | Rescaling | None:
        """The step from stored values to those after the modality LUT that serves all frames; None without one."""
        first = self._pieces[0].modality
        # A table has no equality, but the one of a file is one object.
        return first if all(piece.modality is first or piece.modality == first for piece in self._pieces) else None

    @cached_property
    def stored_limits(self) -> tuple[int, int]:
        """The lowest and the highest stored value."""
        return min(one.stored[0] for one in self.limits), max(one.stored[1] for one in self.limits)

    @cached_property
    def minimum(self) -> float:
        """The lowest value after the modality LUT."""
        return min(one.values[0] for one in self.limits)

    @cached_property
    def maximum(self) -> float:
        """The highest value after the modality LUT."""
        return max(one.values[1] for one in self.limits)

    def modality(self, number: int) -> Lut | Rescaling:
        """The step from a frame's stored values to those after the modality LUT."""
        return self._pieces[number].modality

    def stored(self, number: int) -> Stored:
        """(rows, columns) stored values of a frame, of the type ``series.dtype``.

        Raises:
            SeriesError: it is damaged; the message names its file.
        """
        piece = self._pieces[number]
        if self._kept is None:
            return _read(piece)
        shape = (piece.description.rows, piece.description.columns)
        stored = np.empty(shape, self.series.dtype)
        with self._kept.open("rb", buffering=0) as file:
            file.seek(number * stored.nbytes)
            file.readinto(stored.reshape(-1).view(np.uint8).data)
        return stored

    def values(self, number: int, dtype: npt.DTypeLike = np.float64) -> Values:
        """(rows, columns) values of a frame after the modality LUT, of a floating type.

        Raises:
            SeriesError: it is damaged; the message names its file.
        """
        return modality_values(self.stored(number), self.modality(number)).astype(dtype, copy=False)


def modality_values(stored: Stored, step: Lut | Rescaling) -> npt.NDArray[np.float64]:
    """Stored values after the modality LUT."""
    return after_modality(stored.astype(np.float64), step)


@contextmanager
def open_frames(series: Series, *, workers: int | None = None, progress: Progress = no_progress) -> Iterator[Frames]:
    """Decode all frames of a series once; their temporary file is removed when the block ends.

    Args:
        series: without a problem.
        workers: processes that decode, one for each core unless given.
        progress: called with the frames decoded and the frames in all.

    Raises:
        SeriesError: it has a problem, or a frame is damaged; the message names the file.
        DoublereadError: there is no room for the decoded frames among the temporary files.
    """
    frames = series.stack.frames
    if not any(frame.instance.pixels.is_compressed or frame.instance.pixels.is_deflated for frame in frames):
        yield Frames(series, None, _measure_all(series, None, workers, progress))
        return
    with scratch_folder() as folder:
        kept = folder / "frames"
        kept.touch()
        yield Frames(series, kept, _measure_all(series, kept, workers, progress))


def read_volume(
    series: Series,
    number: int = 0,
    *,
    dtype: npt.DTypeLike = np.float32,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Values:
    """One volume of a series in memory, after the modality LUT.

    Args:
        series: without a problem.
        number: of the entry of the extra axis, where there is one.
        dtype: a floating type.
        workers: as ``open_frames``.
        progress: as ``open_frames``.

    Returns:
        (slices, rows, columns); of a series without positions (frames, rows, columns).

    Raises:
        SeriesError: as ``open_frames``.
        IndexError: there is no such entry.
    """
    if not 0 <= number < series.volumes:
        raise IndexError(f"the series has {series.volumes} volumes")
    part = replace(series, checked_stack=_entry(series.stack, number))
    with open_frames(part, workers=workers, progress=progress) as frames:
        volume = np.empty(part.shape, dtype)
        for at in range(len(frames)):
            volume[at] = frames.values(at, dtype)
    return volume


def pixel_digest(frames: Frames) -> str:
    """SHA-256, in hexadecimal, of the stored values of all frames in their order, with their shape and type."""
    digest = hashlib.sha256(repr((frames.series.shape, frames.series.dtype.str)).encode())
    for number in range(len(frames)):
        digest.update(np.ascontiguousarray(frames.stored(number)).data)
    return digest.hexdigest()


def _entry(stack: Stack, number: int) -> Stack:
    """One entry of the extra axis as a stack of its own."""
    if len(stack.shape) == 3:
        return stack
    slices = stack.shape[1]
    frames = stack.frames[number * slices : (number + 1) * slices]
    return replace(stack, axes=stack.axes[1:], shape=stack.shape[1:], frames=frames, marks=(), mark_values=())


def _piece(series: Series, frame: Frame, kept: Path | None, number: int) -> _Piece:
    instance = frame.instance
    pixels = replace(instance.pixels, frames=(instance.pixels.frames[frame.number],))
    path = series.path(instance)
    return _Piece(instance.name, path, instance.description, pixels, frame.plane.modality, kept, number)


def _measure_all(series: Series, kept: Path | None, workers: int | None, progress: Progress) -> list[Limits]:
    """Decode every frame once for its lowest and highest stored value; keep the values where ``kept`` is given."""
    frames = series.stack.frames
    pieces = (_piece(series, frame, kept, number) for number, frame in enumerate(frames))
    tasks = ((batch[0].name, batch) for batch in iter(lambda: list(islice(pieces, _FRAMES_A_TASK)), []))
    limits: list[Limits] = []
    decoding = processes(workers, len(frames)) if kept else threads(workers)
    with decoding as running:
        for name, found in running.run(_measure, tasks, in_order=True):
            if isinstance(found, OSError):
                raise DoublereadError(_no_room(found)) from None
            if isinstance(found, SeriesError):
                raise found
            if isinstance(found, Exception):
                raise SeriesError(f"{printable(name)}: {found}") from None
            limits += found
            progress(len(limits), len(frames))
    return limits


def _measure(pieces: list[_Piece]) -> list[Limits]:
    """Decode frames, keep their stored values where that is asked for, and tell their limits."""
    found = []
    for piece in pieces:
        stored = _read(piece)
        if piece.kept is not None:
            _keep(piece.kept, stored, piece.number)
        low, high = int(stored.min()), int(stored.max())
        if isinstance(piece.modality, Lut):
            values = modality_values(stored, piece.modality)
            ends = (float(values.min()), float(values.max()))
        else:
            first, last = (float(value * piece.modality.slope + piece.modality.intercept) for value in (low, high))
            ends = (min(first, last), max(first, last))
        found.append(Limits((low, high), ends))
    return found


def _read(piece: _Piece) -> Stored:
    try:
        return read_frame(piece.path, piece.description, piece.pixels, 0)
    except ImageError as error:
        raise SeriesError(f"{printable(piece.name)} {error}") from None
    except OSError as error:
        raise SeriesError(f"{printable(piece.name)} cannot be read ({error.strerror})") from None


def _keep(path: Path, stored: Stored, number: int) -> None:
    descriptor = os.open(path, os.O_WRONLY)
    try:
        write_at(descriptor, np.ascontiguousarray(stored), number * stored.nbytes)
    finally:
        os.close(descriptor)


def write_at(descriptor: int, samples: Stored, offset: int) -> None:
    """Write C-contiguous samples to a place in a file; threads may do so side by side.

    Raises:
        OSError: there is no room.
    """
    data = samples.reshape(-1).view(np.uint8).data
    while data:
        written = os.pwrite(descriptor, data[:_WRITTEN_BYTES], offset)
        data, offset = data[written:], offset + written


def _no_room(error: OSError) -> str:
    return (
        f"the decoded frames do not fit into a temporary file in {tempfile.gettempdir()} ({error.strerror}); make room "
        "there, or name another folder in TMPDIR"
    )
