"""What the drawn views show."""

from dataclasses import replace

import numpy as np
import pytest

from orchestration.labels import LABELS
from orchestration.sample.anatomy import DETECTOR_MM, VIEWS, View, make_breasts
from orchestration.sample.mammogram import WHITE, render

SMALL = (416, 512)
MARKER_ROWS = slice(int(0.05 * 512), int(0.11 * 512))
BREAST = make_breasts(np.random.default_rng(8), LABELS, ["L", "R"])["L"]
HEALTHY = replace(BREAST, lesions=())


def drawn(view, breast=HEALTHY, size=SMALL, seed=1):
    return render(breast, view, size, np.random.default_rng(seed))


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_chest_wall_is_at_the_left_edge_of_left_views_and_at_the_right_edge_of_right_ones(view):
    image = drawn(view)
    chest, air = (image[:, 0], image[:, -1]) if view.side == "L" else (image[:, -1], image[:, 0])
    assert (chest > 0).mean() > 0.5
    assert not air.any()


@pytest.mark.parametrize("projection", ["CC", "MLO"])
def test_a_right_view_mirrors_the_left_one_except_for_its_marker(projection):
    left, right = drawn(View("L", projection)), drawn(View("R", projection))
    mirrored = right[:, ::-1].copy()
    tissue = slice(0, int(0.6 * SMALL[0]))
    assert (left[:, tissue] == mirrored[:, tissue]).all()
    left[MARKER_ROWS] = mirrored[MARKER_ROWS] = 0
    assert (left == mirrored).all()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_marker_is_readable_and_in_the_air(view):
    image = drawn(view)
    air = image[MARKER_ROWS, int(0.6 * SMALL[0]) :] if view.side == "L" else image[MARKER_ROWS, : int(0.4 * SMALL[0])]
    assert air.max() > 0.7 * WHITE
    assert 0.005 < (air > 0).mean() < 0.2


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_air_is_black_and_the_breast_is_not(view):
    image = drawn(view)
    image[MARKER_ROWS] = 0
    away = image[:, int(0.65 * SMALL[0]) :] if view.side == "L" else image[:, : int(0.35 * SMALL[0])]
    assert not away.any()
    assert 0.15 < (image > 0).mean() < 0.6


def test_only_the_oblique_view_shows_the_pectoral_muscle():
    corner = slice(0, 50), slice(0, 40)
    assert drawn(View("L", "MLO"))[corner].mean() > 0.3 * WHITE
    assert drawn(View("L", "CC"))[corner].mean() < 0.05 * WHITE


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("label", LABELS)
def test_a_lesion_brightens_its_own_place_and_no_other(label, view):
    """At a quarter of a millimetre, so that fine calcifications do not fall between the samples."""
    lesion = next(lesion for lesion in BREAST.lesions if lesion.label == label)
    size = (832, 1024)
    sick = drawn(view, replace(BREAST, lesions=(lesion,)), size).astype(float)
    healthy = drawn(view, HEALTHY, size).astype(float)
    spacing = DETECTOR_MM[0] / size[0]
    centre = BREAST.centre(lesion, view.projection)
    x = centre.x if view.side == "L" else DETECTOR_MM[0] - centre.x
    rows, columns = np.mgrid[: size[1], : size[0]]
    distance = np.hypot((columns + 0.5) * spacing - x, (rows + 0.5) * spacing - centre.y)
    within, around = distance < 0.7 * lesion.radius_mm, (distance > 1.4 * lesion.radius_mm) & (healthy > 0)
    gain = (sick - healthy) / WHITE
    assert gain[within].mean() > 0.01
    assert np.sort(gain[within])[-10:].mean() > 0.15
    assert abs(gain[around].mean()) < 0.001


def test_the_same_seed_gives_the_same_image_and_another_seed_another():
    assert (drawn(VIEWS[0]) == drawn(VIEWS[0])).all()
    assert (drawn(VIEWS[0]) != drawn(VIEWS[0], seed=2)).any()


def test_the_image_has_the_size_and_the_twelve_bits_that_were_asked_for():
    image = drawn(VIEWS[1], size=(333, 409))
    assert (image.shape, image.dtype) == ((409, 333), np.uint16)
    assert 1023 < image.max() <= WHITE
