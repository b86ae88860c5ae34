"""Frames are told apart and followed to their end: what is odd is read, what is cut short or ambiguous is refused."""

import io
import struct
from contextlib import suppress

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from orchestration.dicom.encoding import PixelDataError
from orchestration.imaging import read_stored
from tests.dicom.encoding.frames import LOSSLESS, SEVERAL_FRAMES, header_of, jpeg8, read, rle, smooth
from tests.dicom.encoding.oracle import assembled, file_of


@pytest.mark.parametrize("padding", [b"", b"\x00", b"\xff", b" ", bytes(10), b"  \xff\xff\x00"])
@pytest.mark.parametrize("name", [name for name in SEVERAL_FRAMES if name != "RLE"])
def test_frames_one_after_the_other_are_told_apart(name, padding):
    syntax, encode = LOSSLESS[name]
    frames = [smooth((23, 31), np.uint8, seed) for seed in range(4)]
    joined = b"".join(encode(frame) + (padding if syntax != ExplicitVRLittleEndian else b"") for frame in frames)
    dataset = read(assembled(header_of(frames[0], NumberOfFrames=4), joined))
    np.testing.assert_array_equal(dataset.pixel_array, frames)


def test_the_offset_table_says_where_the_frames_are():
    frames = [imagecodecs.jpegls_encode(smooth((23, 31), np.uint8, seed)) for seed in range(3)]
    element = read(assembled(header_of(np.zeros((23, 31), np.uint8), NumberOfFrames=3), b"".join(frames)))["PixelData"]
    offsets = parse_basic_offsets(element.value)
    first = 8 + 4 * len(offsets)
    for offset, frame in zip(offsets, frames, strict=True):
        tag, size = struct.unpack_from("<4sL", element.value, first + offset)
        assert tag == b"\xfe\xff\x00\xe0"
        assert element.value[first + offset + 8 :].startswith(frame)
        assert size == len(frame) + len(frame) % 2
    assert element.VR == "OB"


def test_a_start_and_an_end_within_a_comment_are_none():
    frames = [imagecodecs.jpeg2k_encode(smooth((9, 9), np.uint8, seed), codecformat="j2k") for seed in range(2)]
    comment = b"\xff\x64\x00\x12\x00\x00\xff\x90" + frames[0][:6] + b"\xff\xd9\xff\x4f\xff\x51"
    place = frames[0].index(b"\xff\x90")
    frames[0] = frames[0][:place] + comment + frames[0][place:]
    dataset = read(assembled(header_of(np.zeros((9, 9), np.uint8), NumberOfFrames=2), b"".join(frames)))
    assert list(generate_frames(dataset.PixelData, number_of_frames=2)) == [
        frame + bytes(len(frame) % 2) for frame in frames
    ]


def test_restart_markers_end_no_scan():
    pixels = smooth((23, 31), np.uint8)
    frame = jpeg8(pixels)[:-2] + b"\xff\xd0\x12\x34\xff\xd9"
    assert assembled(header_of(pixels, NumberOfFrames=2), frame * 2).transfer_syntax == JPEGBaseline8Bit


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches:UserWarning")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colours", [False, True])
@given(seed=st.integers(0, 99), rows=st.integers(9, 40), columns=st.integers(9, 40), flat=st.booleans())
def test_rle_frames_one_after_the_other_are_told_apart(*, dtype, colours, seed, rows, columns, flat):
    shape = (rows, columns, 3) if colours else (rows, columns)
    frames = [smooth(shape, dtype, seed + number) // (2**5 if flat else 1) for number in range(3)]
    joined = b"".join(rle(frame) for frame in frames)
    result = assembled(header_of(frames[0], NumberOfFrames=3), joined + bytes(2))
    assert result.transfer_syntax == RLELossless
    np.testing.assert_array_equal(read(result).pixel_array, frames)


@given(cut=st.integers(2, 3000), frames=st.integers(1, 3))
def test_rle_that_is_cut_short_is_refused(cut, frames):
    pixels = smooth((64, 64), np.uint16)
    with pytest.raises(PixelDataError):
        assembled(header_of(pixels, NumberOfFrames=frames), (rle(pixels) * frames)[:-cut])


def test_rle_of_fewer_pixels_than_the_header_has_is_refused_though_its_offsets_fit():
    pixels = smooth((64, 64), np.uint16)
    with pytest.raises(PixelDataError, match="cannot be followed to its end: a segment is cut short"):
        assembled(header_of(pixels, Rows=65), rle(pixels))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@given(padding=st.integers(0, 600), flat=st.booleans(), rows=st.integers(9, 40), frames=st.integers(1, 2))
def test_zeros_behind_rle_are_left_out(*, dtype, padding, flat, rows, frames):
    pixels = smooth((rows, 31), dtype) // (2**5 if flat else 1)
    header = header_of(pixels, NumberOfFrames=frames)
    result = assembled(header, rle(pixels) * frames + bytes(padding))
    assert file_of(result) == file_of(assembled(header, rle(pixels) * frames))
    np.testing.assert_array_equal(read_stored(file_of(result)).stored.reshape(frames, rows, 31)[-1], pixels)


@given(kept=st.integers(65, 4000), byte=st.sampled_from([0x00, 0x20, 0xFF]), hole=st.integers(16, 600))
def test_rle_with_a_hole_is_refused_or_can_be_decoded(kept, byte, hole):
    pixels = smooth((64, 64), np.uint8)
    whole = rle(pixels)
    for damaged in (
        whole[:kept].ljust(len(whole), bytes([byte])),
        whole[:kept] + bytes([byte]) * hole + whole[kept + hole :],
        whole[:kept] + whole[kept + hole :],
    ):
        with suppress(PixelDataError):
            assert read_stored(file_of(assembled(header_of(pixels), damaged))).stored.shape == pixels.shape


def test_rle_of_more_pixels_than_the_header_has_is_refused():
    pixels = smooth((64, 64), np.uint16)
    with pytest.raises(PixelDataError, match="a segment has more bytes than pixels"):
        assembled(header_of(pixels, Rows=63), rle(pixels))


@pytest.mark.parametrize("name", [name for name in LOSSLESS if name not in ("RLE", "native")])
def test_fewer_bits_than_the_header_says_are_stored_are_read(name):
    pixels = smooth((23, 31), np.uint8)
    header = header_of(pixels.astype(np.uint16), BitsStored=12, HighBit=11)
    assert read_stored(file_of(assembled(header, LOSSLESS[name][1](pixels)))).stored.tolist() == pixels.tolist()


@pytest.mark.parametrize("padding", [b"\0", bytes(62), b"made by a scanner"])
@pytest.mark.parametrize("name", [name for name in LOSSLESS if name not in ("RLE", "native")])
def test_what_follows_the_end_of_the_last_codestream_is_left_out(name, padding):
    pixels = smooth((23, 31), np.uint8)
    frame = LOSSLESS[name][1](pixels)
    np.testing.assert_array_equal(read(assembled(header_of(pixels), frame + padding)).pixel_array, pixels)


def test_a_codestream_behind_something_else_is_refused():
    pixels = smooth((23, 31), np.uint8)
    frame = imagecodecs.jpegls_encode(pixels)
    with pytest.raises(PixelDataError, match="behind it another one"):
        assembled(header_of(pixels), frame + b"made by a scanner" + frame)


@pytest.mark.parametrize("padding", [1, 2, 128, 8191])
def test_native_pixels_may_be_padded_with_zeros_that_make_no_frame(padding):
    pixels = smooth((64, 64), np.uint16)
    result = assembled(header_of(pixels), pixels.tobytes() + bytes(padding))
    assert file_of(result) == file_of(assembled(header_of(pixels), pixels.tobytes()))
    for more in (bytes(8192), b"\x01" * padding if padding > 1 else b"\x01\x01"):
        with pytest.raises(PixelDataError, match="bytes and no signature"):
            assembled(header_of(pixels), pixels.tobytes() + more)


@pytest.mark.parametrize(
    ("name", "marker", "reason"),
    [
        ("JPEG 2000", b"\xff\x5c", "coded or quantised"),
        ("JPEG 2000", b"\xff\x52", "coded or quantised"),
        ("JPEG, predictor 1", b"\xff\xc4", "lacks a table"),
        ("JPEG-LS", b"\xff\xda", "lacks a table, or the coded data"),
    ],
)
def test_a_codestream_without_a_part_that_decoders_need_is_refused(name, marker, reason):
    pixels = smooth((23, 31), np.uint8)
    frame = LOSSLESS[name][1](pixels)
    start = frame.index(marker)
    end = start + 2 + int.from_bytes(frame[start + 2 : start + 4], "big")
    rest = frame[end:] if marker != b"\xff\xda" else b"\xff\xd9"
    with pytest.raises(PixelDataError, match=reason):
        assembled(header_of(pixels), frame[:start] + rest)


def test_a_tile_that_is_missing_is_named():
    pixels = smooth((64, 64), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG2000", tile_size=(32, 32), irreversible=False, no_jp2=True)
    frame = file.getvalue()
    assert assembled(header_of(pixels), frame).transfer_syntax == JPEG2000Lossless
    start = frame.index(b"\xff\x90\x00\x0a")
    size = int.from_bytes(frame[start + 6 : start + 10], "big")
    with pytest.raises(PixelDataError, match="lacks a tile"):
        assembled(header_of(pixels), frame[:start] + frame[start + size :])
