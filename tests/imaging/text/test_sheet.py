"""The picture by which a person decides."""

import io

import numpy as np
from PIL import Image

from orchestration.imaging.text.sheet import AROUND, WHOLE, text_sheet
from tests.imaging.text.planting import ground, write


def test_each_region_is_framed_and_shown_at_its_own_size_with_faint_text_made_visible() -> None:
    image = write(np.full((2000, 1000), 4, np.uint8), "DOE", 500, 1500, grey=9)
    sheet = np.asarray(Image.open(io.BytesIO(text_sheet(image, [(500, 1500, 80, 30)]))))
    whole, beside = sheet[:, : WHOLE // 2 + 16], sheet[:, WHOLE // 2 + 32 :]
    frame = (whole[:, :, 0] > 200) & (whole[:, :, 2] < 50)
    assert frame.any(), "a coloured frame"
    assert np.argwhere(frame)[:, 0].mean() > WHOLE / 2, "where the text is"
    assert beside.shape[1] >= 80 + 2 * AROUND
    assert (beside == 255).all(axis=2).any(), "the text is white now"


def test_a_region_at_the_edge_of_a_colour_image_and_an_image_with_many_regions_are_shown() -> None:
    image = np.repeat(ground()[:, :, None], 3, axis=2)
    data = text_sheet(image, [(0, 0, 10, 10), (490, 390, 10, 10)] * 100)
    assert Image.open(io.BytesIO(data)).height < 40 * 200
