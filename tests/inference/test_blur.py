"""The job 3dblur, beside a convolution that is written out by hand."""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from orchestration.errors import DoublereadError
from orchestration.inference import InferenceError, InferencePipeline, JobConfigError, JobError, default_registry
from tests.inference.studies import SPACING, stored_volume, volume_of, write_study

BLUR = default_registry()["3dblur"]


def blurred(volume: np.ndarray, spacing: tuple[Any, ...], sigma: float) -> np.ndarray:
    result = BLUR.func(volume, {"spacing": spacing}, {"sigma": sigma})
    assert isinstance(result, np.ndarray)
    return result


def by_hand(volume: np.ndarray, sigmas: tuple[float, ...]) -> np.ndarray:
    """Each axis with a Gaussian of four sigma to either side, whose weights sum to one, beyond repeated edges."""
    for axis, sigma in enumerate(sigmas):
        if not sigma:
            continue
        reach = int(4 * sigma + 0.5)
        weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        weights /= weights.sum()
        padded = np.pad(volume, [(reach, reach) if other == axis else (0, 0) for other in range(3)], mode="edge")
        volume = np.apply_along_axis(np.convolve, axis, padded, weights, "valid")
    return volume


@given(
    shape=st.tuples(*(st.integers(2, 7) for _ in range(3))),
    spacing=st.tuples(*(st.floats(0.3, 4) for _ in range(3))),
    sigma=st.floats(0, 3),
    seed=st.integers(0, 99),
)
def test_sigma_is_in_millimetres_along_every_axis(
    shape: tuple[int, ...], spacing: tuple[float, ...], sigma: float, seed: int
) -> None:
    volume = np.random.default_rng(seed).random(shape, np.float32)
    sigmas = tuple(sigma / distance for distance in spacing)
    given_back = blurred(volume, spacing, sigma)
    assert np.allclose(given_back, by_hand(volume.astype(np.float64), sigmas), atol=2e-6)
    assert np.array_equal(given_back, ndimage.gaussian_filter(volume, sigmas, mode="nearest"))


def test_an_axis_without_spacing_and_a_single_slice_are_not_blurred_across() -> None:
    volume = np.random.default_rng(0).random((3, 5, 6), np.float32)
    expected = by_hand(volume.astype(np.float64), (0, 2, 1))
    assert np.allclose(blurred(volume, (None, 0.5, 1), 1), expected, atol=2e-6)
    assert np.array_equal(blurred(volume[:1], (None, 0.5, 1), 1), blurred(volume, (None, 0.5, 1), 1)[:1])
    assert np.array_equal(blurred(volume[:1], (3, 0.5, 1), 1), blurred(volume[:1], (None, 0.5, 1), 1))


@pytest.mark.parametrize(
    ("spacing", "message"),
    [
        ((1, None, 1), "gives no spacing of rows and columns"),
        ((0, 1, 1), "not positive"),
        ((1, math.nan, 1), "not positive"),
        ((1, 1e-9, 1), "at most 250"),
        ((1, 1), "has 2 numbers, its volume 3 axes"),
    ],
)
def test_a_spacing_that_gives_sigma_no_meaning_is_refused(spacing: tuple[Any, ...], message: str) -> None:
    with pytest.raises(JobError, match=message):
        blurred(np.zeros((2, 3, 4), np.float32), spacing, 1)


@pytest.mark.parametrize("config", [{"sigma": -1}, {"sigma": "2"}, {"sigma": True}, {"sigma": None}, {}, {"sigme": 1}])
def test_a_wrong_config_is_named(config: dict[str, Any]) -> None:
    with pytest.raises(JobConfigError, match="sigma"):
        BLUR.func(np.zeros((2, 3, 4), np.float32), {"spacing": (1, 1, 1)}, config)


def test_without_scipy_the_job_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(DoublereadError, match=r"install 'doubleread\[volumes\]'"):
        BLUR.func(np.zeros((2, 3, 4), np.float32), {"spacing": (1, 1, 1)}, {"sigma": 1})


def test_time_points_do_not_run_into_each_other(tmp_path: Path) -> None:
    stored = np.zeros((3, 4, 6, 8), np.uint16)
    stored[1] = volume_of(4, 6, 8)
    InferencePipeline([BLUR]).execute(
        "3dblur", write_study(tmp_path / "in", stored), tmp_path / "out", config={"sigma": 2}
    )
    result = stored_volume(tmp_path / "out")
    assert not result[0].any()
    assert not result[2].any()
    expected = by_hand(stored[1].astype(np.float64), tuple(2 / distance for distance in SPACING))
    assert np.abs(result[1] - expected).max() <= 0.51


def test_a_series_without_pixel_spacing_fails_by_name_before_it_is_read(tmp_path: Path) -> None:
    study = write_study(tmp_path / "in", volume_of(2, 3, 4), PixelSpacing=None)
    with pytest.raises(InferenceError, match=r"series 1\.2\.3: its header gives no spacing of rows and columns"):
        InferencePipeline([BLUR]).execute("3dblur", study, tmp_path / "out")
