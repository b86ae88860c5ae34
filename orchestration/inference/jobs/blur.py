"""The job ``3dblur``: a Gaussian blur whose width is given in millimetres."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.dicom.concepts import Code
from orchestration.errors import DoublereadError, install_extra
from orchestration.inference.config import options
from orchestration.inference.errors import JobConfigError, JobError
from orchestration.inference.job import Array, Config, JobEntry, MetaData
from orchestration.inference.series import read_volume, write_dicoms
from orchestration.workers import Workers, thread_workers

NAME = "3dblur"
SIGMA = "sigma"
NO_SIGMA = 1e-15  # pixels, below which SciPy's gaussian_filter leaves an axis alone
MAX_SIGMA_PIXELS = 250.0  # the filter then reaches 1,000 pixels to either side, further than most volumes do


@dataclass(frozen=True)
class PreparedBlur:
    """The blur with a checked sigma."""

    sigma: float
    runtime: str
    provider: str = "CPU"
    model_sha256: str | None = None
    derivation_code: Code = ("113088", "DCM", "Gaussian blur")

    def check(self, shape: tuple[int, ...], meta_data: MetaData) -> None:
        """Refuse volumes whose spacing leaves sigma without a meaning."""
        sigmas(self.sigma, shape, meta_data)

    def __call__(self, volume: Array, meta_data: MetaData) -> Array:
        """The blurred volume."""
        return blurred(volume, sigmas(self.sigma, volume.shape, meta_data))


class Blur:
    """Blur each volume with a Gaussian of sigma mm, along every axis.

    Beyond the volume its nearest edge is repeated. Sigma is divided by the spacing of each axis. An axis whose spacing
    is not known, such as the frames of an XA run, is not blurred, and neither is one of a single slice.
    """

    def prepare(self, config: Config) -> PreparedBlur:
        """Check sigma, and that SciPy is there."""
        sigma = options(config, [SIGMA]).get(SIGMA)
        if isinstance(sigma, bool) or not isinstance(sigma, int | float) or not 0 <= sigma < math.inf:
            raise JobConfigError("sigma must be a number of millimetres, 0 or more")
        return PreparedBlur(float(sigma), f"scipy {_scipy_version()}")

    def __call__(self, volume: Array, meta_data: MetaData, config: Config) -> Array:
        """Blur one volume."""
        return self.prepare(config)(volume, meta_data)


@dataclass(frozen=True, eq=False)
class _Part:
    """Pixels to filter along some of their axes, and where the result goes."""

    source: Array
    target: Array
    sigmas: tuple[float, ...]


def blurred(volume: Array, sigmas: tuple[float, ...]) -> Array:
    """What ``scipy.ndimage.gaussian_filter`` gives with the nearest edge beyond the volume, bit for bit.

    Lines are filtered independently of each other, so threads share the work; a slice stays in the processor's cache
    for both of its axes.

    Args:
        volume: (slices, rows, columns).
        sigmas: in pixels of each axis; 0 leaves it alone.

    Returns:
        Floating-point numbers, of the volume's type where that is ``float32`` or ``float64``.
    """
    source = volume if volume.dtype in (np.float32, np.float64) else volume.astype(np.float32)
    result = np.empty_like(source)
    threads = len(os.sched_getaffinity(0))
    with thread_workers(threads) as workers:
        if sigmas[0]:
            bands = zip(np.array_split(source, 4 * threads, 1), np.array_split(result, 4 * threads, 1), strict=True)
            _run(workers, (_Part(*band, (sigmas[0], 0, 0)) for band in bands))
            source = result
        _run(workers, (_Part(*pair, sigmas[1:]) for pair in zip(source, result, strict=True)))
    return result


def _run(workers: Workers, parts: Iterable[_Part]) -> None:
    for _, outcome in workers.run(_filter, ((None, part) for part in parts)):
        if isinstance(outcome, Exception):
            raise outcome


def _filter(part: _Part) -> None:
    from scipy import ndimage  # noqa: PLC0415 - an extra

    source = part.source
    for axis, sigma in enumerate(part.sigmas):
        if sigma:
            ndimage.gaussian_filter1d(source, sigma, axis, output=part.target, mode="nearest")
            source = part.target
    if source is not part.target:
        part.target[...] = source


def sigmas(sigma: float, shape: tuple[int, ...], meta_data: MetaData) -> tuple[float, ...]:
    """Sigma in pixels of each axis; 0 for the axes that are not blurred.

    Raises:
        JobError: the spacing of rows and columns is not known or not positive, or sigma is too many pixels.
    """
    spacing: tuple[Any, ...] = tuple(meta_data["spacing"])
    if len(spacing) != len(shape):
        raise JobError(f"its spacing has {len(spacing)} numbers, its volume {len(shape)} axes")
    if any(distance is None for distance in spacing[-2:]):
        raise JobError("its header gives no spacing of rows and columns, and sigma is in millimetres")
    if not all(distance is None or 0 < distance < math.inf for distance in spacing):
        raise JobError("its spacing is not positive")
    pixels = tuple(
        0.0 if distance is None or length == 1 or sigma / distance < NO_SIGMA else sigma / distance
        for distance, length in zip(spacing, shape, strict=True)
    )
    if max(pixels) > MAX_SIGMA_PIXELS:
        raise JobError(
            f"sigma of {sigma:g} mm is {max(pixels):,.0f} pixels here; at most {MAX_SIGMA_PIXELS:g} are done"
        )
    return pixels


def _scipy_version() -> str:
    try:
        import scipy  # noqa: PLC0415 - an extra
    except ImportError:
        raise DoublereadError(install_extra(f"the job {NAME} needs SciPy", "volumes")) from None
    return str(scipy.__version__)


JOB = JobEntry(NAME, {SIGMA: 1.0}, read_volume, write_dicoms, Blur())
