"""The HDF5 file of volumes: what it holds, and how a frame of it is read.

A file holds one dataset ``data``, or a group for each series, named by its Series Instance UID, with ``data`` in it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from orchestration.dicom.greys import Lut, Rescaling
from orchestration.errors import DoublereadError, install_extra
from orchestration.volumes.chunks import decode_chunk
from orchestration.volumes.reading import Frames, modality_values
from orchestration.volumes.scaling import unscaled
from orchestration.volumes.series import SeriesError

if TYPE_CHECKING:
    import h5py

FORMAT = "doubleread volume 1"
DATA = "data"

_GZIP, _SHUFFLE = 1, 2  # numbers of HDF5's own filters
_opening = Lock()


class Hdf5MissingError(DoublereadError):
    """h5py is not installed."""


def require_h5py() -> None:
    """Check that h5py is installed.

    Raises:
        Hdf5MissingError: it is not installed.
    """
    try:
        import h5py  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise Hdf5MissingError(install_extra("volumes in HDF5 need h5py", "volumes")) from None


def attributes(frames: Frames, *, is_scaled: bool, is_exact: bool) -> dict[str, Any]:
    """The attributes of ``data``: what a reader needs to know of the volume, and nothing of the patient.

    ``sop_instance_uids``, ``frame_numbers`` (from 1), ``rescale_slope`` and ``rescale_intercept`` (NaN where the source
    has a modality LUT) have the shape of the axes but rows and columns; ``image_positions_patient`` has a further axis
    of 3, with NaN where an image names no position.
    """
    series, stack = frames.series, frames.series.stack
    outer = stack.shape[:-2]
    steps = [frames.modality(number) for number in range(len(frames))]
    rescalings = [step if isinstance(step, Rescaling) else Rescaling(np.nan, np.nan) for step in steps]
    positions = np.array([frame.plane.position or (np.nan,) * 3 for frame in stack.frames], np.float64)
    uids = np.array([frame.instance.sop_instance_uid for frame in stack.frames], object)
    return {
        "format": FORMAT,
        "axes": list(stack.axes),
        "axis_elements": list(stack.marks),
        "axis_values": ["\\".join(str(value) for value in values) for values in stack.mark_values],
        "minimum": frames.minimum,
        "maximum": frames.maximum,
        "scaled": is_scaled,
        "exact": is_exact,
        "stored_dtype": series.dtype.name,
        "spacing": np.array([np.nan if length is None else length for length in stack.spacing], np.float64),
        "image_orientation_patient": np.array(stack.orientation or (np.nan,) * 6, np.float64),
        "image_positions_patient": positions.reshape(*outer, 3),
        "sop_instance_uids": uids.reshape(outer),
        "frame_numbers": np.array([frame.number + 1 for frame in stack.frames], np.int32).reshape(outer),
        "series_instance_uid": series.uid,
        "study_instance_uid": series.study_uid,
        "frame_of_reference_uid": series.frame_of_reference_uid or "",
        "modality": series.modality,
        "rescale_slope": np.array([step.slope for step in rescalings], np.float64).reshape(outer),
        "rescale_intercept": np.array([step.intercept for step in rescalings], np.float64).reshape(outer),
    }


@dataclass(frozen=True)
class Packed:
    """A dataset ``data`` of a file, and what its attributes say; None for what they leave out.

    Attributes:
        path: of the file.
        dataset: its name in it.
        shape: (..., rows, columns).
        is_scaled: whether samples go from 0 for ``minimum`` to 1 for ``maximum``; else they are stored values.
        minimum: of the volume after the modality LUT; likewise ``maximum``.
        series_uid: Series Instance UID of the source.
        sop_instance_uids: of the source's instance of each frame, in order.
    """

    path: Path
    dataset: str
    shape: tuple[int, ...]
    is_scaled: bool
    minimum: float | None
    maximum: float | None
    series_uid: str | None
    sop_instance_uids: tuple[str, ...] | None

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return int(np.prod(self.shape[:-2]))


@dataclass(frozen=True)
class PackedFrame:
    """One frame of a packed volume, to be read by a worker: a ``LaterFrame``.

    Attributes:
        packed: the volume.
        number: of the frame.
        limits: the values after the modality LUT that 0 and 1 stand for.
        step: from stored values to those after the modality LUT.
    """

    packed: Packed
    number: int
    limits: tuple[float, float]
    step: Lut | Rescaling

    def values(self) -> npt.NDArray[np.float64]:
        """(rows, columns) values after the modality LUT.

        Raises:
            SeriesError: the file is damaged.
        """
        samples = read_frame(self.packed, self.number)
        return unscaled(samples, *self.limits) if self.packed.is_scaled else modality_values(samples, self.step)


def find_packed(path: Path) -> list[Packed]:
    """The volumes of a file, in the order of their names.

    Raises:
        DoublereadError: it is no HDF5 file, or holds no dataset ``data`` of three axes or more.
    """
    import h5py  # noqa: PLC0415 - an extra

    if not path.is_file():
        raise DoublereadError(f"the file {path} does not exist")
    try:
        with h5py.File(path, "r") as file:
            found = (
                [DATA] if DATA in file else sorted(f"{name}/{DATA}" for name, group in file.items() if DATA in group)
            )
            packed = [_packed(path, name, file[name]) for name in found]
    except (OSError, TypeError, ValueError, KeyError) as error:
        raise DoublereadError(f"{path} is no HDF5 file of volumes ({error})") from None
    if not packed:
        raise DoublereadError(f"{path} holds no dataset {DATA}, neither by itself nor in a group for each series")
    return packed


def _packed(path: Path, name: str, dataset: "h5py.Dataset") -> Packed:
    """What a dataset says of its volume, as ``attributes`` wrote it; other programs' files may leave all of it out."""
    if dataset.ndim < 3 or dataset.dtype.kind not in "iuf":
        raise ValueError(f"{name} has {dataset.ndim} axes of {dataset.dtype}; a volume has three or more of numbers")
    said = dataset.attrs
    uids = said.get("sop_instance_uids")
    return Packed(
        path=path,
        dataset=name,
        shape=tuple(int(length) for length in dataset.shape),
        is_scaled=bool(said.get("scaled", dataset.dtype.kind == "f")),
        minimum=float(said["minimum"]) if "minimum" in said else None,
        maximum=float(said["maximum"]) if "maximum" in said else None,
        series_uid=str(said["series_instance_uid"]) if "series_instance_uid" in said else None,
        sop_instance_uids=None if uids is None else tuple(str(uid) for uid in np.asarray(uids).reshape(-1)),
    )


def read_frame(packed: Packed, number: int) -> npt.NDArray[Any]:
    """(rows, columns) samples of one frame, as the file holds them.

    A chunk that is one frame of the standard filters is inflated by ISA-L, outside HDF5's lock.

    Raises:
        SeriesError: the file is damaged.
    """
    outer = np.unravel_index(number, packed.shape[:-2])
    offsets = (*(int(at) for at in outer), 0, 0)
    try:
        with _opening:
            dataset = _dataset(packed.path, packed.dataset)
            is_own = _is_own(dataset)
            chunk: Any = dataset.id.read_direct_chunk(offsets) if is_own else dataset[offsets[:-2]]
        if not is_own:
            return np.asarray(chunk)
        mask, data = chunk
        return decode_chunk(data, mask, dataset.dtype, packed.shape[-2:])
    except (OSError, ValueError, RuntimeError) as error:
        raise SeriesError(f"{packed.dataset} of {packed.path.name}, frame {number + 1}: {error}") from None


@lru_cache(maxsize=4)
def _dataset(path: Path, name: str) -> "h5py.Dataset":
    """An opened dataset, kept open for the next frame."""
    import h5py  # noqa: PLC0415 - an extra

    return h5py.File(path, "r")[name]


def close_files() -> None:
    """Close what ``read_frame`` keeps open in this process."""
    _dataset.cache_clear()


def _is_own(dataset: "h5py.Dataset") -> bool:
    """Whether each chunk is a frame with the filters shuffle and gzip in this order."""
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(number)[0] for number in range(plist.get_nfilters())]
    one_frame = (*(1,) * (dataset.ndim - 2), *dataset.shape[-2:])
    return dataset.chunks == one_frame and filters == [_SHUFFLE, _GZIP] and dataset.dtype.byteorder in "=<|"


@contextmanager
def hdf5_errors(out: Path) -> Iterator[None]:
    """Turn what h5py raises when it can't write into one sentence.

    Raises:
        DoublereadError: the file can't be written.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).split(",", 1)[0]
        raise DoublereadError(f"{out} cannot be written: {reason}; nothing was left there") from None
