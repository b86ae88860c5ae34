"""The plot of agreement: each pair once, at its value, none on another."""

import math
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestration.api.pages.plot import MARGIN, WIDTH, plot

KAPPAS = st.none() | st.floats(-1, 1).map(lambda value: round(value, 3))
PAIRS = st.lists(st.tuples(KAPPAS, st.integers(1, 500)), max_size=40)


def rows(pairs: list[tuple[float | None, int]]) -> list[dict[str, Any]]:
    return [
        {"reader_a": "a", "reader_b": f"b{number}", "cohens_kappa": kappa, "study_count": studies}
        for number, (kappa, studies) in enumerate(pairs)
    ]


@given(PAIRS)
def test_every_pair_with_a_value_is_a_point_within_the_drawing_and_none_covers_another(pairs: Any) -> None:
    drawn = plot(rows(pairs))
    defined = sorted(kappa for kappa, _ in pairs if kappa is not None)
    assert len(drawn.points) == len(defined)
    assert drawn.undefined == len(pairs) - len(defined)
    for point in drawn.points:
        assert MARGIN <= point.x <= WIDTH - MARGIN
        assert 0 < point.y < drawn.baseline < drawn.height
    assert [point.x for point in drawn.points] == sorted(point.x for point in drawn.points)
    for one, other in combinations(drawn.points, 2):
        assert math.dist((one.x, one.y), (other.x, other.y)) >= min(one.radius, other.radius)


@given(PAIRS)
def test_the_axis_goes_in_steps_from_the_smallest_value_to_one(pairs: Any) -> None:
    ticks = plot(rows(pairs)).ticks
    values = [float(tick.text.replace("\N{MINUS SIGN}", "-")) for tick in ticks]
    assert values[-1] == 1.0
    assert values[0] <= min([0.0, *(kappa for kappa, _ in pairs if kappa is not None)]) + 1e-9
    assert all(math.isclose(later - earlier, 0.2) for earlier, later in pairwise(values))
    assert (ticks[0].x, ticks[-1].x) == (MARGIN, WIDTH - MARGIN)
