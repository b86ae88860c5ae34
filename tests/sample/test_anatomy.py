"""Where things lie in a synthetic breast."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.labels import LABELS
from orchestration.sample.anatomy import DETECTOR_MM, make_breasts, signed_distance

SEEDS = st.integers(0, 2**32 - 1)
PROJECTIONS = ("CC", "MLO")


def breasts_of(seed, lesions_in=("L", "R")):
    """Both breasts, each with a lesion of every label where there are to be any."""
    breasts = make_breasts(np.random.default_rng(seed), LABELS, lesions_in)
    labels = {side: sorted(lesion.label for lesion in breast.lesions) for side, breast in breasts.items()}
    assert labels == {side: sorted(LABELS) if side in lesions_in else [] for side in ("L", "R")}
    return breasts


@given(SEEDS)
def test_both_views_show_a_lesion_at_the_same_distance_from_the_nipple(seed):
    for breast in breasts_of(seed).values():
        for lesion in breast.lesions:
            distances = [math.dist(breast.nipple(view), breast.centre(lesion, view)) for view in PROJECTIONS]
            assert distances == pytest.approx([lesion.nipple_distance_mm] * 2)


@given(SEEDS)
def test_each_lesion_lies_wholly_within_the_breast_and_the_image_in_both_views(seed):
    for breast in breasts_of(seed).values():
        for view in PROJECTIONS:
            for lesion in breast.lesions:
                x, y = breast.centre(lesion, view)
                below_skin = signed_distance(breast.outline(view), np.float32([x]), np.float32([y]))[0, 0]
                assert below_skin > lesion.radius_mm
                assert lesion.radius_mm < x
                assert lesion.radius_mm < y < DETECTOR_MM[1] - lesion.radius_mm


@given(SEEDS)
def test_lesions_of_different_kinds_do_not_lie_over_each_other(seed):
    for breast in breasts_of(seed).values():
        for view in PROJECTIONS:
            for one, other in combinations(breast.lesions, 2):
                apart = math.dist(breast.centre(one, view), breast.centre(other, view))
                assert apart > 0.8 * max(one.radius_mm, other.radius_mm)


@given(SEEDS)
def test_the_two_breasts_of_a_woman_are_alike(seed):
    left, right = breasts_of(seed).values()
    assert left.density == right.density
    assert left.depth_mm == pytest.approx(right.depth_mm, rel=0.07)
    assert left.half_height_mm == pytest.approx(right.half_height_mm, rel=0.05)


@given(SEEDS)
def test_only_the_affected_side_has_lesions(seed):
    breasts = breasts_of(seed, lesions_in=("R",))
    assert breasts["L"].lesions == ()
    assert len(breasts["R"].lesions) == len(LABELS)


@given(SEEDS)
def test_the_nipple_lies_on_the_skin(seed):
    for breast in breasts_of(seed).values():
        for view in PROJECTIONS:
            x, y = breast.nipple(view)
            assert abs(signed_distance(breast.outline(view), np.float32([x]), np.float32([y]))[0, 0]) < 1


def test_the_signed_distance_from_a_half_circle_is_its_radius_less_the_distance_from_its_centre():
    angles = np.linspace(-np.pi / 2, np.pi / 2, 400)
    curve = np.column_stack([50 * np.cos(angles), 100 + 50 * np.sin(angles)]).astype(np.float32)
    x, y = np.linspace(1, 80, 40, dtype=np.float32), np.linspace(60, 140, 41, dtype=np.float32)
    expected = 50 - np.hypot(x[None, :], y[:, None] - 100)
    assert signed_distance(curve, x, y) == pytest.approx(expected, abs=0.02)
