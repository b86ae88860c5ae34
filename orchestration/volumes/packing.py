"""Series of a folder into one HDF5 file, a frame at a time, and what a model needs to know of them into JSON."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from orchestration.dicom.quantising import comes_back, stored_range
from orchestration.errors import DoublereadError
from orchestration.images import STRIPE_ROWS
from orchestration.outcomes import Failures, StageListener, no_stages
from orchestration.stores.publishing import beside
from orchestration.volumes.chunks import GZIP_LEVEL, encode_chunk
from orchestration.volumes.deriving import refuse_existing
from orchestration.volumes.hdf5 import DATA, attributes, hdf5_errors, require_h5py
from orchestration.volumes.reading import Frames, open_frames, write_at
from orchestration.volumes.scaling import scaled
from orchestration.volumes.searching import Search, find_series
from orchestration.volumes.series import Series, SeriesError
from orchestration.volumes.spreading import threads
from orchestration.workers import Workers

if TYPE_CHECKING:
    import h5py

# The oldest form of HDF5 that has room for the attributes of thousands of frames; readers of 2008 and later know it.
_FORM = ("v108", "v110")

Places = dict[int, tuple[int, ...]]
"""Where in its dataset each frame begins, by its number."""

T = TypeVar("T")


@dataclass(frozen=True)
class Packing:
    """How volumes are packed.

    Attributes:
        stored: keep the stored integers instead of floats from 0 to 1.
        compress: with HDF5's own filters.
        allow_gaps: pack series that lack slices.
        workers: processes and threads, one of each for each core unless given.
    """

    stored: bool = False
    compress: bool = True
    allow_gaps: bool = False
    workers: int | None = None


@dataclass
class PackReport:
    """What became of the series of a folder.

    Attributes:
        search: what the folder holds.
        packed: the description of each series that was packed, by UID.
        failed: series that could not be packed.
    """

    search: Search
    packed: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: Failures = field(default_factory=Failures)


def pack(
    folder: Path,
    hdf5: Path,
    described: Path,
    *,
    packing: Packing,
    series: Sequence[str] = (),
    overwrite: bool = False,
    listener: StageListener = no_stages,
) -> PackReport:
    """Pack the series of a folder; both files appear whole or not at all, and not where no series can be packed.

    Args:
        folder: searched with all folders below it.
        hdf5: the file of volumes.
        described: the JSON file.
        packing: how.
        series: Series Instance UIDs; all unless given, which must then be of one study.
        overwrite: whether to replace the files where they exist.
        listener: hears of the stages ``headers``, ``frames decoded`` and ``frames packed``.

    Raises:
        DoublereadError: a file exists or can't be written, the folder holds no such series, or several studies.
    """
    require_h5py()
    if hdf5.absolute() == described.absolute():
        raise DoublereadError("the HDF5 file and the JSON file must be two files")
    for out in (hdf5, described):
        refuse_existing(out, overwrite=overwrite)
    search = find_series(
        folder,
        allow_gaps=packing.allow_gaps,
        workers=packing.workers,
        progress=lambda done, total: listener("headers", done, total),
    )
    report = PackReport(search)
    chosen = choose_series(search, folder, series)
    with ExitStack() as partial, hdf5_errors(hdf5):
        for out in (hdf5, described):
            out.parent.mkdir(parents=True, exist_ok=True)
        new_hdf5, new_described = (partial.enter_context(beside(out)) for out in (hdf5, described))
        _pack_all(chosen, new_hdf5, packing, report, listener)
        if report.packed:
            only = next(iter(report.packed.values())) if len(chosen) == 1 else report.packed
            new_described.write_text(_json(only) + "\n", encoding="utf-8")
            new_hdf5.replace(hdf5)
            new_described.replace(described)
    return report


def choose_series(search: Search, folder: Path, uids: Sequence[str]) -> list[Series]:
    """The series of these UIDs, or all of them.

    Raises:
        DoublereadError: a named series is missing, there is none at all, or none was named and they are of several
            studies.
    """
    by_uid = {one.uid: one for one in search.series}
    missing = [uid for uid in uids if uid not in by_uid]
    if missing:
        raise DoublereadError(f"{folder} holds no series {missing[0]}; it holds {', '.join(by_uid) or 'none'}")
    if uids:
        return [by_uid[uid] for uid in dict.fromkeys(uids)]
    if not by_uid:
        first = [*search.failed.shown, *search.passed_over.shown][:1]
        example = f"; {first[0].item} {first[0].reason}" if first else ""
        raise DoublereadError(f"{folder} holds no grey DICOM image that can be read{example}")
    studies: dict[str, list[str]] = {}
    for one in search.series:
        studies.setdefault(one.study_uid, []).extend(instance.name for instance in one.instances)
    if len(studies) > 1:
        examples = "; ".join(f"{uid} in {', '.join(names[:3])}" for uid, names in list(studies.items())[:3])
        raise DoublereadError(f"{folder} mixes {len(studies)} studies: {examples}. Name the series with --series")
    return list(search.series)


def _pack_all(
    chosen: Sequence[Series], out: Path, packing: Packing, report: PackReport, listener: StageListener
) -> None:
    import h5py  # noqa: PLC0415 - an extra

    with h5py.File(out, "w", libver=_FORM) as file, threads(packing.workers) as workers:
        packer = _Packer(file, packing, workers, listener)
        for one in chosen:
            try:
                report.packed[one.uid] = packer.pack(one, DATA if len(chosen) == 1 else f"{one.uid}/{DATA}")
            except SeriesError as error:
                report.failed.add(one.uid, str(error).removeprefix(f"series {one.uid} "))
                if one.uid in file:
                    del file[one.uid]


@dataclass(frozen=True)
class _Packer:
    """Packs series into an opened file."""

    file: "h5py.File"
    packing: Packing
    workers: Workers
    listener: StageListener

    def pack(self, series: Series, name: str) -> dict[str, Any]:
        """Pack one series; what the JSON says of it."""
        with open_frames(
            series,
            workers=self.packing.workers,
            progress=lambda done, total: self.listener("frames decoded", done, total),
        ) as frames:
            return self._pack_frames(frames, name)

    def _pack_frames(self, frames: Frames, name: str) -> dict[str, Any]:
        """Make the dataset of one series, put its frames into it, and describe it."""
        dtype = frames.series.dtype if self.packing.stored else np.dtype(np.float32)
        dataset = self._create(frames, name, dtype)
        is_exact = self.packing.stored or _comes_back(frames)
        for key, value in attributes(frames, is_scaled=not self.packing.stored, is_exact=is_exact).items():
            dataset.attrs[key] = value
        outer = frames.series.shape[:-2]
        places = {number: (*map(int, np.unravel_index(number, outer)), 0, 0) for number in range(len(frames))}
        put = (
            self._deflating(frames, dataset, places)
            if self.packing.compress
            else self._copying(frames, dataset, places)
        )
        for done, _ in enumerate(put, start=1):
            self.listener("frames packed", done, len(frames))
        return _described(frames, dtype, is_exact=is_exact)

    def _create(self, frames: Frames, name: str, dtype: np.dtype[Any]) -> "h5py.Dataset":
        """An empty dataset, with a chunk for each frame; without compression, each has its place in the file."""
        import h5py  # noqa: PLC0415 - an extra

        shape = frames.series.shape
        filters = {"compression": "gzip", "compression_opts": GZIP_LEVEL, "shuffle": True}
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        if not self.packing.compress:
            plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        chunks = (*(1,) * (len(shape) - 2), *shape[-2:])
        return self.file.create_dataset(
            name, shape, dtype, chunks=chunks, dcpl=plist, **(filters if self.packing.compress else {})
        )

    def _deflating(self, frames: Frames, dataset: "h5py.Dataset", places: Places) -> Iterator[None]:
        """Threads make chunks; this one hands them to HDF5."""
        for number, chunk in self._run(
            lambda number: encode_chunk(self._samples(frames, number, frames.stored(number))), places
        ):
            dataset.id.write_direct_chunk(places[number], chunk[0], chunk[1])
            yield

    def _copying(self, frames: Frames, dataset: "h5py.Dataset", places: Places) -> Iterator[None]:
        """Threads write frames to their places in the file, past HDF5, which would let only one of them write."""
        offsets = {number: dataset.id.get_chunk_info_by_coord(place).byte_offset for number, place in places.items()}
        self.file.flush()
        descriptor = os.open(self.file.filename, os.O_WRONLY)

        def copy(number: int) -> None:
            stored, offset = frames.stored(number), offsets[number]
            for top in range(0, len(stored), STRIPE_ROWS):  # which stay in the processor's cache until written
                samples = self._samples(frames, number, stored[top : top + STRIPE_ROWS])
                write_at(descriptor, samples, offset)
                offset += samples.nbytes

        try:
            for _ in self._run(copy, places):
                yield
        finally:
            os.close(descriptor)

    def _run(self, function: Callable[[int], T], places: Places) -> Iterator[tuple[int, T]]:
        for number, outcome in self.workers.run(function, ((number, number) for number in places)):
            if isinstance(outcome, Exception):
                raise outcome
            yield number, outcome

    def _samples(self, frames: Frames, number: int, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if not self.packing.stored:
            return scaled(frames, number, stored)
        return np.ascontiguousarray(stored, stored.dtype.newbyteorder("<"))


def _json(value: object, indent: str = "") -> str:
    """JSON with a line for each entry of an object; lists stay on one line."""
    if not isinstance(value, dict):
        return json.dumps(value, allow_nan=False)
    entries = (f"{indent}  {json.dumps(key)}: {_json(one, indent + '  ')}" for key, one in value.items())
    return "{\n" + ",\n".join(entries) + f"\n{indent}}}"


def _comes_back(frames: Frames) -> bool:
    first = frames.series.instances[0]
    into = stored_range(first.description, signed=first.pixels.signed)
    steps = [frames.modality(number) for number in range(len(frames))]
    distinct = {id(step): step for step in steps}.values()
    return all(comes_back(step, into, frames.minimum, frames.maximum) for step in distinct)


def _described(frames: Frames, dtype: np.dtype[Any], *, is_exact: bool) -> dict[str, Any]:
    """The JSON of one series: what a model needs to know beside the numbers."""
    series, stack = frames.series, frames.series.stack
    return {
        "spacing": list(stack.spacing),
        "description": series.description,
        "modality": series.modality,
        "axes": list(stack.axes),
        "shape": list(stack.shape),
        "axis_elements": list(stack.marks),
        "axis_values": [list(values) for values in stack.mark_values],
        "dtype": dtype.name,
        "stored_dtype": series.dtype.name,
        "minimum": frames.minimum,
        "maximum": frames.maximum,
        "exact": is_exact,
        "image_orientation_patient": list(stack.orientation) if stack.orientation else None,
        "first_position": list(stack.frames[0].plane.position) if stack.frames[0].plane.position else None,
        "gaps": [gap.detail for gap in stack.gaps],
        "images_left_out": len(stack.left_out),
        "series_instance_uid": series.uid,
        "study_instance_uid": series.study_uid,
        "frame_of_reference_uid": series.frame_of_reference_uid,
    }
