"""A clean picture is the image and nothing else: the rendering of eight bits, or the stored values."""

import zlib
from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from PIL import Image

from orchestration.imaging import ImageError, annotate, clean_image, describe_png, read_image, read_samples
from tests.dicom.dicoms import file_bytes, image_dataset
from tests.imaging.pngs import KINDS, chunk, png, random_png

MAMMOGRAMS = Path(__file__).parents[3] / "shared" / "data" / "mammograms" / "jpeg"
TYPES = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16])


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    assert image.format == "PNG"
    assert not image.info
    return image


@given(kind=st.sampled_from(KINDS), size=st.tuples(st.integers(1, 40), st.integers(1, 40)), interlace=st.booleans())
def test_a_png_of_any_kind_keeps_the_pixels_of_its_rendering(kind, size, interlace) -> None:
    source = random_png(3, *size, kind[1], kind[0], interlace=interlace)
    clean = clean_image(source)
    assert opened(clean.png).mode in ("L", "RGB")
    np.testing.assert_array_equal(read_image(clean.png), read_image(source))
    np.testing.assert_array_equal(np.asarray(opened(clean.png).convert("L" if clean.channels == 1 else "RGB")),
                                  read_image(source))  # fmt: skip
    assert (clean.width, clean.height, clean.bits, clean.value_offset, clean.inverted) == (*size, 8, 0, False)
    assert clean_image(clean.png).png == clean.png, "a clean image is its own clean image"


@given(stored=TYPES.flatmap(lambda kind: st_numpy.arrays(kind, (9, 7))), inverted=st.booleans())
def test_a_dicom_image_gives_its_rendering_or_its_stored_values(stored: np.ndarray, inverted: bool) -> None:
    data = file_bytes(image_dataset(stored, photometric="MONOCHROME1" if inverted else "MONOCHROME2"))
    np.testing.assert_array_equal(read_image(clean_image(data).png), read_image(data))
    values = clean_image(data, 16)
    samples, _ = read_samples(values.png)
    np.testing.assert_array_equal(samples.astype(int) + values.value_offset, stored)
    assert (values.bits, values.channels) == (8 * stored.itemsize, 1)
    assert values.inverted == (inverted and stored.min() < stored.max())


def test_sixteen_bits_of_a_png_are_its_samples_and_other_images_have_no_more_than_eight() -> None:
    samples = np.random.default_rng(0).integers(0, 4096, (8, 6, 1))
    deep = clean_image(png(samples, 16, 0), 16)
    assert (deep.bits, deep.value_offset) == (16, 0)
    np.testing.assert_array_equal(read_samples(deep.png)[0], samples[..., 0])
    jpeg = BytesIO()
    Image.fromarray(samples[..., 0].astype("u1")).save(jpeg, "JPEG")
    for eight in (png(samples % 256, 8, 0), jpeg.getvalue()):
        assert clean_image(eight, 16) == clean_image(eight)
        assert clean_image(eight).bits == 8


def test_nothing_of_the_source_but_its_pixels_is_in_a_clean_image() -> None:
    grey = np.zeros((40, 50), np.uint8)
    text = chunk(b"tEXt", b"Comment\0Curie^Marie") + chunk(b"eXIf", b"Curie^Marie") + chunk(b"iCCP", b"Curie^Marie")
    jpeg = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "Curie^Marie"
    Image.fromarray(grey).save(jpeg, "JPEG", exif=exif, comment=b"Curie^Marie")
    sources = [png(grey[..., None], 8, 0, before=text), jpeg.getvalue(), file_bytes(image_dataset(grey.astype("u2")))]
    for source in sources:
        assert b"Curie" in source
        for bits in (8, 16):
            clean = clean_image(source, bits)
            assert b"Curie" not in clean.png
            opened(clean.png)


def test_nothing_hides_behind_or_among_the_compressed_pixels() -> None:
    """Bytes after the stream's end, a second IDAT's too, and whatever follows IEND."""
    pixels = zlib.compress(b"".join(b"\0" + bytes(range(6)) for _ in range(5)))
    grey = np.tile(np.arange(6, dtype=np.uint8), (5, 1))
    for behind in (b"Curie^Marie", b"Curie^Marie" + pixels[-4:-1], b"Curie^Marie" + pixels[-4:], pixels[-4:]):
        source = png(grey[..., None], 8, 0, data=pixels + behind) + b"Curie^Marie"
        keepable = annotate(source, caption="", boxes=[]).keepable
        clean = clean_image(source, keepable=keepable)
        assert clean == clean_image(source)
        assert b"Curie" not in clean.png
        np.testing.assert_array_equal(read_image(clean.png), grey)
        assert describe_png(source).holds_more
        assert describe_png(png(grey[..., None], 8, 0, data=pixels + behind), keepable=keepable).holds_more
        assert not describe_png(clean.png).holds_more


def test_a_stream_that_reaches_further_back_than_it_declares_is_not_kept() -> None:
    """libpng believes what the stream's header says of its window (RFC 1950, 2.2), and refuses what lies beyond."""
    grey = np.tile(np.random.default_rng(0).integers(0, 256, 500, np.uint8), (4, 1))
    pixels = b"\x08\x1d" + zlib.compress(b"".join(b"\0" + row.tobytes() for row in grey))[2:]
    source = png(grey[..., None], 8, 0, data=pixels)
    assert annotate(source, caption="", boxes=[]).keepable
    assert clean_image(source, keepable=True) == clean_image(source)
    np.testing.assert_array_equal(imagecodecs.png_decode(clean_image(source).png), grey)


@given(kind=st.sampled_from(KINDS), size=st.tuples(st.integers(1, 40), st.integers(1, 40)), interlace=st.booleans())
def test_a_png_says_whether_it_holds_more_than_its_rows(kind, size, interlace) -> None:
    source = random_png(3, *size, kind[1], kind[0], interlace=interlace)
    start, end = source.index(b"IDAT") + 4, source.rindex(b"IEND") - 8
    rows = zlib.decompress(source[start:end])

    def with_rows(rows: bytes) -> bytes:
        return source[: start - 8] + chunk(b"IDAT", zlib.compress(rows)) + source[end + 4 :]

    assert not describe_png(source).holds_more
    assert not describe_png(with_rows(rows)).holds_more
    assert describe_png(with_rows(rows + b"Curie^Marie")).holds_more


@given(kind=st.sampled_from(KINDS), size=st.tuples(st.integers(1, 40), st.integers(1, 40)), interlace=st.booleans())
def test_what_drawing_says_can_be_kept_is_kept_as_if_it_were_looked_at_again(kind, size, interlace) -> None:
    source = random_png(3, *size, kind[1], kind[0], interlace=interlace)
    keepable = annotate(source, caption="", boxes=[]).keepable
    assert clean_image(source, keepable=keepable) == clean_image(source)
    assert keepable == (kind == (0, 8) and not interlace)


@pytest.mark.parametrize("bits", [8, 16])
def test_what_has_no_rendering_has_no_clean_image(bits) -> None:
    frames = image_dataset(np.zeros((4, 4), np.uint16), NumberOfFrames=2)
    frames.PixelData = bytes(64)
    damaged = bytearray(random_png(1, 20, 20, 8, 0))
    damaged[50] ^= 1
    for source, message in ((file_bytes(frames), "2 frames"), (bytes(damaged), "damaged PNG"), (b"no", "neither PNG")):
        with pytest.raises(ImageError, match=message):
            clean_image(source, bits)


@pytest.mark.skipif(not MAMMOGRAMS.exists(), reason="needs ../shared/data/mammograms")
def test_a_real_mammogram_is_unchanged() -> None:
    source = (MAMMOGRAMS / "sample_C3.jpg").read_bytes()
    np.testing.assert_array_equal(
        np.asarray(opened(clean_image(source).png)), np.asarray(Image.open(BytesIO(source)).convert("L"))
    )
