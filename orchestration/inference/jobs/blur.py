"""The job ``3dblur``: a Gaussian blur whose width is given in millimetres."""

import math
from dataclasses import dataclass
from typing import Any

from orchestration.dicom.deriving import Code
from orchestration.errors import DoublereadError
from orchestration.inference.config import options
from orchestration.inference.errors import JobConfigError, JobError
from orchestration.inference.job import Array, Config, JobEntry, MetaData
from orchestration.inference.series import read_volume, write_dicoms

NAME = "3dblur"
SIGMA = "sigma"
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
        """The blurred volume, of the type of the volume."""
        from scipy import ndimage  # noqa: PLC0415 - an extra

        blurred: Array = ndimage.gaussian_filter(
            volume, sigmas(self.sigma, volume.shape, meta_data), output=volume.dtype, mode="nearest"
        )
        return blurred


class Blur:
    """Blur a volume with a Gaussian of ``sigma`` mm, separably, with the nearest edge beyond the volume.

    Sigma is divided by the spacing of each axis. An axis whose spacing is not known, such as the frames of an XA run,
    is not blurred, and neither is one of a single slice.
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
        0.0 if distance is None or length == 1 else sigma / distance
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
        raise DoublereadError(f"the job {NAME} needs SciPy: install doubleread[volumes]") from None
    return str(scipy.__version__)


JOB = JobEntry(NAME, {SIGMA: 1.0}, read_volume, write_dicoms, Blur())
