"""Which texts are view markers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestration.imaging.text import Markers
from orchestration.settings import Settings
from tests.imaging.text.planting import MARKERS


@pytest.mark.parametrize(
    "text", ["L", "R", "CC", "L MLO", "LMLO", "R-CC", "[RCC]", "l cc", "Left MLO", "C-View", "C View"]
)
def test_views_and_sides_are_markers_however_they_are_written(text: str) -> None:
    assert MARKERS.allow(text)


@pytest.mark.parametrize("text", ["", "-", "DOE", "L MLO DOE", "1952", "L MLO 1952", "LCC AS", "RR CC L", "MLOX"])
def test_anything_else_is_none(text: str) -> None:
    assert not MARKERS.allow(text)


@given(st.text(min_size=3))
def test_without_words_nothing_is_a_marker(text: str) -> None:
    assert not Markers(()).allow(text)


def test_the_words_are_a_setting() -> None:
    with pytest.raises(ValidationError, match="must be words such as L, R, CC, MLO"):
        Settings(doubleread_view_markers="L, --")
