"""A caption says finding and reader, can be read on any tissue, and stands inside the picture off the others."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from orchestration.imaging.boxes import Area
from orchestration.imaging.captions import MAX_CAPTION, MAX_READER, caption_text, font, place, plate


def test_a_caption_names_the_finding_and_the_reader():
    assert caption_text("Malignant mass", "U1") == "Malignant mass · U1"
    assert caption_text("Benign mass", "6fa459ea-ee8a-3ca4-894e-db77e160355e").endswith(
        "6fa459ea-ee8a-3ca4-894e-db77e160355e"
    )


@given(caption=st.text(max_size=200), reader=st.text(max_size=200))
def test_any_names_become_short_text_that_the_font_has(caption, reader):
    text = caption_text(caption, reader)
    assert len(text) <= MAX_CAPTION + len(" · ") + MAX_READER + len("#0000")
    assert text.isprintable()
    missing = bytes(font(20).getmask("\U0010ffff"))
    assert all(bytes(font(20).getmask(letter)) != missing for letter in text if letter != " ")


@pytest.mark.parametrize(
    "reader", ["x" * 10_000, "a\x00b\x1b[31m", "مستخدم", "\u202eevil", "田中", "\ud800", "", " ", "😀", "Müller"]
)
def test_a_name_that_cannot_be_shown_as_it_is_says_so_and_stays_apart(reader):
    shown, _, digest = caption_text("Mass", reader).rpartition("#")
    assert shown.startswith("Mass · ")
    assert len(digest) == 4
    assert caption_text("Mass", reader + "2") != caption_text("Mass", reader)


def test_accents_are_dropped_and_unknown_letters_marked():
    assert caption_text("Mass", "Müller").startswith("Mass · Muller#")
    assert caption_text("Mass", "田中").startswith("Mass · ??#")
    assert caption_text("Mass", "a\tb\n c") == "Mass · a b c"


@given(text=st.text("abcXYZ 012", min_size=1, max_size=60), size=st.integers(8, 60), max_width=st.integers(1, 400))
def test_a_plate_is_white_on_black_and_no_wider_than_it_may_be(text, size, max_width):
    greys = plate(caption_text("Mass", text), size, max_width)
    if greys is None:
        assert max_width < 3 * size
    else:
        assert greys.shape[1] <= max_width
        assert greys.shape[0] == plate("x", size, 10_000).shape[0]
        assert not greys[[0, -1]].any()
        assert greys.max() > 128
        assert not greys.flags.writeable


def test_the_shape_of_letters_is_not_cut():
    """Ascenders, descenders and overhanging letters lie inside the plate, so its rim is black."""
    for size in (13, 20, 52):
        greys = plate("Ågj|()Qy_fW · U1" * 2, size, 10_000)
        assert not greys[0].any()
        assert not greys[-1].any()
        assert not greys[:, 0].any()
        assert not greys[:, -1].any()


areas = st.builds(
    lambda left, top, width, height: Area(left, top, left + width, top + height),
    st.integers(0, 350), st.integers(0, 350), st.integers(1, 50), st.integers(1, 50),
)  # fmt: skip


@given(frames=st.lists(areas, min_size=1, max_size=8), size=st.tuples(st.integers(1, 400), st.integers(1, 400)))
def test_captions_stand_inside_the_picture(frames, size):
    captions = []
    for frame in frames:
        captions.append(place(size, frame, (400, 400), captions, frames))
        assert 0 <= captions[-1].left <= captions[-1].right <= 400
        assert 0 <= captions[-1].top <= captions[-1].bottom <= 400
        assert (captions[-1].width, captions[-1].height) == size


@given(
    x=st.integers(0, 3000),
    y=st.integers(0, 3800),
    shifts=st.lists(st.tuples(st.integers(-40, 40), st.integers(-40, 40)), min_size=1, max_size=4),
)
def test_the_captions_of_readers_who_box_the_same_place_do_not_cover_each_other_or_the_boxes(x, y, shifts):
    frames = [Area(x + dx, y + dy, x + dx + 250, y + dy + 250) for dx, dy in [(0, 0), *shifts]]
    assume(all(frame.left >= 0 and frame.top >= 0 for frame in frames))
    picture = (3328, 4096)
    captions = []
    for frame in frames:
        captions.append(place((500, 78), frame, picture, captions, frames))
    assert not any(one.overlaps(other) for i, one in enumerate(captions) for other in captions[:i])
    hidden = np.zeros(picture, bool)
    for caption in captions:
        hidden[caption.left : caption.right, caption.top : caption.bottom] = True
    for frame in frames:
        assert hidden[frame.left : frame.right, frame.top : frame.bottom].mean() < 0.35


def test_a_caption_stands_above_its_box_where_there_is_room():
    frame = Area(100, 100, 200, 200)
    assert place((80, 20), frame, (400, 400), [], [frame]) == Area(100, 80, 180, 100)
    assert place((80, 20), Area(100, 10, 200, 200), (400, 400), [], [Area(100, 10, 200, 200)]).top == 200
    assert place((80, 20), Area(0, 0, 400, 400), (400, 400), [], [Area(0, 0, 400, 400)]) == Area(0, 0, 80, 20)
