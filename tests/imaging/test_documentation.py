"""docs/pictures.md says what the code does."""

import re
from pathlib import Path

import pytest

from orchestration.images import MAX_DECODED_BYTES, STRIPE_ROWS
from orchestration.imaging import MAX_PIXELS
from orchestration.imaging.captions import MAX_READER
from orchestration.imaging.colours import COLOURS
from orchestration.imaging.draw import MAX_BOXES, font_size, line_width
from orchestration.imaging.jpeg_reader import MAX_SCANS

TEXT = " ".join((Path(__file__).parents[2] / "docs" / "pictures.md").read_text().split())


def test_the_colours_are_those_of_the_code():
    assert re.findall(r"`#([0-9a-f]{6})`", TEXT) == [bytes(colour).hex() for colour in COLOURS]


@pytest.mark.parametrize(
    "statement",
    [
        f"more than {MAX_PIXELS:,} pixels, or {MAX_DECODED_BYTES:,} bytes",
        f"more than {MAX_SCANS} JPEG scans",
        f"more than {MAX_BOXES:,} boxes",
        f"Names of more than {MAX_READER} characters",
        f"stripes of {STRIPE_ROWS} rows",
        f"{line_width(3328, 4096)} pixels wide on 3328 x 4096 and {line_width(266, 425)} on a thumbnail",
        f"at least {font_size(20, 20)} pixels",
    ],
)
def test_the_numbers_are_those_of_the_code(statement):
    assert statement in TEXT
