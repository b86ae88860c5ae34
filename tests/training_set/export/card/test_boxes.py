"""What is counted of boxes, held against counting one by one."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.training_set.export.boxes import PlacedBox
from orchestration.training_set.export.card.boxes import (
    COLUMNS,
    ROWS,
    SHAPE_EDGES,
    SIDE_EDGES,
    Seen,
    box_facts,
    edges_of,
    view_of,
)

WIDTH, HEIGHT = 600, 800


def placed(x: float, y: float, width: float, height: float) -> PlacedBox:
    return PlacedBox("U1", x, y, width, height, False, (x, y, width, height))


sides = st.floats(0.001, 500)
seen = st.builds(
    lambda x, y, width, height, view: Seen(placed(x * (WIDTH - width), y * (HEIGHT - height), width, height),
                                           WIDTH, HEIGHT, view),
    st.floats(0, 1), st.floats(0, 1), sides, sides, st.sampled_from(["l_cc", "r_mlo", "unknown"]),
)  # fmt: skip


def within(value: float, edges: tuple[float, ...], place: int) -> bool:
    low, high = edges_of(edges, place)
    return (low is None or value >= low) and (high is None or value < high)


@given(st.lists(seen, max_size=20))
def test_every_box_is_in_the_one_bin_and_cell_that_it_belongs_to(boxes: list[Seen]) -> None:
    facts = box_facts("has_malign_mass", boxes)
    for counts, edges, value in (
        (facts.sides, SIDE_EDGES, lambda box: math.sqrt(box.width * box.height)),
        (facts.shapes, SHAPE_EDGES, lambda box: min(box.width / box.height, 1e6)),
    ):
        assert len(counts) == len(edges) + 1
        for place, count in enumerate(counts):
            assert count == sum(within(value(one.box), edges, place) for one in boxes)
    assert Counter({one.view: one.boxes for one in facts.positions}) == Counter(one.view for one in boxes)
    for positions in facts.positions:
        assert sum(map(sum, positions.cells)) == positions.boxes
        assert (len(positions.cells), len(positions.cells[0])) == (ROWS, COLUMNS)


def test_a_box_counts_where_its_centre_lies() -> None:
    facts = box_facts("x", [Seen(placed(0, 780, 20, 20), WIDTH, HEIGHT, "l_cc")])
    (positions,) = facts.positions
    assert positions.cells[ROWS - 1][0] == 1
    assert (positions.left.median, positions.top.median) == (round(10 / WIDTH, 4), round(790 / HEIGHT, 4))
    assert facts.side.median == 20
    assert facts.shape.median == 1


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("L_CC.png", "l_cc"), ("L__MLO.png", "l_mlo"), ("study 4 r-cc.dcm", "r_cc"), ("RMLO.png", "r_mlo"),
        ("R_CC_2.png", "r_cc"), ("XLCC.png", "unknown"), ("L_CC R_CC.png", "unknown"), ("scan.png", "unknown"),
        ("", "unknown"), ("L_CCX.png", "unknown"),
    ],
)  # fmt: skip
def test_a_view_is_what_a_files_name_says_alone_and_whole(name: str, view: str) -> None:
    assert view_of(name) == view
