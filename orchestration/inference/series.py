"""The ways to read and to write that the built-in jobs use, and that a job of one's own may use as well."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.inference.config import filters, matches
from orchestration.inference.context import Known, Run, current_run
from orchestration.inference.errors import JobError
from orchestration.inference.job import Array, Config, MetaData
from orchestration.inference.memory import working_array
from orchestration.volumes import Derivation, Series, find_series, open_frames, write_series

_OUTSIDE = Derivation(description="Derived by doubleread", seed="doubleread")


def read_volume(in_dir: Path, config: Config) -> tuple[Array, MetaData]:
    """Read the one series of a folder that the config's filters choose.

    Returns:
        ``float32`` of (slices, rows, columns), with one more axis in front where the series holds several acquisitions
        or time points: the values after the modality LUT, brought to 0..1 over the whole series (all 0 for a constant
        one), as ``doubleread dicom2hdf5`` writes them. The meta data hold ``spacing`` in mm (None where a distance is
        not known), ``axes``, ``minimum`` and ``maximum`` before that, ``modality``, ``series_instance_uid`` and
        ``study_instance_uid``; nothing of the patient.

    Raises:
        JobError: there is no such series, or more than one, or it is too large.
        SeriesError: its images make no volume, or one is damaged; the message names the files.
    """
    known = _known(in_dir, config)
    stack = known.series.stack
    volume = working_array(stack.shape)
    with open_frames(known.series) as frames:
        known.minimum, known.maximum = frames.minimum, frames.maximum
        scale = known.maximum - known.minimum or 1.0
        for number, slot in enumerate(volume.reshape(-1, *stack.shape[-2:])):
            slot[:] = (frames.values(number) - known.minimum) / scale
    return volume, {
        "spacing": tuple(stack.spacing),
        "axes": tuple(stack.axes),
        "minimum": known.minimum,
        "maximum": known.maximum,
        "modality": known.series.modality,
        "series_instance_uid": known.series.uid,
        "study_instance_uid": known.series.study_uid,
    }


def write_dicoms(volume: Array, in_dir: Path, out_dir: Path) -> None:
    """Write a volume of values from 0 to 1 as a new series, with the headers and the range of the folder's series.

    Each file is called by its new SOP Instance UID. UIDs follow from those of the source, the job and its config.
    Values that the stored type cannot hold become its lowest or highest value.

    Raises:
        JobError: the folder does not hold exactly one series.
        SeriesError: the volume is not of the series' shape, or not finite.
        OSError: a file can't be written.
    """
    known = _known(in_dir, {})
    stack = known.series.stack
    if volume.shape != stack.shape:
        raise JobError(f"its result has the shape {volume.shape}, its images make {stack.shape}")
    if known.minimum is None or known.maximum is None:
        with open_frames(known.series) as frames:
            known.minimum, known.maximum = frames.minimum, frames.maximum
    run = current_run()
    known.written = write_series(
        known.series,
        _InUnits(volume.reshape(-1, *stack.shape[-2:]), known.minimum, known.maximum),
        out_dir,
        run.derivation if run else _OUTSIDE,
    )


class _InUnits:
    """Frames in the units after the modality LUT, each made when it is asked for."""

    def __init__(self, frames: Array, minimum: float, maximum: float) -> None:
        self._frames, self._minimum, self._range = frames, minimum, maximum - minimum

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, number: int) -> npt.NDArray[np.float64]:
        values: npt.NDArray[np.float64] = self._frames[number].astype(np.float64)
        values *= self._range
        values += self._minimum
        return values


def _known(in_dir: Path, config: Config) -> Known:
    """The series of a folder: the run knows it, or the folder is searched."""
    run = current_run()
    known = run.folders.get(Path(in_dir)) if run else None
    return known or _searched(Path(in_dir), config, run)


def _searched(in_dir: Path, config: Config, run: Run | None) -> Known:
    """Look for the one series of a folder, and let the run know it from then on."""
    wanted = filters(config)
    found = find_series(in_dir, keywords=list(wanted))
    chosen = [
        series
        for series in found.series
        if all(matches(values, series.elements[keyword]) for keyword, values in wanted.items())
    ]
    if len(chosen) != 1:
        raise JobError(f"the folder holds {len(chosen)} series that the config chooses; it must hold one")
    known = Known(chosen[0])
    if run:
        run.folders[in_dir] = known
    return known


def shape_of(series: Series) -> tuple[tuple[int, ...], MetaData]:
    """Shape of each 3-D volume of a series, and the meta data that ``read_volume`` will give, before it is read."""
    stack = series.stack
    meta_data: dict[str, Any] = {"spacing": tuple(stack.spacing), "axes": tuple(stack.axes)}
    return stack.shape[-3:], meta_data
