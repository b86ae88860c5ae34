"""The promise of every picture: outside the frames and captions, the grey values are the source's, exactly."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestration.imaging import Box, ImageError, annotate, read_image
from orchestration.imaging.annotate import unused_greys
from orchestration.imaging.colours import COLOURS, reader_colours
from orchestration.imaging.draw import draw, font_size, line_width
from tests.dicom.dicoms import file_bytes, image_dataset
from tests.imaging.pngs import KINDS, png, random_png

MAMMOGRAMS = Path(__file__).parents[3] / "shared" / "data" / "mammograms" / "jpeg"


def grey_png(image: np.ndarray) -> bytes:
    return png(image[..., None], 8, 0)


def pixels(data: bytes) -> np.ndarray:
    image = Image.open(BytesIO(data))
    image.load()
    assert image.format == "PNG"
    return np.asarray(image.convert("RGB"))


def tissue(height: int, width: int, levels: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(0, levels, (height, width), np.uint8)


def drawn_area(width: int, height: int, boxes: list[Box], caption: str = "Malignant mass") -> np.ndarray:
    mask = np.zeros((height, width), bool)
    for mark in draw(width, height, caption, boxes).marks:
        mask[mark.area.top : mark.area.bottom, mark.area.left : mark.area.right] = True
    return mask


numbers = st.floats(-60, 200) | st.floats()
boxes = st.lists(
    st.builds(Box, st.sampled_from(["U1", "U2", "U3", "Ž\x00" * 9]), numbers, numbers, numbers, numbers), max_size=6
)


@given(
    kind=st.sampled_from(KINDS),
    width=st.integers(1, 150),
    height=st.integers(1, 150),
    boxes=boxes,
    seed=st.integers(0, 9),
)
def test_outside_frames_and_captions_a_png_of_any_kind_is_unchanged(kind, width, height, boxes, seed):
    source = random_png(seed, width, height, kind[1], kind[0])
    result = annotate(source, caption="Malignant mass", boxes=boxes)
    ours = pixels(result.png)
    assert ours.shape == (height, width, 3)
    assert (result.width, result.height) == (width, height)
    expected = read_image(source)
    if kind[1] <= 8:
        expected = np.asarray(Image.open(BytesIO(source)).convert("RGB"))
    elif expected.ndim == 2:
        expected = np.repeat(expected[..., None], 3, axis=2)
    outside = ~drawn_area(width, height, boxes)
    np.testing.assert_array_equal(ours[outside], expected[outside])


@pytest.mark.parametrize(("levels", "form"), [(200, "palette"), (256, "rgb")])
def test_what_a_picture_follows_from_is_told_with_it(levels: int, form: str) -> None:
    boxes = [Box("U1", 10, 10, 40, 50), Box("U2", 20, 20, 40, 50), Box("U3", -50, 0, 10, 10)]
    drawing = annotate(grey_png(tissue(900, 800, levels)), caption="Malignant mass", boxes=boxes).drawing
    assert (drawing["line_width"], drawing["font_size"]) == (line_width(800, 900), font_size(800, 900))
    colours = {
        reader: "#{:02x}{:02x}{:02x}".format(*COLOURS[n]) for reader, n in reader_colours(["U1", "U2", "U3"]).items()
    }
    assert drawing["colours"] == colours
    assert drawing["pixels"] == form
    assert drawing["png"] == {
        "filter": "up", "compressor": "ISA-L", "level": 1, "window_bits": 9 if form == "palette" else 15,
    }  # fmt: skip


@given(levels=st.integers(2, 256), boxes=boxes)
def test_a_dicom_image_and_a_jpeg_are_unchanged_outside_too(levels, boxes):
    stored = tissue(120, 100, levels).astype("u2")
    dicom = file_bytes(image_dataset(stored, WindowCenter=128, WindowWidth=256))
    file = BytesIO()
    Image.fromarray(stored.astype(np.uint8)).save(file, "JPEG", quality=95)
    outside = ~drawn_area(100, 120, boxes)
    for source in (dicom, file.getvalue()):
        ours = pixels(annotate(source, caption="Malignant mass", boxes=boxes).png)
        np.testing.assert_array_equal(ours[outside], np.repeat(read_image(source)[..., None], 3, axis=2)[outside])


@given(boxes)
def test_every_box_is_drawn_or_skipped_and_the_clipped_are_among_the_drawn(boxes):
    result = annotate(grey_png(tissue(90, 120)), caption="Benign mass", boxes=boxes)
    assert result.boxes_drawn + result.boxes_skipped == len(boxes)
    assert result.boxes_clipped <= result.boxes_drawn


def test_boxes_are_clipped_put_right_or_skipped():
    kinds = {
        "whole": Box("U1", 10, 10, 30, 30),
        "drawn leftwards and upwards": Box("U1", 90, 90, -30, -30),
        "over the edge": Box("U1", 100, 70, 500, 1e308),
        "around the picture": Box("U1", -1e300, -5, 1e308, 1e308),
        "no width": Box("U1", 10, 10, 0, 5),
        "no number": Box("U1", float("nan"), 10, 5, 5),
        "endless from nowhere": Box("U1", float("-inf"), 0, float("inf"), 5),
        "outside": Box("U1", 500, 10, 5, 5),
        "too far to count": Box("U1", 1e308, 1e308, 10, 10),
    }
    result = annotate(grey_png(tissue(100, 120)), caption="Benign mass", boxes=list(kinds.values()))
    assert (result.boxes_drawn, result.boxes_clipped, result.boxes_skipped) == (4, 2, 5)


@pytest.mark.parametrize("levels", [200, 256])
def test_a_frame_lies_around_its_box_in_the_colour_of_its_reader_and_leaves_the_finding_uncovered(levels):
    source = tissue(2000, 1600, levels)
    box = Box("U1", 400, 600, 300, 200)
    ours = pixels(annotate(grey_png(source), caption="Malignant mass", boxes=[box]).png)
    line = line_width(1600, 2000)
    colour = COLOURS[reader_colours(["U1"])["U1"]]
    for side in (
        ours[600 - line : 600, 400 - line : 700 + line],
        ours[800 : 800 + line, 400 - line : 700 + line],
        ours[600 - line : 800 + line, 400 - line : 400],
        ours[600 - line : 800 + line, 700 : 700 + line],
    ):
        assert (side == colour).all()
    np.testing.assert_array_equal(ours[600:800, 400:700], np.repeat(source[600:800, 400:700, None], 3, axis=2))


@pytest.mark.parametrize("box", [Box("U1", 0, 0, 500, 400), Box("U1", -50, -50, 900, 900), Box("U1", 499, 399, 50, 50)])
def test_at_the_edge_the_whole_line_lies_inside_the_picture(box):
    ours = pixels(annotate(grey_png(tissue(400, 500)), caption="Malignant mass", boxes=[box]).png)
    colour = COLOURS[reader_colours(["U1"])["U1"]]
    area = draw(500, 400, "Malignant mass", [box])
    assert area.boxes_drawn == 1
    corners = [ours[0, 0], ours[0, -1], ours[-1, 0], ours[-1, -1]]
    assert any((corner == colour).all() for corner in corners)


@given(count=st.integers(2, 8))
def test_readers_with_the_same_box_all_show(count):
    """Two readers who mark the same pixels must both be seen, not the last of them."""
    readers = [f"U{number}" for number in range(count)]
    source = tissue(900, 800)
    ours = pixels(annotate(grey_png(source), caption="Mass", boxes=[Box(r, 300, 300, 200, 150) for r in readers]).png)
    colours = reader_colours(readers)
    middle_row = ours[375]
    for reader in readers:
        assert (middle_row == COLOURS[colours[reader]]).all(axis=1).sum() >= 2 * line_width(800, 900)
    np.testing.assert_array_equal(ours[300:450, 300:500, 0], source[300:450, 300:500])


def test_a_grey_image_with_levels_to_spare_becomes_a_palette_of_all_other_greys():
    spare = annotate(grey_png(tissue(300, 300, 250)), caption="Mass", boxes=[Box("U1", 50, 50, 50, 50)])
    full = annotate(grey_png(tissue(300, 300, 256)), caption="Mass", boxes=[Box("U1", 50, 50, 50, 50)])
    assert Image.open(BytesIO(spare.png)).mode == "P"
    assert Image.open(BytesIO(full.png)).mode == "RGB"
    assert len(spare.png) < 0.5 * len(full.png)


@given(present=st.sets(st.integers(0, 255)), count=st.integers(0, 8))
def test_unused_greys_are_levels_that_no_pixel_has(present, count):
    image = np.resize(np.array(sorted(present) or [0], np.uint8), (100, 100))
    absent = set(range(1, 255)) - set(image.flat)
    levels = unused_greys(image, count)
    if len(absent) < count:
        assert levels is None
    else:
        assert len(set(levels)) == count
        assert set(levels) <= absent


@given(level=st.integers(1, 254), row=st.integers(0, 99), column=st.integers(0, 99))
def test_a_level_of_a_single_pixel_is_not_unused(level, row, column):
    image = np.zeros((100, 100), np.uint8)
    image[row, column] = level
    assert level not in unused_greys(image, 253)


def test_a_picture_whose_only_boxes_are_empty_is_the_image():
    source = tissue(50, 60, 256)
    result = annotate(grey_png(source), caption="Mass", boxes=[Box("U1", 5, 5, 0, 0)])
    np.testing.assert_array_equal(pixels(result.png)[..., 0], source)
    assert result.boxes_skipped == 1


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (20, 20), (20, 500), (500, 20), (266, 425), (3328, 64)])
@pytest.mark.parametrize("levels", [200, 256])
def test_pictures_of_any_size_are_drawn(size, levels):
    result = annotate(
        grey_png(tissue(size[1], size[0], levels)),
        caption="Malignant microcalcifications",
        boxes=[Box("U1", 0, 0, 9, 9)] * 3,
    )
    assert pixels(result.png).shape == (size[1], size[0], 3)


def test_lines_and_letters_grow_with_the_picture():
    assert [(line_width(*size), font_size(*size)) for size in [(266, 425), (1996, 2457), (3328, 4096)]] == [
        (1, 13),
        (5, 31),
        (8, 52),
    ]


@pytest.mark.parametrize("tone", [0, 128, 255])
def test_a_caption_can_be_read_on_any_tissue(tone):
    """White letters on black, with more of both than a blur would leave."""
    source = np.full((600, 800), tone, np.uint8)
    box = Box("U1", 300, 300, 100, 100)
    ours = pixels(annotate(grey_png(source), caption="Malignant mass", boxes=[box]).png)
    plate = draw(800, 600, "Malignant mass", [box]).marks[-1].area
    inside = ours[plate.top : plate.bottom, plate.left : plate.right]
    assert (inside == 255).all(axis=2).sum() > 100
    assert (inside == 0).all(axis=2).sum() > 400


def test_a_hostile_name_is_drawn():
    names = ["x" * 10_000, "\x00\x1b[31m", "مستخدم", "\u202egnp.exe", "\ud800", ""]
    result = annotate(grey_png(tissue(300, 400)), caption="y" * 10_000, boxes=[Box(n, 50, 50, 40, 40) for n in names])
    assert result.boxes_drawn == len(names)


def test_too_many_boxes_are_refused():
    with pytest.raises(ImageError, match="1001 boxes"):
        annotate(grey_png(tissue(30, 30)), caption="Mass", boxes=[Box("U1", 1, 1, 5, 5)] * 1001)


def test_the_same_input_gives_the_same_bytes_in_every_process():
    code = (
        "import hashlib, numpy as np; from orchestration.imaging import annotate, Box; "
        "from tests.imaging.pngs import png; image = np.random.default_rng(0).integers(0, LEVELS, (300, 200, 1)); "
        "boxes = [Box(r, 20 * i, 30, 90, 80) for i, r in enumerate(['U1', 'U2', 'Zoë'])]; "
        "print(hashlib.sha256(annotate(png(image, 8, 0), caption='Malignant mass', boxes=boxes).png).hexdigest())"
    )
    root = Path(__file__).parents[2]
    for levels in ("200", "256"):
        command = [sys.executable, "-c", code.replace("LEVELS", levels)]
        digests = {
            subprocess.run(command, env={"PYTHONHASHSEED": seed}, cwd=root, capture_output=True, check=True).stdout
            for seed in ("1", "2")
        }
        assert len(digests) == 1


def test_nothing_of_the_source_but_its_pixels_reaches_the_picture():
    file = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Curie^Marie"
    Image.fromarray(tissue(40, 50)).save(file, "JPEG", exif=exif, comment=b"Curie^Marie")
    dicom = file_bytes(image_dataset(tissue(40, 50).astype("u2")))
    for source in (file.getvalue(), dicom):
        assert b"Curie" in source
        result = annotate(source, caption="Mass", boxes=[Box("U1", 5, 5, 9, 9)])
        assert b"Curie" not in result.png
        assert not Image.open(BytesIO(result.png)).info


@pytest.mark.skipif(not MAMMOGRAMS.exists(), reason="needs ../shared/data/mammograms")
@pytest.mark.parametrize("name", ["sample_A4.jpg", "sample_C3.jpg", "sample_D1.jpg"])
def test_a_real_mammogram_is_unchanged_outside_what_was_drawn(name):
    source = (MAMMOGRAMS / name).read_bytes()
    theirs = np.asarray(Image.open(BytesIO(source)).convert("RGB"))
    height, width = theirs.shape[:2]
    boxes = [Box("U1", width // 3, height // 3, 200, 180), Box("U2", width // 3 + 30, height // 3 + 20, 200, 180)]
    ours = pixels(annotate(source, caption="Malignant mass", boxes=boxes).png)
    outside = ~drawn_area(width, height, boxes)
    np.testing.assert_array_equal(ours[outside], theirs[outside])
    assert (~outside).sum() < max(0.02 * height * width, 20_000)
