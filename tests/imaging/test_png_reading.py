"""PNG images become exactly what Pillow makes of them; 16 bits become eight by the rule; damage is always noticed."""

import tracemalloc
import warnings
import zlib
from fractions import Fraction
from io import BytesIO
from math import floor

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestration.imaging import MAX_PIXELS, ImageError, png_reader, read_image, read_samples
from tests.imaging.pngs import CHANNELS, KINDS, SIGNATURE, chunk, header, png, random_png

sizes = st.integers(1, 40)


def as_rgb(image: np.ndarray) -> np.ndarray:
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def grey_png(seed: int = 0, width: int = 50, height: int = 40) -> bytes:
    return random_png(seed, width, height, 8, 0)


@given(
    kind=st.sampled_from([kind for kind in KINDS if kind[1] <= 8]),
    interlace=st.booleans(),
    width=sizes,
    height=sizes,
    seed=st.integers(0, 99),
)
def test_every_kind_of_up_to_eight_bits_is_what_pillow_converts_to_rgb(kind, interlace, width, height, seed):
    colour_type, depth = kind
    data = random_png(seed, width, height, depth, colour_type, interlace=interlace)
    ours = read_image(data)
    theirs = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
    assert ours.dtype == np.uint8
    assert ours.flags.c_contiguous
    np.testing.assert_array_equal(as_rgb(ours), theirs)


@given(level=st.integers(0, 255), transparent=st.booleans())
def test_transparency_is_left_out_as_by_pillow(level, transparent):
    samples = np.full((3, 4, 1), level)
    before = chunk(b"tRNS", bytes([0, level])) if transparent else b""
    np.testing.assert_array_equal(read_image(png(samples, 8, 0, before=before)), samples[..., 0])


@pytest.mark.parametrize("colour_type", [2, 6])
def test_rgb_of_equal_channels_is_a_grey_image(colour_type):
    grey = np.random.default_rng(1).integers(0, 256, (300, 31, 1))
    samples = np.concatenate([grey] * 3 + [255 - grey] * (CHANNELS[colour_type] - 3), axis=2)
    np.testing.assert_array_equal(read_image(png(samples, 8, colour_type)), grey[..., 0])


@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("place", [(0, 0), (299, 30), (150, 7)])
def test_one_pixel_of_colour_makes_an_rgb_image(channel, place):
    samples = np.repeat(np.random.default_rng(1).integers(0, 255, (300, 31, 1)), 3, axis=2)
    samples[place][channel] += 1
    np.testing.assert_array_equal(read_image(png(samples, 8, 2)), samples)


def scaled(sample: int, bits: int) -> int:
    return floor(Fraction(sample * 255, 2**bits - 1) + Fraction(1, 2))


@given(
    colour_type=st.sampled_from([0, 2, 4, 6]),
    interlace=st.booleans(),
    highest=st.integers(0, 65535),
    seed=st.integers(0, 99),
)
def test_sixteen_bits_become_eight_linearly_from_the_fewest_bits_that_hold_the_maximum(
    colour_type, interlace, highest, seed
):
    samples = np.random.default_rng(seed).integers(0, highest + 1, (5, 6, CHANNELS[colour_type]))
    samples[0, 0] = highest
    bits = next(bits for bits in (10, 12, 14, 16) if highest < 2**bits)
    image = as_rgb(read_image(png(samples, 16, colour_type, interlace=interlace)))
    colours = samples[..., :3] if colour_type in (2, 6) else np.repeat(samples[..., :1], 3, axis=2)
    np.testing.assert_array_equal(image, np.vectorize(lambda sample: scaled(int(sample), bits))(colours))


@given(bits=st.integers(1, 16), seed=st.integers(0, 99))
def test_an_sbit_chunk_says_how_many_bits_are_significant(bits, seed):
    samples = np.random.default_rng(seed).integers(0, 2**bits, (5, 6, 1))
    image = read_image(png(samples, 16, 0, before=chunk(b"sBIT", bytes([bits]))))
    np.testing.assert_array_equal(image, np.vectorize(lambda sample: scaled(int(sample), bits))(samples[..., 0]))


@given(bits=st.integers(1, 15), seed=st.integers(0, 99))
def test_significant_bits_at_the_top_as_the_specification_puts_them_are_found_there(bits, seed):
    samples = np.random.default_rng(seed).integers(0, 2**bits, (5, 6, 1))
    samples[0, 0] = 2**bits - 1
    image = read_image(png(samples << (16 - bits), 16, 0, before=chunk(b"sBIT", bytes([bits]))))
    np.testing.assert_array_equal(image, np.vectorize(lambda sample: scaled(int(sample), bits))(samples[..., 0]))


@pytest.mark.parametrize("sbit", [b"", b"\0", b"\x11"])
def test_an_sbit_chunk_that_cannot_be_is_ignored(sbit):
    samples = np.array([[[4095], [0]]])
    np.testing.assert_array_equal(read_image(png(samples, 16, 0, before=chunk(b"sBIT", sbit))), [[255, 0]])


def test_a_file_named_otherwise_or_given_as_a_view_is_read_by_its_content():
    data = grey_png()
    np.testing.assert_array_equal(read_image(memoryview(data)), read_image(data))


@given(position=st.integers(0, 10_000), bit=st.integers(0, 7), kind=st.sampled_from(KINDS))
def test_any_flipped_bit_is_refused_or_changes_nothing(position, bit, kind):
    """Pillow and kornia-rs accept some wrong checksums; this reader compares each that the pixels depend on."""
    data = bytearray(random_png(3, 21, 17, kind[1], kind[0]))
    whole = read_image(bytes(data))
    data[position % len(data)] ^= 1 << bit
    try:
        image = read_image(bytes(data))
    except ImageError:
        return
    np.testing.assert_array_equal(image, whole)


@pytest.mark.parametrize("interlace", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_checksum_within_the_compressed_pixels_is_refused(kind, interlace):
    """Where an encoder's stream is damaged before its chunk is written, the chunk's own checksum is right."""
    data = random_png(3, 21, 17, kind[1], kind[0], interlace=interlace)
    start = data.index(b"IDAT")
    stream = data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start], "big")]
    damaged = stream[:-1] + bytes([stream[-1] ^ 1])
    assert read_image(data).size
    with pytest.raises(ImageError, match="damaged PNG"):
        read_image(data.replace(chunk(b"IDAT", stream), chunk(b"IDAT", damaged)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [1, 10**6])
def test_what_follows_the_last_row_within_the_compressed_pixels_is_harmless(kind, more):
    data = random_png(3, 21, 17, kind[1], kind[0])
    start = data.index(b"IDAT")
    stream = data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start], "big")]
    longer = zlib.compress(zlib.decompress(stream) + bytes(more))
    changed = data.replace(chunk(b"IDAT", stream), chunk(b"IDAT", longer))
    np.testing.assert_array_equal(read_image(changed), read_image(data))


@pytest.mark.parametrize("damage", [0, 1])
@pytest.mark.parametrize("kind", [(0, 8), (2, 8), (0, 16), (3, 8)])
def test_what_is_too_large_to_be_in_memory_twice_is_checked_too(kind, damage, monkeypatch):
    monkeypatch.setattr(png_reader, "_MAX_INFLATED_AT_ONCE", 10)
    data = random_png(3, 21, 17, kind[1], kind[0])
    start = data.index(b"IDAT")
    stream = data[start + 4 : start + 4 + int.from_bytes(data[start - 4 : start], "big")]
    damaged = stream[:-1] + bytes([stream[-1] ^ damage])
    in_parts = chunk(b"IDAT", damaged[:50]) + chunk(b"IDAT", b"") + chunk(b"IDAT", damaged[50:])
    changed = data.replace(chunk(b"IDAT", stream), in_parts)
    if damage:
        with pytest.raises(ImageError, match="damaged PNG"):
            read_image(changed)
    else:
        pieces = read_image(changed)
        monkeypatch.undo()
        np.testing.assert_array_equal(pieces, read_image(data))


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("interlace", [False, True])
def test_a_pixel_beyond_the_palette_is_refused(depth, interlace):
    samples = np.full((9, 9, 1), 2**depth - 1)
    colours = bytes(range(3)) * (2**depth - 1)
    with pytest.raises(ImageError, match="a colour that its palette lacks"):
        read_image(png(samples, depth, 3, interlace=interlace, before=chunk(b"PLTE", colours)))
    assert read_image(png(samples, depth, 3, interlace=interlace, before=chunk(b"PLTE", colours + bytes(3)))).size


@pytest.mark.filterwarnings("ignore:Palette images with Transparency:UserWarning")  # of Pillow, on two of them
def test_files_of_the_specifications_authors_and_of_go_are_read_as_by_pillow_or_refused(shared_data):
    files = sorted((shared_data / "conformance" / "png").rglob("*.png"))
    assert len(files) > 40
    for path in files:
        data = path.read_bytes()
        if path.name.startswith("invalid-"):
            with pytest.raises(ImageError, match="PNG"):
                read_image(data)
        elif Image.open(BytesIO(data)).mode.startswith("I"):  # Pillow cuts 16 bits to eight instead of scaling them
            np.testing.assert_array_equal(read_samples(data)[0], np.asarray(Image.open(BytesIO(data))))
        elif path.name[-6:-4] == "16" or path.name[6:8] == "16":
            theirs = imagecodecs.png_decode(data)
            np.testing.assert_array_equal(
                read_samples(data)[0], theirs[..., : 1 if theirs.shape[-1] == 2 else 3].squeeze()
            )
        else:
            theirs = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
            np.testing.assert_array_equal(as_rgb(read_image(data)), theirs, err_msg=path.name)


@given(share=st.floats(0, 1, exclude_max=True), kind=st.sampled_from(KINDS))
def test_a_truncated_png_is_refused_wherever_it_ends(share, kind):
    data = random_png(4, 21, 17, kind[1], kind[0])
    with pytest.raises(ImageError):
        read_image(data[: int(share * len(data))])


@pytest.mark.parametrize("size", [(100_000, 100_000), (2**31 - 1, 1), (45_000, 1001), (6709, 6709)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_decompression_bomb_is_refused_before_memory_is_taken(size, kind):
    colour_type, depth = kind
    data = (
        SIGNATURE
        + header(*size, depth, colour_type)
        + chunk(b"IDAT", zlib.compress(bytes(10**6)))
        + chunk(b"IEND", b"")
    )
    assert size[0] * size[1] > MAX_PIXELS
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=rf"declares {size[0]} x {size[1]} pixels; at most 45,000,000"):
            read_image(data)
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()


def test_an_image_whose_samples_take_too_much_is_refused_though_its_pixels_are_few_enough():
    data = SIGNATURE + header(6000, 6000, 16, 6) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(ImageError, match="6000 x 6000 pixels of 8 bytes"):
        read_image(data)


def test_a_header_that_declares_fewer_or_more_rows_than_there_are_is_refused():
    """Extra data behind the last row is an encoder's quirk and harmless; missing data is not."""
    samples = np.arange(30).reshape(6, 5, 1)
    raw = zlib.compress(b"".join(b"\0" + bytes(row) for row in samples[:4, :, 0].tolist()))
    with pytest.raises(ImageError, match="damaged PNG"):
        read_image(png(samples, 8, 0, data=raw))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is neither PNG, JPEG nor DICOM; it is empty"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "it is an HTML page"),
        (b"<html><head><title>503</title></head></html>", "it is an HTML page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>BlobNotFound</Code></Error>", "it is XML or JSON"),
        (b'{"error": "forbidden"}', "it is XML or JSON"),
        (bytes(5000), "it begins with zeros"),
        (b"GIF89a", "is neither PNG, JPEG nor DICOM$"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG without a header"),
        (SIGNATURE + header(5, 0, 8, 0) + chunk(b"IEND", b""), "has no pixels"),
        (SIGNATURE + header(5, 5, 3, 0) + chunk(b"IEND", b""), "unknown colour type 0 with 3 bits"),
        (SIGNATURE + header(5, 5, 8, 5) + chunk(b"IEND", b""), "unknown colour type 5"),
        (SIGNATURE + header(5, 5, 8, 0, 2) + chunk(b"IEND", b""), "unknown compression, filtering or interlacing"),
        (SIGNATURE + header(5, 5, 8, 0) + chunk(b"IEND", b""), "damaged PNG"),
        (
            SIGNATURE + header(5, 5, 8, 3) + chunk(b"IDAT", zlib.compress(bytes(30))) + chunk(b"IEND", b""),
            "damaged PNG",
        ),
        (SIGNATURE + header(5, 5, 8, 0) + chunk(b"ABCD", b"") + chunk(b"IEND", b""), "a critical chunk"),
    ],
)
def test_what_is_no_image_is_refused_and_named_for_what_it_is(data, reason):
    with pytest.raises(ImageError, match=reason):
        read_image(data)


def test_what_surrounds_the_image_cannot_hurt():
    """Text, profiles and animation are never handed to a decoder, so nothing inflates a thousandfold."""
    bomb = chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(10**7))) + chunk(
        b"zTXt", b"k\0\0" + zlib.compress(bytes(10**7))
    )
    samples = np.arange(30).reshape(6, 5, 1)
    tracemalloc.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = read_image(png(samples, 8, 0, before=bomb + chunk(b"tEXt", b"broken")[:-1] + b"\0") + b"behind the end")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(image, samples[..., 0])
    assert peak < 10**6
