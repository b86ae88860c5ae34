"""Derived DICOMs of a series: the headers of its files with new pixels, in a folder that appears as a whole."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack
from typing import Any, Protocol

import imagecodecs
import numpy as np
import numpy.typing as npt

from orchestration.dicom.deriving import Derivation, NewGreys, derived_header, derived_uid
from orchestration.dicom.greys import Lut, Rescaling
from orchestration.dicom.quantising import NotFiniteError, StoredRange, full_range_rescaling, quantise, stored_range
from orchestration.dicom.series import Instance
from orchestration.errors import DoublereadError
from orchestration.images import ImageError
from orchestration.outcomes import Progress, no_progress, printable
from orchestration.stores.publishing import folder_beside
from orchestration.volumes.series import Series, SeriesError
from orchestration.volumes.spreading import processes, threads

# Of larger frames numpy does most of the work, without the interpreter's lock; fewer files are done before processes
# have started.
_SMALL_FRAME_PIXELS, _MANY_FILES = 1 << 16, 500
_MOST_NATIVE_BYTES = 0xFFFFFFFE  # of Pixel Data (PS3.5 7.1.1)

Values = npt.NDArray[Any]


class OutputExistsError(DoublereadError):
    """The output exists already, and was not to be replaced."""


class LaterFrame(Protocol):
    """A frame that a worker reads itself; can be sent to another process."""

    def values(self) -> npt.NDArray[np.float64]:
        """(rows, columns) values after the modality LUT, in an array that may be overwritten."""


class Pixels(Protocol):
    """The frames of a new volume, by their number in the order of the series' stack.

    An array of shape (frames, rows, columns) serves as well.
    """

    def __getitem__(self, number: int, /) -> Values | LaterFrame:
        """(rows, columns) values after the modality LUT, or what reads them."""


@dataclass(frozen=True)
class Written:
    """A series that was written.

    Attributes:
        series_uid: Series Instance UID of the new series.
        uids: SOP Instance UID of each new file, by that of its source; a file is called ``<UID>.dcm``.
        clipped: how many values lay beyond what can be stored, and became the nearest that can.
    """

    series_uid: str
    uids: dict[str, str] = field(default_factory=dict)
    clipped: int = 0


@dataclass(frozen=True)
class _File:
    source: Path
    name: str
    final: Path
    derivation: Derivation
    frames: Iterable[Values | LaterFrame]
    steps: tuple[Lut | Rescaling, ...]
    into: StoredRange
    shape: tuple[int, int]
    greys: NewGreys | None
    compress: bool


@contextmanager
def derived_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """An empty folder to write series to, which takes the place of ``out`` when the block ends well.

    Raises:
        OutputExistsError: ``out`` exists, and ``overwrite`` is not set.
        DoublereadError: it can't be written; nothing is left of it, and what was there before stays.
    """
    refuse_existing(out, overwrite=overwrite)
    if out.exists() and not out.is_dir():
        raise OutputExistsError(f"{out} is a file, not a folder")
    try:
        with folder_beside(out) as folder:
            yield folder
    except OSError as error:
        raise DoublereadError(f"{out} cannot be written: {error.strerror or error}; nothing was left there") from None


def refuse_existing(out: Path, *, overwrite: bool) -> None:
    """Refuse an output that exists and may not be replaced; an empty folder may.

    Raises:
        OutputExistsError: it exists.
    """
    is_empty_folder = out.is_dir() and not any(out.iterdir())
    if out.exists() and not overwrite and not is_empty_folder:
        raise OutputExistsError(f"{out} exists; --overwrite replaces it")


def write_derived(
    series: Series,
    pixels: Pixels,
    out: Path,
    derivation: Derivation,
    *,
    overwrite: bool = False,
    full_range: tuple[float, float] | None = None,
    compress: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Written:
    """Write one series to a folder of its own; see ``derived_folder`` and ``write_series``."""
    with derived_folder(out, overwrite=overwrite) as folder:
        return write_series(
            series,
            pixels,
            folder,
            derivation,
            full_range=full_range,
            compress=compress,
            workers=workers,
            progress=progress,
        )


def write_series(
    series: Series,
    pixels: Pixels,
    folder: Path,
    derivation: Derivation,
    *,
    full_range: tuple[float, float] | None = None,
    compress: bool = False,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Written:
    """Write a file for each file of the series, with its header and new pixels, rounded to the nearest stored value.

    Where one fails, those that were written are removed.

    Args:
        series: without a problem.
        pixels: a frame for each of the series' stack.
        folder: where ``<UID>.dcm`` go; made where it is missing.
        derivation: what was done.
        full_range: values that become the lowest and the highest that Bits Stored allows; unless given, values keep
            the meaning that they have in the source.
        compress: into JPEG-LS, lossless; else the pixels are native.
        workers: processes or threads, one for each core unless given.
        progress: called with the files written and the files in all.

    Raises:
        SeriesError: it has a problem, or a frame is of another size, or not finite; names the file.
        OSError: a file can't be written.
    """
    places = {(id(frame.instance), frame.number): at for at, frame in enumerate(series.stack.frames)}
    instances = series.stack.instances
    rows, columns = series.shape[-2:]
    by_processes = (
        rows * columns <= _SMALL_FRAME_PIXELS
        and len(instances) >= _MANY_FILES
        and all(len(one.planes) == 1 for one in instances)
    )
    running = processes(workers, len(instances)) if by_processes else threads(workers)
    written = Written(derived_uid(series.uid, derivation.seed))
    clipped = 0
    making = _Making(series, pixels, folder, derivation, full_range, compress, places)
    tasks = ((instance, making.file(instance)) for instance in instances)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with running as workers_of_files:
            for instance, count in workers_of_files.run(_write, tasks, in_order=True):
                clipped += _counted(instance, count)
                written.uids[instance.sop_instance_uid] = derived_uid(instance.sop_instance_uid, derivation.seed)
                progress(len(written.uids), len(instances))
    except BaseException:
        for instance in instances:
            (folder / f"{derived_uid(instance.sop_instance_uid, derivation.seed)}.dcm").unlink(missing_ok=True)
        raise
    return Written(written.series_uid, written.uids, clipped)


def _counted(instance: Instance, outcome: int | Exception) -> int:
    if isinstance(outcome, SeriesError | OSError):
        raise outcome
    if isinstance(outcome, Exception):
        raise SeriesError(f"{printable(instance.name)} {outcome}") from None
    return outcome


@dataclass(frozen=True)
class _Picked:
    """The frames of one file, each taken when its turn comes."""

    pixels: Pixels
    numbers: tuple[int, ...]

    def __iter__(self) -> Iterator[Values | LaterFrame]:
        return (self.pixels[number] for number in self.numbers)


@dataclass(frozen=True)
class _Making:
    """What all files of a series have in common."""

    series: Series
    pixels: Pixels
    folder: Path
    derivation: Derivation
    full_range: tuple[float, float] | None
    compress: bool
    places: dict[tuple[int, int], int]

    def file(self, instance: Instance) -> _File:
        planes = range(len(instance.planes))
        if any((id(instance), number) not in self.places for number in planes):
            raise SeriesError(f"{printable(instance.name)} has frames that the volume leaves out")
        numbers = tuple(self.places[id(instance), number] for number in planes)
        into = stored_range(instance.description, signed=instance.pixels.signed)
        steps, greys = tuple(plane.modality for plane in instance.planes), None
        if self.full_range is not None:
            low, high = self.full_range
            greys = NewGreys(full_range_rescaling(into, low, high), (low + high) / 2, (high - low) or 1.0)
            steps = (greys.rescaling,) * len(steps)
        uid = derived_uid(instance.sop_instance_uid, self.derivation.seed)
        return _File(
            source=self.series.path(instance),
            name=instance.name,
            final=self.folder / f"{uid}.dcm",
            derivation=self.derivation,
            # One frame is small enough to hand over; of many, each is taken in its turn.
            frames=(self.pixels[numbers[0]],) if len(numbers) == 1 else _Picked(self.pixels, numbers),
            steps=steps,
            into=into,
            shape=(instance.description.rows, instance.description.columns),
            greys=greys,
            compress=self.compress,
        )


def _write(file: _File) -> int:
    """Write a file; how many of its values were clipped."""
    try:
        header = derived_header(file.source, file.derivation, compress=file.compress, greys=file.greys)
    except ImageError as error:
        raise SeriesError(f"{printable(file.name)} {error}") from None
    itemsize = np.dtype(file.into.dtype).itemsize
    length = len(file.steps) * file.shape[0] * file.shape[1] * itemsize
    if length > _MOST_NATIVE_BYTES and not file.compress:
        raise SeriesError(f"{printable(file.name)}: {length:,} bytes of pixels need --compress, native ones have 2**32")
    clipped = 0
    with file.final.open("xb") as out:
        out.write(header.data)
        out.write(header.pixel_element(None if file.compress else length + length % 2, 8 * itemsize))
        for number, (frame, step) in enumerate(zip(file.frames, file.steps, strict=True)):
            stored, beyond = _quantised(file, frame, step, number)
            clipped += beyond
            out.write(_fragment(stored) if file.compress else stored.astype(stored.dtype.newbyteorder("<")).data)
        if file.compress:
            out.write(pack("<HHL", 0xFFFE, 0xE0DD, 0))
        elif length % 2:
            out.write(b"\0")
    return clipped


def _quantised(
    file: _File, frame: Values | LaterFrame, step: Lut | Rescaling, number: int
) -> tuple[npt.NDArray[Any], int]:
    values = frame.astype(np.float64) if isinstance(frame, np.ndarray) else frame.values()
    which = f"the new frame {number + 1} of {printable(file.name)}"
    if values.shape != file.shape:
        raise SeriesError(f"{which} has the shape {values.shape}, its source {file.shape}")
    try:
        return quantise(values, step, file.into)
    except NotFiniteError:
        raise SeriesError(f"{which} holds values that are no numbers (NaN or infinity)") from None


def _fragment(stored: npt.NDArray[Any]) -> bytes:
    """One frame as an item of encapsulated pixels (PS3.5 A.4), of even length.

    JPEG-LS: dcmtk and GDCM read it as well, unlike JPEG 2000 in dcmtk; it is smaller than RLE, and quickly made.
    """
    codestream = imagecodecs.jpegls_encode(np.ascontiguousarray(stored).view(f"u{stored.itemsize}"))
    padded = codestream + bytes(len(codestream) % 2)
    return pack("<HHL", 0xFFFE, 0xE000, len(padded)) + padded
