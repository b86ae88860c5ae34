"""Masses and microcalcifications, as brightness added around a centre.

Shapes follow the ACR BI-RADS lexicon (5th edition, 2013): benign masses are oval or gently lobulated with a
circumscribed margin, malignant ones irregular with a spiculated margin; benign calcifications are coarse and
round, suspicious ones fine, pleomorphic and clustered.
"""

from collections.abc import Callable

import numpy as np

from orchestration.sample.anatomy import Floats
from orchestration.sample.texture import step

Profile = Callable[[np.random.Generator, Floats, Floats, float], Floats]
"""Brightness to add at (1, columns) and (rows, 1) millimetres from the centre, for a lesion of that radius."""


def benign_mass(rng: np.random.Generator, x: Floats, y: Floats, radius_mm: float) -> Floats:
    """A lobulated oval with a sharp rim."""
    angle = np.arctan2(y, x)
    lobes = 1 + 0.07 * np.cos(2 * angle + rng.uniform(0, 6)) + 0.05 * np.cos(3 * angle + rng.uniform(0, 6))
    r = np.hypot(x, y * rng.uniform(1.0, 1.3)) / (0.78 * radius_mm * lobes)
    total: Floats = 0.27 * np.sqrt(np.clip(1 - 0.75 * r * r, 0, 1)) * _disc(r, 0.09)
    return total


def malignant_mass(rng: np.random.Generator, x: Floats, y: Floats, radius_mm: float) -> Floats:
    """An irregular dense core whose margin radiates into the tissue around it."""
    angle, distance = np.arctan2(y, x), np.hypot(x, y)
    waves = np.zeros_like(angle)
    for order in range(2, 8):
        waves += rng.normal(0, 0.16 / order**0.5) * np.cos(order * angle + rng.uniform(0, 6))
    r = distance / (0.5 * radius_mm * np.maximum(0.4, 1 + waves))
    total: Floats = 0.30 * np.exp(-0.8 * np.power(r, 3))
    for _ in range(rng.integers(14, 22)):
        total += _spicule(rng, angle, distance, radius_mm)
    return total


def _spicule(rng: np.random.Generator, angle: Floats, distance: Floats, radius_mm: float) -> Floats:
    direction, bend = rng.uniform(-np.pi, np.pi), rng.normal(0, 0.05)
    length, width = radius_mm * rng.uniform(0.5, 1.25), rng.uniform(0.1, 0.3)
    off = (angle - direction - bend * distance + np.pi) % (2 * np.pi) - np.pi
    fading = np.clip(1 - distance / length, 0, 1) * np.clip(distance / (0.5 * radius_mm) - 0.4, 0, 1)
    line: Floats = 0.15 * fading * np.exp(-np.square(off * distance / width)) * (np.abs(off) < 1)
    return line


def benign_calcifications(rng: np.random.Generator, x: Floats, y: Floats, radius_mm: float) -> Floats:
    """A few coarse round grains, some with a lucent centre."""
    total = np.zeros((y.size, x.size), np.float32)
    for _ in range(rng.integers(5, 10)):
        px, py = _within(rng, 0.62 * radius_mm)
        size, hollow = rng.uniform(0.28, 0.75), rng.random() < 0.35
        r = np.hypot(x - px, (y - py) * rng.uniform(0.85, 1.2)) / size
        grain = _disc(r, 0.18)
        if hollow:
            grain -= 0.55 * _disc(r / 0.55, 0.25)
        total = np.maximum(total, rng.uniform(0.4, 0.75) * grain)
    return total


def malignant_calcifications(rng: np.random.Generator, x: Floats, y: Floats, radius_mm: float) -> Floats:
    """A cluster of many fine grains of varied shape and brightness."""
    total = np.zeros((y.size, x.size), np.float32)
    for _ in range(rng.integers(18, 36)):
        px, py = _within(rng, 0.6 * radius_mm)
        turn, long, wide = rng.uniform(0, np.pi), rng.uniform(0.10, 0.30), rng.uniform(0.07, 0.15)
        along = (x - px) * np.cos(turn) + (y - py) * np.sin(turn)
        across = (y - py) * np.cos(turn) - (x - px) * np.sin(turn)
        r = np.hypot(along / long, across / wide)
        total = np.maximum(total, rng.uniform(0.25, 0.6) * np.exp(-0.7 * np.power(r, 4)))
    return total


def _within(rng: np.random.Generator, radius_mm: float) -> tuple[float, float]:
    """A place in a disc, the middle more often than the rim."""
    angle, distance = rng.uniform(0, 2 * np.pi), radius_mm * rng.beta(1.4, 1.6)
    return distance * float(np.cos(angle)), distance * float(np.sin(angle))


def _disc(r: Floats, softness: float) -> Floats:
    """1 within the radius 1, 0 beyond, with a smooth step in between."""
    return step(-softness, softness, 1 - r)


LESIONS: dict[str, Profile] = {
    "has_benign_microcalsifications": benign_calcifications,
    "has_malign_microcalcifications": malignant_calcifications,
    "has_benign_mass": benign_mass,
    "has_malign_mass": malignant_mass,
}
