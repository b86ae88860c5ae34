"""JPEG images become exactly what Pillow makes of them; where libjpeg would only warn of damage they are refused."""

import struct
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestration.imaging import ImageError, read_image


def picture(width: int = 70, height: int = 50, mode: str = "RGB") -> Image.Image:
    """Smooth blobs of colour, like a picture and unlike noise."""
    small = np.random.default_rng(0).integers(0, 256, (5, 6, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", **options)
    return file.getvalue()


@given(
    mode=st.sampled_from(["L", "RGB"]),
    quality=st.integers(5, 100),
    progressive=st.booleans(),
    subsampling=st.sampled_from([0, 1, 2]),
    width=st.integers(1, 70),
    height=st.integers(1, 70),
)
def test_a_jpeg_is_what_pillow_converts_to_rgb(*, mode, quality, progressive, subsampling, width, height):
    data = jpeg(picture(width, height, mode), quality=quality, progressive=progressive, subsampling=subsampling)
    ours = read_image(data)
    theirs = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    np.testing.assert_array_equal(ours if ours.ndim == 3 else np.repeat(ours[..., None], 3, axis=2), theirs)


@pytest.mark.parametrize("keep_rgb", [True, False])
def test_a_jpeg_of_rgb_components_is_not_taken_for_ycbcr(keep_rgb):
    data = jpeg(picture(), quality=95, keep_rgb=keep_rgb, subsampling=0)
    np.testing.assert_array_equal(read_image(data), np.asarray(Image.open(BytesIO(data)).convert("RGB")))


def test_a_grey_jpeg_stored_in_colour_is_a_grey_image():
    data = jpeg(picture(mode="L").convert("RGB"), quality=90)
    np.testing.assert_array_equal(read_image(data), np.asarray(Image.open(BytesIO(data)).convert("L")))


def test_an_exif_orientation_is_not_applied_since_boxes_refer_to_stored_pixels():
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    assert read_image(jpeg(picture(), exif=exif)).shape == (50, 70, 3)


@given(share=st.floats(0.01, 1, exclude_max=True), progressive=st.booleans())
def test_a_truncated_jpeg_is_refused_wherever_it_ends(share, progressive):
    data = jpeg(picture(), quality=95, progressive=progressive)
    with pytest.raises(ImageError):
        read_image(data[: int(share * len(data))])


@given(seed=st.integers(0, 10**6))
def test_a_jpeg_with_a_hole_is_refused(seed):
    """Pillow fills such holes with grey bands and says nothing."""
    data = jpeg(picture(300, 200), quality=95)
    scan = data.index(b"\xff\xda") + 20
    start = scan + seed % (len(data) - scan - 300)
    with pytest.raises(ImageError, match="damaged JPEG"):
        read_image(data[:start] + data[start + 150 :])


def frame(marker: int = 0xC0, precision: int = 8, components: int = 1, width: int = 9, height: int = 9) -> bytes:
    return b"\xff\xd8\xff" + struct.pack(">BHBHHB", marker, 11, precision, height, width, components) + bytes(40)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(width=65_535, height=65_535, components=3), "declares 65535 x 65535 pixels"),
        (frame(width=0), "has no pixels"),
        (frame(marker=0xC3), "of a kind that is not read"),
        (frame(marker=0xC9), "of a kind that is not read"),
        (frame(precision=12), "of a kind that is not read"),
        (frame(components=4), "of a kind that is not read"),
        (frame(), "damaged JPEG"),
        (b"\xff\xd8\xff\xe0", "no frame header"),
        (b"\xff\xd8\xff" * 1000, "no frame header"),
        (jpeg(picture()) + b"\xff\xda" * 200, "more than 100 scans"),
        (jpeg(picture(mode="CMYK")), "of a kind that is not read"),
    ],
)
def test_a_jpeg_that_cannot_be_used_says_why(data, reason):
    with pytest.raises(ImageError, match=reason):
        read_image(data)


def test_a_jpeg_of_another_size_than_its_name_or_a_png_inside_changes_nothing():
    """Only the first bytes decide; what else a file holds is not looked for."""
    data = jpeg(picture(), comment=b"\x89PNG\r\n\x1a\n DICM <html>")
    assert read_image(data).shape == (50, 70, 3)
