"""The healthy breast: fat, gland, strands, muscle, skin and nipple, composed to one field of brightness."""

from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from PIL import Image

from orchestration.sample.anatomy import Breast, Floats, Point, Projection, signed_distance
from orchestration.sample.texture import Spectrum, step, strands, texture

REACH_MM = 140.0
"""How far from the chest wall there may be tissue; beyond it nothing is computed, which saves two fifths."""
OUTLINE_MM = 2.24
"""Grid on which distances from the skin are computed; interpolated, they are off by some hundredths of one."""
DIRECTIONS = (-0.9, 0.0, 0.9)
"""Angles around the nipple, in radians, for which tissue is made; between them two are blended."""


class Canvas:
    """The grid of samples that brightness is computed on: the detector as far as there may be tissue."""

    def __init__(self, spacing_mm: float, height_mm: float) -> None:
        """Lay out square samples from the top of the chest wall's edge."""
        self.spacing_mm, self.height_mm = spacing_mm, height_mm
        # Less than a sample's millionth is rounding: 2048 rows must not become 2049.
        self.shape = (ceil(height_mm / spacing_mm - 1e-6), ceil(REACH_MM / spacing_mm))
        self.x: Floats = ((np.arange(self.shape[1]) + 0.5) * spacing_mm).astype(np.float32)
        self.y: Floats = ((np.arange(self.shape[0]) + 0.5) * spacing_mm).astype(np.float32)

    def finer(self, field: Floats, fine: "Canvas", method: Image.Resampling) -> Floats:
        """A field given on this grid, on a finer one."""
        rows, columns = fine.shape
        ratio = fine.spacing_mm / self.spacing_mm
        box = (0.0, 0.0, min(columns * ratio, self.shape[1]), min(rows * ratio, self.shape[0]))
        return np.array(Image.fromarray(field).resize((columns, rows), method, box), np.float32)


@dataclass(frozen=True)
class Scene:
    """One breast in one projection on a canvas, right breasts not yet mirrored."""

    breast: Breast
    projection: Projection
    canvas: Canvas

    @cached_property
    def nipple(self) -> Point:
        """The base of the nipple."""
        return self.breast.nipple(self.projection)

    @cached_property
    def from_nipple(self) -> tuple[Floats, Floats]:
        """Positions relative to the nipple: (1, columns) and (rows, 1)."""
        return self.canvas.x[None, :] - self.nipple.x, self.canvas.y[:, None] - self.nipple.y

    @cached_property
    def depth(self) -> Floats:
        """Distance below the skin, negative outside: that of the outline and that of the nipple, joined smoothly."""
        coarse = Canvas(max(OUTLINE_MM, self.canvas.spacing_mm), self.canvas.height_mm)
        skin = signed_distance(self.breast.outline(self.projection), coarse.x, coarse.y)
        body = coarse.finer(skin, self.canvas, Image.Resampling.BICUBIC)
        x, y = self.from_nipple
        nipple = 3.2 - np.hypot(x + 0.5, y * 0.6)
        blend = np.clip(1 - np.abs(body - nipple) / 3, 0, 1)
        depth: Floats = np.maximum(body, nipple) + 0.75 * blend * blend
        return depth

    def texture(self, rng: np.random.Generator, spectrum: Spectrum) -> Floats:
        """Tissue noise on the canvas."""
        return texture(rng, self.canvas.shape, self.canvas.spacing_mm, spectrum)


def brightness(scene: Scene, rng: np.random.Generator) -> Floats:
    """Everything but lesions and noise: 0 outside, up to 1 inside the breast."""
    density = scene.breast.density
    slow = scene.texture(rng, Spectrum(40, 0.8))
    grain, lines = _radial(scene, rng)
    gland = _gland(scene, slow, grain)
    fat = 0.20 + 0.022 * slow + 0.020 * grain + (0.15 + 0.05 * density) * lines * step(1, 8, scene.depth)
    dense = 0.43 + 0.16 * density + 0.065 * grain + 0.05 * slow + 0.05 * lines
    grey = fat + gland * (dense - fat)
    if scene.projection == "MLO":
        fibres = 0.018 * scene.texture(rng, Spectrum(30, 0.3, 1.1, 3.0))
        muscle = 0.42 - 0.07 * step(0, 160, scene.canvas.y[:, None]) + fibres + 0.03 * slow
        grey += _muscle(scene, slow) * (muscle + 0.3 * (grey - 0.25) - grey)
    grey *= 0.70 + 0.30 * step(1, 12, scene.depth)
    grey += 0.15 * np.exp(-np.square((scene.depth - 0.7) / 0.7)) + _areola(scene)
    coverage = np.clip(scene.depth / scene.canvas.spacing_mm + 0.5, 0, 1)
    whole: Floats = np.clip(grey, 0.02, 1) * coverage
    return whole


def _radial(scene: Scene, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Texture and strands that converge on the nipple."""
    x, y = scene.from_nipple
    angle = np.arctan2(y, 6 - x)
    grain, lines = np.zeros(scene.canvas.shape, np.float32), np.zeros(scene.canvas.shape, np.float32)
    for direction in DIRECTIONS:
        weight = np.clip(1 - np.abs(angle - direction) / DIRECTIONS[-1], 0, 1)
        grain += weight * scene.texture(rng, Spectrum(16, 0.22, -direction, 1.9))
        wide = strands(scene.texture(rng, Spectrum(9, 1.2, -direction, 4.5)), 0.15)
        thin = strands(scene.texture(rng, Spectrum(3, 0.5, -direction, 4.5)), 0.20)
        here_and_there = step(-1.2, 2.0, scene.texture(rng, Spectrum(9, 0.3, -direction, 2.0)))
        lines += weight * here_and_there * (wide + 0.6 * thin)
    return grain, lines


def _gland(scene: Scene, slow: Floats, grain: Floats) -> Floats:
    """How much of the tissue is fibroglandular, 0 to 1: a cone behind the nipple, broken up by fat."""
    breast = scene.breast
    reach = breast.depth_mm * (0.30 + 0.16 * breast.density)
    tall = breast.half_height_mm * (0.34 + 0.26 * breast.density)
    lift = breast.half_height_mm * (0.10 if scene.projection == "CC" else 0.16)
    x, y = scene.from_nipple
    r = np.hypot((x + 1.05 * reach) / reach, (y + lift) / tall)
    amount = 0.9 - r + 0.30 * slow + 0.26 * grain + 0.35 * (breast.density - 0.5)
    return step(-0.35, 1.0, amount) * step(3, 11, scene.depth)


def _muscle(scene: Scene, slow: Floats) -> Floats:
    """The pectoral muscle, 0 to 1: a triangle at the axilla with a slightly bulging edge."""
    top, bottom = scene.breast.pectoral_mm
    y = scene.canvas.y[:, None]
    along = np.clip(y / bottom, 0, 1)
    edge = top * (1 - along) + 0.10 * top * np.sin(np.pi * along) + 0.4 * slow
    return step(-1.8, 1.8, edge - scene.canvas.x[None, :]) * step(-2, 12, bottom - y)


def _areola(scene: Scene) -> Floats:
    """The thicker skin around the nipple."""
    x, y = scene.from_nipple
    r = np.hypot(x - 0.5, y * 0.85)
    bright: Floats = 0.07 * np.exp(-np.square(r / 4.5)) + 0.08 * np.exp(-np.square(r / 12))
    return bright
