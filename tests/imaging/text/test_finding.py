"""Text is found wherever it is written, view markers are told apart, and nothing says what it was."""

import logging
import sys

import numpy as np
import pytest

from orchestration.imaging.text import TextMissingError, TextRegion, find_text, reading, require_rapidocr
from tests.imaging.text.planting import MARKERS, ground, write

NAME = "DOE JANE 1952"


def others(regions: list[TextRegion]) -> list[TextRegion]:
    return [region for region in regions if not region.is_marker]


@pytest.mark.parametrize(
    ("x", "y", "place"),
    [
        (4, 4, "top left"),
        (260, 4, "top right"),
        (4, 360, "bottom left"),
        (260, 360, "bottom right"),
        (140, 180, "middle"),
    ],
)
def test_a_name_is_found_wherever_it_is_written(x: int, y: int, place: str) -> None:
    (region,) = others(find_text(write(ground(), NAME, x, y), MARKERS))
    assert region.place(500, 400) == place
    assert abs(region.x - x) < 15
    assert abs(region.y - y) < 20
    assert region.width > 150


@pytest.mark.parametrize(("size", "grey"), [(18, 230), (28, 60), (28, 24), (90, 200)])
def test_small_faint_and_large_letters_are_found(size: int, grey: int) -> None:
    image = write(ground(800, 600), "DOE JANE", 300, 20, size=size, grey=grey)
    assert len(others(find_text(image, MARKERS))) == 1


def test_letters_that_are_larger_than_a_tile_are_found() -> None:
    image = write(ground(2400, 1600), "DOE", 300, 500, size=700)
    assert others(find_text(image, MARKERS))


def test_a_line_across_the_edges_of_tiles_is_found() -> None:
    image = write(ground(1300, 300), "DOE JANE 1952 4711", 560, 250)
    assert others(find_text(image, MARKERS))


def test_coloured_text_is_found_on_an_rgb_image() -> None:
    image = np.repeat(ground()[:, :, None], 3, axis=2)
    assert others(find_text(write(image, NAME, 240, 20), MARKERS))


@pytest.mark.parametrize("marker", ["L MLO", "RCC", "L-CC"])
def test_a_view_marker_is_told_apart(marker: str) -> None:
    regions = find_text(write(ground(), marker, 300, 20, size=44), MARKERS)
    assert [region.is_marker for region in regions] == [True]


def test_a_name_beside_a_marker_is_found() -> None:
    image = write(write(ground(), "L MLO", 300, 20, size=44), "DOE J", 300, 90)
    regions = find_text(image, MARKERS)
    assert [region.is_marker for region in regions] == [True, False]


def test_a_name_in_the_line_of_a_marker_is_found() -> None:
    assert others(find_text(write(ground(), "L MLO DOE JANE", 180, 20, size=36), MARKERS))


@pytest.mark.parametrize("seed", range(3))
def test_an_image_without_text_has_none(seed: int) -> None:
    assert find_text(ground(700, 900, seed), MARKERS) == []
    assert find_text(np.zeros((300, 400), np.uint8), MARKERS) == []
    assert find_text(np.full((5, 3), 7, np.uint8), MARKERS) == []


def test_what_a_text_says_is_nowhere_said(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        regions = others(find_text(write(ground(), NAME, 20, 20), MARKERS))
    assert regions
    said = caplog.text + "".join(capfd.readouterr()) + repr(regions)
    assert not any(word in said for word in NAME.split())


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(TextMissingError, match=r"pip install 'doubleread\[text\]'"):
        require_rapidocr()


def test_a_wheel_with_other_networks_is_refused_before_any_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reading._NETWORKS, "Det", "PP-OCRv9.onnx")
    with pytest.raises(TextMissingError, match=r"does not hold PP-OCRv9\.onnx"):
        require_rapidocr()
