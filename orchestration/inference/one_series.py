"""One series through the three functions of a job."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from orchestration.errors import DoublereadError
from orchestration.images import ImageError
from orchestration.inference.errors import JobError
from orchestration.inference.job import Array, MetaData, Scores
from orchestration.inference.memory import working_array
from orchestration.inference.predictions import MAX_SCORES, predictions_of
from orchestration.inference.preparation import PreparedJob
from orchestration.inference.provenance import PixelDigest
from orchestration.inference.report import Example, Prediction
from orchestration.outcomes import printable
from orchestration.volumes import Series, SeriesError


@dataclass
class SeriesResult:
    """What one series came to."""

    pixels_sha256: str = ""
    predictions: list[Prediction] = field(default_factory=list)
    example: Example | None = None


def process(job: PreparedJob, series: Series, in_dir: Path, out_dir: Path, step: Callable[[], None]) -> SeriesResult:
    """Read a series, apply the function to each of its volumes, and write the result.

    Args:
        job: what is done.
        series: what is processed.
        in_dir: shows its files alone, for the job's functions.
        out_dir: empty, for the job's ``postprocess``.
        step: called after each volume.

    Raises:
        JobError: a function of the job failed, or gave what cannot be used.
        SeriesError: the images make no volume, or cannot be written.
        ImageError: an image is damaged.
    """
    with _naming("preprocess", quote=False):
        volume, meta_data = job.entry.preprocess(in_dir, job.config)
    volume = np.asarray(volume)
    volumes = _volumes(volume)
    _check_meta_data(meta_data)
    result, changed, digest = SeriesResult(), None, PixelDigest()
    for number, one in enumerate(volumes):
        digest.add(one)
        before = one[len(one) // 2].copy() if number == 0 else None
        given = _applied(job, one, meta_data)
        if isinstance(given, Scores):
            result.predictions += predictions_of(given, series, number, one.shape)
            _check_count(result.predictions)
        else:
            changed = _kept(changed, number, given, volumes.shape)
        if before is not None and changed is not None:
            result.example = Example(series.uid, before, changed[0][len(one) // 2].copy())
        step()
    result.pixels_sha256 = digest.hexdigest()
    if changed is not None:
        if result.predictions:
            raise JobError("its func gave an array for some volumes and scores for others")
        with _naming("postprocess", quote=False):
            job.entry.postprocess(changed.reshape(volume.shape), in_dir, out_dir)
    return result


def _kept(changed: Array | None, number: int, given: Array, shape: tuple[int, ...]) -> Array:
    """All that the function gave so far; the only volume of a series is kept as it is, without a copy."""
    if shape[0] == 1:
        return given[np.newaxis]
    kept = working_array(shape) if changed is None else changed
    kept[number] = given
    return kept


def _volumes(volume: Array) -> Array:
    """The volume with an axis in front, as many as ``func`` is called for."""
    if volume.ndim not in (3, 4) or volume.size == 0 or volume.dtype.kind not in "biuf":
        raise JobError(
            f"its preprocess gave {volume.dtype} of the shape {volume.shape}; numbers of three axes, or of four, are "
            "expected"
        )
    return volume if volume.ndim == 4 else volume[np.newaxis]


def _check_meta_data(meta_data: MetaData) -> None:
    spacing = meta_data.get("spacing") if isinstance(meta_data, dict) else None
    if not isinstance(spacing, tuple | list) or len(spacing) != 3:
        raise JobError("its preprocess gave meta data without a spacing of three numbers")


def _applied(job: PreparedJob, volume: Array, meta_data: MetaData) -> Array | Scores:
    """What the function gives for one volume, checked: an array is of the volume's shape, finite, and ``float32``."""
    with _naming("func", quote=True):
        given = job.func(volume, dict(meta_data))
    if isinstance(given, Scores):
        return given
    given = np.asarray(given)
    if given.shape != volume.shape:
        raise JobError(f"its func gave the shape {given.shape} for a volume of {volume.shape}")
    if given.dtype.kind not in "biuf":
        raise JobError(f"its func gave {given.dtype}; numbers are expected")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity
        values = given.astype(np.float32, copy=False)
    if not all(np.isfinite(part).all() for part in values):
        raise JobError("its func gave NaN or infinity")
    return values


def _check_count(predictions: list[Prediction]) -> None:
    if len(predictions) > MAX_SCORES:
        raise JobError(f"its func gave more than {MAX_SCORES:,} scores")


@contextmanager
def _naming(function: str, *, quote: bool) -> Iterator[None]:
    """Turn whatever a function of a job raises into a ``JobError`` that says where.

    Args:
        function: which of the three.
        quote: whether to repeat the exception's message. That of ``func`` is about pixels; one that read files may
            hold something of the patient.
    """
    try:
        yield
    except (JobError, SeriesError, ImageError, DoublereadError, MemoryError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - the functions are someone else's
        frames = traceback.extract_tb(error.__traceback__)
        place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
        message = f": {printable(str(error), 300)}" if quote and str(error) else ""
        raise JobError(f"its {function} raised {type(error).__name__}{place}{message}") from None
