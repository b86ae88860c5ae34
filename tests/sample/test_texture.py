"""Tissue noise has the spectrum that mammograms have."""

from itertools import pairwise

import numpy as np
import pytest

from orchestration.sample.texture import Spectrum, step, strands, texture


def test_the_power_of_tissue_falls_with_the_third_power_of_the_frequency():
    """Measured by a periodogram, with which the field was not made."""
    spacing = 0.25
    field = texture(np.random.default_rng(1), (512, 512), spacing, Spectrum(coarsest_mm=200, finest_mm=0.01))
    rows = np.abs(np.fft.fft2(field * np.outer(np.hanning(512), np.hanning(512)))) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(512, spacing), np.fft.fftfreq(512, spacing)))
    edges = np.geomspace(0.05, 1.0, 9)
    power = [rows[(frequency >= low) & (frequency < high)].mean() for low, high in pairwise(edges)]
    slope = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(power), 1)[0]
    assert slope == pytest.approx(-3, abs=0.25)


def test_tissue_has_mean_0_and_variance_1():
    field = texture(np.random.default_rng(2), (301, 203), 0.5, Spectrum(30, 0.5, 0.4, 3))
    assert field.shape == (301, 203)
    assert field.mean() == pytest.approx(0, abs=1e-3)
    assert field.std() == pytest.approx(1, abs=1e-3)


def test_stretched_tissue_changes_least_along_its_direction():
    field = texture(np.random.default_rng(3), (400, 400), 0.5, Spectrum(20, 0.5, angle=0.0, stretch=4))
    assert np.abs(np.diff(field, axis=1)).mean() < 0.6 * np.abs(np.diff(field, axis=0)).mean()


def test_strands_are_brightest_where_the_field_is_0():
    field = np.float32([-1, -0.1, 0, 0.1, 1])
    lines = strands(field, 0.1)
    assert lines[2] == 1
    assert (np.diff(lines[:3]) > 0).all()
    assert lines.tolist() == lines[::-1].tolist()


def test_a_step_goes_from_0_to_1_between_its_ends():
    assert step(2, 4, np.float32([1, 2, 3, 4, 5])).tolist() == [0, 0, 0.5, 1, 1]
