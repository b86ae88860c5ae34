"""Boxes come from outside: any number may be in any field."""

import math

from hypothesis import example, given
from hypothesis import strategies as st

from orchestration.imaging.boxes import Box, visible_area

numbers = st.one_of(st.floats(), st.integers(-50, 150), st.sampled_from([1e308, -1e308, 10**400, -(10**400)]))


@given(
    x=numbers, y=numbers, box_width=numbers, box_height=numbers, width=st.integers(1, 100), height=st.integers(1, 100)
)
@example(x=1e308, y=0, box_width=1e308, box_height=5, width=9, height=9)
@example(x=-math.inf, y=-math.inf, box_width=math.inf, box_height=math.inf, width=9, height=9)
def test_any_numbers_give_an_area_inside_the_picture_or_none(*, x, y, box_width, box_height, width, height):
    found = visible_area(Box("U1", x, y, box_width, box_height), width, height)
    if found is not None:
        area, _ = found
        assert 0 <= area.left < area.right <= width
        assert 0 <= area.top < area.bottom <= height


coordinates = st.floats(-200, 300).map(lambda number: round(number, 2))
lengths = st.floats(0.01, 400).map(lambda number: round(number, 2))


@given(x=coordinates, y=coordinates, box_width=lengths, box_height=lengths)
def test_the_area_is_every_pixel_that_the_box_touches(x, y, box_width, box_height):
    width, height = 100, 80
    columns = [column for column in range(width) if x < column + 1 and x + box_width > column]
    rows = [row for row in range(height) if y < row + 1 and y + box_height > row]
    found = visible_area(Box("U1", x, y, box_width, box_height), width, height)
    if columns and rows:
        area, clipped = found
        assert (area.left, area.right - 1, area.top, area.bottom - 1) == (columns[0], columns[-1], rows[0], rows[-1])
        assert clipped == (x < 0 or y < 0 or x + box_width > width or y + box_height > height)
    else:
        assert found is None


@given(x=st.integers(-50, 150), y=st.integers(-50, 150), box_width=st.integers(1, 90), box_height=st.integers(1, 90))
def test_a_box_drawn_leftwards_or_upwards_is_the_same_box(x, y, box_width, box_height):
    drawn = visible_area(Box("U1", x, y, box_width, box_height), 100, 100)
    assert visible_area(Box("U1", x + box_width, y, -box_width, box_height), 100, 100) == drawn
    assert visible_area(Box("U1", x, y + box_height, box_width, -box_height), 100, 100) == drawn
    assert visible_area(Box("U1", x + box_width, y + box_height, -box_width, -box_height), 100, 100) == drawn
