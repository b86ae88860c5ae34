"""Where things lie in a synthetic breast: its outline in each view, nipple, pectoral muscle and lesions.

Lengths are millimetres. x runs from the chest wall outwards, y from the top of the image downwards; views of the
right breast are mirrored only when they are drawn, so that left and right are laid out alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Side = Literal["L", "R"]
Projection = Literal["CC", "MLO"]

DETECTOR_MM = (232.96, 286.72)
"""Width and height of the detector: 3328 x 4096 pixels of 0.07 mm, a common full-field system."""


class View(NamedTuple):
    """Which breast, from which direction (ACR BI-RADS: cranio-caudal or medio-lateral oblique)."""

    side: Side
    projection: Projection

    @property
    def name(self) -> str:
        """As readers write it, such as ``L-CC``."""
        return f"{self.side}-{self.projection}"


VIEWS = (View("L", "CC"), View("L", "MLO"), View("R", "CC"), View("R", "MLO"))


class Point(NamedTuple):
    """A place in a view, in millimetres."""

    x: float
    y: float


@dataclass(frozen=True)
class Lesion:
    """A finding within one breast.

    ``nipple_distance_mm`` is the same in both views, which is how readers recognise a lesion in the other view;
    ``angles`` says where on that arc it lies, in radians above (negative) or below the line straight back from
    the nipple, for CC and MLO.
    """

    label: str
    nipple_distance_mm: float
    angles: tuple[float, float]
    radius_mm: float

    @property
    def is_mass(self) -> bool:
        """A mass, rather than microcalcifications."""
        return self.label.endswith("_mass")


@dataclass(frozen=True)
class Breast:
    """One breast: its size, how dense it is, and what it harbours.

    ``density`` runs from 0 (almost entirely fat, BI-RADS a) to 1 (extremely dense, BI-RADS d).
    """

    depth_mm: float
    half_height_mm: float
    fullness: float
    nipple_y_mm: float
    pectoral_mm: tuple[float, float]
    density: float
    lesions: tuple[Lesion, ...]

    def nipple(self, projection: Projection) -> Point:
        """The base of the nipple on the skin."""
        if projection == "CC":
            return Point(self.depth_mm, DETECTOR_MM[1] / 2)
        return Point(self.depth_mm, self.nipple_y_mm)

    def centre(self, lesion: Lesion, projection: Projection) -> Point:
        """Where the lesion is seen in this projection."""
        nipple = self.nipple(projection)
        angle = lesion.angles[0 if projection == "CC" else 1]
        return Point(
            nipple.x - lesion.nipple_distance_mm * float(np.cos(angle)),
            nipple.y + lesion.nipple_distance_mm * float(np.sin(angle)),
        )

    def outline(self, projection: Projection) -> Floats:
        """The skin as a dense curve from top to bottom: (points, 2) of x and y, reaching beyond the image."""
        return self._cranio_caudal() if projection == "CC" else self._oblique()

    def _cranio_caudal(self) -> Floats:
        t = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 600))
        x = self.depth_mm * (1 - np.abs(t) ** 2.2) ** self.fullness
        # The lateral half, above, reaches further than the medial one.
        y = DETECTOR_MM[1] / 2 + self.half_height_mm * np.where(t < 0, 1.08, 0.96) * t
        beyond = np.linspace(34, 4, 12)  # the skin goes on behind the chest wall's edge
        x = np.concatenate([-beyond, x, -beyond[::-1]])
        y = np.concatenate([y[0] - beyond / 2, y, y[-1] + beyond[::-1] / 2])
        return _smooth(np.column_stack([x, y]), 6).astype(np.float32)

    def _oblique(self) -> Floats:
        """The outline in the MLO view: from the axilla over the nipple to the fold below the breast."""
        depth, nipple = self.depth_mm, self.nipple_y_mm
        below = 0.80 * self.half_height_mm
        axilla = self.pectoral_mm[0] + 16
        corners = [
            (axilla + 6, -60),
            (axilla + 2, -25),
            (axilla - 1, 0.15 * nipple),
            (0.62 * axilla + 0.38 * depth - 1, 0.48 * nipple),
            (0.945 * depth, nipple - 0.32 * below),
            (depth, nipple),
            (0.955 * depth, nipple + 0.34 * below),
            (0.73 * depth, nipple + 0.72 * below),
            (0.40 * depth, nipple + 0.95 * below),
            (0.12 * depth, nipple + 1.03 * below),
            (-0.02 * depth, nipple + 1.12 * below),
            (-0.04 * depth, nipple + 1.3 * below),
            (-0.04 * depth, nipple + 2.4 * below),
        ]
        return _through(np.array(corners)).astype(np.float32)


def _through(corners: npt.NDArray[np.float64], steps: int = 60) -> npt.NDArray[np.float64]:
    """A Catmull-Rom spline through the inner corners (Catmull and Rom 1974): smooth, and exactly through each."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(corners, corners[1:], corners[2:], corners[3:], strict=False):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack(pieces)


def _smooth(curve: npt.NDArray[np.float64], reach: int) -> npt.NDArray[np.float64]:
    """Round off what corners a curve has, by a running mean over ``2 * reach + 1`` points."""
    padded = np.pad(curve, ((reach, reach), (0, 0)), mode="edge")
    shifted = [padded[start : start + len(curve)] for start in range(2 * reach + 1)]
    return np.asarray(np.mean(shifted, axis=0))


def signed_distance(curve: Floats, x: Floats, y: Floats) -> Floats:
    """Distance from the skin, positive inside the breast.

    Args:
        curve: (points, 2) from top to bottom, the breast on its chest wall side.
        x: (columns,) positions.
        y: (rows,) positions.

    Returns:
        (rows, columns) millimetres.
    """
    tangent = np.gradient(curve, axis=0)
    tangent /= np.hypot(tangent[:, :1], tangent[:, 1:])
    distance = np.empty((len(y), len(x)), np.float32)
    for row, height in enumerate(y):
        dx, dy = x[:, None] - curve[:, 0], height - curve[:, 1]
        nearest = np.argmin(dx * dx + dy * dy, axis=1)
        # Distance from the tangent there rather than from the point, of which the curve has too few to look smooth.
        across = dy[nearest] * tangent[nearest, 0] - (x - curve[nearest, 0]) * tangent[nearest, 1]
        distance[row] = across
    return distance


_SECTORS = {
    "has_benign_microcalsifications": -0.62,
    "has_malign_microcalcifications": 0.2,
    "has_benign_mass": 0.6,
    "has_malign_mass": -0.2,
}
_RADII_MM = {
    "has_benign_microcalsifications": (6.0, 9.0),
    "has_malign_microcalcifications": (5.0, 7.5),
    "has_benign_mass": (6.0, 9.0),
    "has_malign_mass": (7.0, 10.0),
}


def make_breasts(rng: np.random.Generator, labels: Iterable[str], lesions_in: Iterable[Side]) -> dict[Side, Breast]:
    """The two breasts of one woman: alike in size and density, each with its own lesions.

    Args:
        rng: source of what differs between women.
        labels: which kinds of lesion there are.
        lesions_in: the sides that have them.
    """
    depth, density = rng.uniform(92, 125), rng.uniform(0.05, 0.95)
    half_height = depth * rng.uniform(0.88, 1.0)
    nipple_y, fullness = rng.uniform(148, 168), rng.uniform(0.52, 0.78)
    pectoral = (depth * rng.uniform(0.48, 0.6), rng.uniform(115, 160))
    affected, kinds = set(lesions_in), sorted(set(labels))
    breasts: dict[Side, Breast] = {}
    sides: tuple[Side, Side] = ("L", "R")
    for side in sides:
        lesions = tuple(_make_lesion(rng, label, float(depth)) for label in kinds)
        breasts[side] = Breast(
            depth_mm=depth * rng.uniform(0.97, 1.03),
            half_height_mm=half_height * rng.uniform(0.98, 1.02),
            fullness=fullness,
            nipple_y_mm=nipple_y + rng.uniform(-4, 4),
            pectoral_mm=(pectoral[0] + rng.uniform(-4, 4), pectoral[1] + rng.uniform(-8, 8)),
            density=density,
            lesions=lesions if side in affected else (),
        )
    return breasts


def _make_lesion(rng: np.random.Generator, label: str, depth_mm: float) -> Lesion:
    """A lesion in the sector of its kind, so that no two lie over each other."""
    sector = _SECTORS[label]
    return Lesion(
        label=label,
        nipple_distance_mm=depth_mm * rng.uniform(0.42, 0.6),
        angles=(sector + rng.uniform(-0.06, 0.06), sector + rng.uniform(-0.06, 0.06)),
        radius_mm=rng.uniform(*_RADII_MM[label]),
    )
