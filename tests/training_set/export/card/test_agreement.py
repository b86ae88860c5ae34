"""The interval of kappa, held against another program's figures and against another way to the same variance."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestration.training_set.export.card.agreement import kappa_interval

cells = st.integers(1, 500)


def kappa(both: float, only_a: float, only_b: float, neither: float) -> float:
    n = both + only_a + only_b + neither
    expected = ((both + only_a) * (both + only_b) + (only_b + neither) * (only_a + neither)) / n**2
    return ((both + neither) / n - expected) / (1 - expected)


def test_the_interval_is_that_of_another_program() -> None:
    """The example of ``ci.kappa`` of the R package statpsych: cells 31, 12, 4, 58."""
    low, high = kappa_interval(58, 4, 12, 31)
    assert (low, high) == pytest.approx((0.5317210, 0.8196303), abs=1e-7)


@given(st.tuples(cells, cells, cells, cells))
def test_the_variance_is_what_small_changes_of_the_cells_give(table: tuple[int, ...]) -> None:
    """The delta method for a multinomial, with the slopes of kappa found by trying."""
    n, step = sum(table), 1e-6
    shares = [count / n for count in table]
    slopes = [
        (kappa(*(s + step * (i == j) for j, s in enumerate(shares)))
         - kappa(*(s - step * (i == j) for j, s in enumerate(shares)))) / (2 * step)
        for i in range(4)
    ]  # fmt: skip
    mean = sum(share * slope for share, slope in zip(shares, slopes, strict=True))
    variance = sum(share * slope**2 for share, slope in zip(shares, slopes, strict=True)) - mean**2
    assume(variance > 1e-6)
    middle, reach = kappa(*table), 1.959963984540054 * math.sqrt(variance / n)
    interval = kappa_interval(*table)
    assert interval is not None
    assert interval == pytest.approx((max(middle - reach, -1), min(middle + reach, 1)), abs=1e-4)


@given(cells, cells)
def test_readers_who_never_differ_or_never_change_leave_nothing_to_estimate_an_error_from(
    both: int, neither: int
) -> None:
    assert kappa_interval(both, 0, 0, neither) is None
    assert kappa_interval(0, both, 0, neither) is None
    assert kappa_interval(both, 0, neither, 0) is None
    assert kappa_interval(0, 0, 0, neither) is None
    assert kappa_interval(0, 0, 0, 0) is None
