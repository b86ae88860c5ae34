"""Volumes of an HDF5 file into derived DICOMs, with the headers of the series that they were made of."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestration.dicom.deriving import Derivation, derived_uid
from orchestration.outcomes import Failures, StageListener, no_stages
from orchestration.stores.folder import file_digest
from orchestration.volumes.deriving import Written, derived_folder, refuse_existing, write_series
from orchestration.volumes.hdf5 import Packed, PackedFrame, close_files, find_packed, require_h5py
from orchestration.volumes.reading import open_frames
from orchestration.volumes.searching import Search, find_series
from orchestration.volumes.series import Series, SeriesError

DESCRIPTION = "Pixels of a volume, computed outside of the source's equipment"


@dataclass
class UnpackReport:
    """What became of the volumes of a file.

    Attributes:
        search: what the folder of templates holds.
        written: the series that were written, by the UID of their source.
        failed: volumes that could not be written.
    """

    search: Search
    written: dict[str, Written] = field(default_factory=dict)
    failed: Failures = field(default_factory=Failures)


@dataclass(frozen=True)
class _PackedPixels:
    packed: Packed
    series: Series
    limits: tuple[float, float]

    def __getitem__(self, number: int) -> PackedFrame:
        step = self.series.stack.frames[number].plane.modality
        return PackedFrame(self.packed, number, self.limits, step)


def unpack(
    hdf5: Path,
    templates: Path,
    out: Path,
    *,
    full_range: bool = False,
    compress: bool = False,
    description: str = DESCRIPTION,
    overwrite: bool = False,
    workers: int | None = None,
    listener: StageListener = no_stages,
) -> UnpackReport:
    """Write each volume of a file as a series; the folder appears when all are done, and not where none can be.

    The files of several series go to folders named by the new Series Instance UIDs.

    Args:
        hdf5: as ``pack`` writes it, or any with datasets ``data`` of the shape of a series.
        templates: the folder with the series that the volumes were made of.
        out: the folder to write.
        full_range: spread the volume's range over that of Bits Stored, instead of keeping the values' meaning.
        compress: lossless, into JPEG-LS.
        description: for Derivation Description.
        overwrite: whether to replace ``out`` where it exists.
        workers: processes or threads, one for each core unless given.
        listener: hears of the stages ``headers``, ``frames decoded`` and ``files written``.

    Raises:
        DoublereadError: ``out`` exists or can't be written, or the file or the templates can't be used.
    """
    require_h5py()
    refuse_existing(out, overwrite=overwrite)
    volumes = find_packed(hdf5)
    search = find_series(
        templates, allow_gaps=True, workers=workers, progress=lambda done, total: listener("headers", done, total)
    )
    report = UnpackReport(search)
    derivation = Derivation(description, f"hdf52dicom\n{file_digest(hdf5)}\n{full_range}")
    try:
        with derived_folder(out, overwrite=overwrite) as folder:
            for packed in volumes:
                try:
                    series = _template(packed, search, templates)
                    below = folder if len(volumes) == 1 else folder / derived_uid(series.uid, derivation.seed)
                    limits = _limits(packed, series, workers, listener)
                    report.written[series.uid] = write_series(
                        series,
                        _PackedPixels(packed, series, limits),
                        below,
                        derivation,
                        full_range=limits if full_range else None,
                        compress=compress,
                        workers=workers,
                        progress=lambda done, total: listener("files written", done, total),
                    )
                except SeriesError as error:
                    report.failed.add(packed.dataset, str(error))
            _check_written(report)
    except _NothingWrittenError:
        return report
    finally:
        close_files()
    return report


class _NothingWrittenError(Exception):
    """No volume could be written, so that no folder is to appear."""


def _check_written(report: UnpackReport) -> None:
    if not report.written:
        raise _NothingWrittenError


def _template(packed: Packed, search: Search, templates: Path) -> Series:
    """The series of which a volume was made; of a volume that does not say, the only one."""
    if packed.series_uid is None and len(search.series) == 1:
        series = search.series[0]
    else:
        named = [one for one in search.series if one.uid == packed.series_uid]
        if not named:
            which = f"series {packed.series_uid}" if packed.series_uid else "one single series"
            raise SeriesError(f"{templates} does not hold {which}, which the volume was made of")
        series = named[0]
    if series.shape != packed.shape:
        raise SeriesError(f"the volume has the shape {packed.shape}, its template {series.shape}")
    uids = tuple(frame.instance.sop_instance_uid for frame in series.stack.frames)
    if packed.sop_instance_uids is not None and packed.sop_instance_uids != uids:
        raise SeriesError(f"the instances of series {series.uid} in {templates} are not those of the volume")
    return series


def _limits(packed: Packed, series: Series, workers: int | None, listener: StageListener) -> tuple[float, float]:
    """The kept minimum and maximum; where the file does not say, those of the template."""
    if packed.minimum is not None and packed.maximum is not None:
        return packed.minimum, packed.maximum
    with open_frames(
        series, workers=workers, progress=lambda done, total: listener("frames decoded", done, total)
    ) as frames:
        return frames.minimum, frames.maximum
