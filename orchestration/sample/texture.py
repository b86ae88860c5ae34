"""Noise that looks like breast tissue.

The power spectrum of mammographic backgrounds falls as 1/f^beta with beta near 3 (Burgess, "Mammographic structure:
data preparation and spatial statistics analysis", Proc. SPIE 3661, 1999; Heine and Velthuizen, "Spectral analysis of
full field digital mammography data", Med. Phys. 29, 2002), and is stretched along the ducts.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from orchestration.sample.anatomy import Floats

BETA = 3.0


@dataclass(frozen=True)
class Spectrum:
    """How the power of a texture is spread: as 1/f^3 between two scales.

    Args:
        coarsest_mm: structures larger than this gain no more power.
        finest_mm: structures smaller than this are smoothed away.
        angle: the direction of stretching, radians from the x axis towards larger y.
        stretch: how many times longer structures are in that direction.
    """

    coarsest_mm: float
    finest_mm: float
    angle: float = 0.0
    stretch: float = 1.0


def texture(rng: np.random.Generator, shape: tuple[int, int], spacing_mm: float, spectrum: Spectrum) -> Floats:
    """A field of mean 0 and variance 1 with that spectrum: (rows, columns), samples ``spacing_mm`` apart."""
    amplitude = _amplitude(shape, spacing_mm, spectrum)
    noise = rng.standard_normal((*amplitude.shape, 2), np.float32).view(np.complex64)[..., 0]
    noise *= amplitude
    field: Floats = np.fft.irfft2(noise, s=shape).astype(np.float32, copy=False)
    field *= 1 / field.std()
    return field


# A view asks for 14 spectra, the next one for the same ones; at the full size each takes 4 MB and 20 ms.
@lru_cache(maxsize=16)
def _amplitude(shape: tuple[int, int], spacing_mm: float, spectrum: Spectrum) -> Floats:
    """The square root of the power, the mean left out: (rows, columns // 2 + 1)."""
    fy = np.fft.fftfreq(shape[0], spacing_mm)[:, None]
    fx = np.fft.rfftfreq(shape[1], spacing_mm)[None, :]
    along = (np.cos(spectrum.angle) * fx + np.sin(spectrum.angle) * fy) * spectrum.stretch
    across = np.cos(spectrum.angle) * fy - np.sin(spectrum.angle) * fx
    squared = along**2 + across**2
    power = (squared + spectrum.coarsest_mm**-2) ** (-BETA / 2)
    amplitude: Floats = (np.sqrt(power) * np.exp(-squared * spectrum.finest_mm**2)).astype(np.float32)
    amplitude[0, 0] = 0
    return amplitude


def strands(field: Floats, width: float) -> Floats:
    """Thin bright lines where ``field`` passes zero: the look of ligaments, ducts and vessels; 0 to 1."""
    lines: Floats = np.exp(-np.square(field * np.float32(1 / width)))
    return lines


def step(low: float, high: float, x: Floats) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth in between."""
    t = np.clip((x - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    smooth: Floats = t * t * (3 - 2 * t)
    return smooth
