"""Frames of every kind get the transfer syntax that they are in, and decode to the pixels that they were."""

import json
import struct

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

from orchestration.dicom.encoding import PixelDataError
from tests.dicom.encoding.frames import LOSSLESS, LOSSY, header_of, jpeg8, read, rle, smooth
from tests.dicom.encoding.oracle import IMAGE, PIXELS, assembled, file_of


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches:UserWarning")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", LOSSLESS)
@given(rows=st.integers(2, 40), columns=st.integers(2, 40), seed=st.integers(0, 99))
def test_a_frame_comes_back_as_it_was(name, dtype, rows, columns, seed):
    syntax, encode = LOSSLESS[name]
    pixels = smooth((rows, columns), dtype, seed)
    result = assembled(header_of(pixels), encode(pixels))
    assert result.transfer_syntax == syntax
    assert not result.through_pydicom
    np.testing.assert_array_equal(read(result).pixel_array, pixels)


@pytest.mark.parametrize("name", [name for name in LOSSLESS if name != "JPEG by another encoder"])
def test_a_frame_of_colours_comes_back_as_it_was(name):
    syntax, encode = LOSSLESS[name]
    pixels = smooth((21, 30, 3), np.uint8)
    result = assembled(header_of(pixels), encode(pixels))
    assert result.transfer_syntax == syntax
    np.testing.assert_array_equal(read(result).pixel_array, pixels)


@pytest.mark.parametrize("name", LOSSY)
def test_a_lossy_frame_comes_back_nearly_as_it_was(name):
    syntax, encode = LOSSY[name]
    pixels = smooth((64, 48), np.uint8) // 4 + 64
    result = assembled(header_of(pixels), encode(pixels))
    assert result.transfer_syntax == syntax
    assert np.abs(read(result).pixel_array.astype(int) - pixels).max() < 32


def test_a_lossy_frame_of_12_bits_is_extended_jpeg():
    pixels = smooth((64, 48), np.uint16) % 4096
    frame = jpeg8(pixels, level=98, bits=12)
    result = assembled(header_of(pixels, BitsStored=12, HighBit=11), frame)
    assert result.transfer_syntax == JPEGExtended12Bit
    assert read(result).pixel_array.shape == pixels.shape


def test_pixels_are_not_copied():
    pixels = smooth((64, 64), np.uint16)
    for data in (pixels.tobytes(), imagecodecs.jpegls_encode(pixels)):
        result = assembled(header_of(pixels), data)
        views = [part for part in result.parts if isinstance(part, memoryview)]
        assert [(view.obj is data, len(view)) for view in views] == [(True, len(data))]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32])
@pytest.mark.parametrize("padding", [0, 1])
def test_native_pixels_may_have_the_byte_that_makes_them_even_or_not(dtype, padding):
    pixels = smooth((3, 5), dtype)
    data = pixels.tobytes()
    dataset = read(assembled(header_of(pixels), data + bytes(padding)))
    np.testing.assert_array_equal(dataset.pixel_array, pixels)
    assert dataset["PixelData"].VR in ("OB" if dtype == np.uint8 else "OW")
    assert len(dataset.PixelData) % 2 == 0


def test_single_bits_are_packed_over_all_frames():
    bits = smooth((3, 5, 7), np.uint8) % 2
    elements = {
        **header_of(bits[0]),
        "00280008": {"vr": "IS", "Value": [3]},
        "00280100": {"vr": "US", "Value": [1]},
        "00280101": {"vr": "US", "Value": [1]},
        "00280102": {"vr": "US", "Value": [0]},
    }
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    np.testing.assert_array_equal(read(assembled(elements, packed)).pixel_array, bits)


def test_subsampled_colours_take_two_thirds_of_the_bytes():
    dataset = dcmread(get_testdata_file("SC_ybr_full_422_uncompressed.dcm"))
    header = json.loads(dataset.to_json())
    result = assembled(header, dataset.PixelData)
    assert result.transfer_syntax == ExplicitVRLittleEndian
    np.testing.assert_array_equal(read(result).pixel_array, dataset.pixel_array)


def test_native_pixels_may_begin_like_a_codestream():
    for start in (b"\xff\xd8\xff\xc3", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n"):
        pixels = np.frombuffer(start.ljust(4096, b"\x07"), np.uint8).reshape(64, 64)
        assert assembled(header_of(pixels), pixels.tobytes()).transfer_syntax == ExplicitVRLittleEndian


def test_a_codestream_as_long_as_the_native_pixels_is_one():
    pixels = smooth((16, 16), np.uint8)
    frame = imagecodecs.jpegls_encode(pixels)
    comment = b"\xff\xfe" + struct.pack(">H", 256 - len(frame) - 2) + bytes(256 - len(frame) - 4)
    assert len(frame) < 250
    assert assembled(header_of(pixels), frame[:2] + comment + frame[2:]).transfer_syntax == JPEGLSLossless


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches:UserWarning")
def test_rle_as_long_as_the_native_pixels_is_rle():
    pixels = smooth((10, 11), np.uint16, seed=13)
    frame = rle(pixels)
    assert len(frame) == pixels.nbytes
    result = assembled(header_of(pixels), frame)
    assert result.transfer_syntax == RLELossless
    np.testing.assert_array_equal(read(result).pixel_array, pixels)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Rows": 24}, "23 rows, 31 columns and 1 samples per pixel, the header 24, 31 and 1"),
        ({"Columns": 30}, "23 rows, 31 columns and 1 samples per pixel, the header 23, 30 and 1"),
        ({"SamplesPerPixel": 3}, "1 samples per pixel, the header 23, 31 and 3"),
        ({"BitsAllocated": 8, "BitsStored": 8}, "samples of 16 bits, the header has 8 bits stored in 8"),
        ({"NumberOfFrames": 2}, "1 frames, the header 2"),
    ],
)
@pytest.mark.parametrize("name", [name for name in LOSSLESS if name not in ("RLE", "native")])
def test_a_codestream_that_contradicts_the_header_is_refused_with_both_numbers(name, elements, reason):
    pixels = smooth((23, 31), np.uint16)
    with pytest.raises(PixelDataError, match=reason):
        assembled(header_of(pixels, **elements), LOSSLESS[name][1](pixels))


@pytest.mark.parametrize("name", [name for name in LOSSLESS if name != "RLE"])
@given(cut=st.integers(1, 400))
def test_pixels_that_are_cut_short_are_refused(name, cut):
    pixels = smooth((23, 31), np.uint16)
    data = LOSSLESS[name][1](pixels)
    with pytest.raises(PixelDataError):
        assembled(header_of(pixels), data[:-cut])


@pytest.mark.parametrize("change", [{"Rows": 1}, {"BitsAllocated": 32}, {"NumberOfFrames": 3}])
def test_native_pixels_of_another_size_are_refused_with_both_sizes(change):
    pixels = smooth((64, 64), np.uint16)
    with pytest.raises(PixelDataError, match=r"8192 bytes .* take \d+"):
        assembled(header_of(pixels, **change), pixels.tobytes())


@pytest.mark.parametrize(("place", "number"), [(0, 1), (4, 63), (4, 65), (8, 64), (8, 1 << 30), (12, 7), (60, 1)])
def test_rle_is_known_by_its_whole_header(place, number):
    pixels = smooth((64, 64), np.uint16)
    frame = bytearray(rle(pixels))
    assert assembled(header_of(pixels), bytes(frame)).transfer_syntax == RLELossless
    struct.pack_into("<L", frame, place, number)
    with pytest.raises(PixelDataError):
        assembled(header_of(pixels), bytes(frame))


def test_rle_of_another_depth_is_refused():
    with pytest.raises(PixelDataError):
        assembled(header_of(smooth((64, 64), np.uint8)), rle(smooth((64, 64), np.uint16)))


def test_frames_in_different_transfer_syntaxes_are_refused():
    pixels = smooth((23, 31), np.uint8)
    frames = jpeg8(pixels, lossless=True, predictor=1) + imagecodecs.jpegls_encode(pixels)
    with pytest.raises(PixelDataError, match="different transfer syntaxes"):
        assembled(header_of(pixels, NumberOfFrames=2), frames)


def test_progressive_jpeg_has_no_transfer_syntax_in_use():
    pixels = smooth((23, 31), np.uint8)
    frame = jpeg8(pixels).replace(b"\xff\xc0\x00\x0b", b"\xff\xc2\x00\x0b")
    with pytest.raises(PixelDataError, match="0xC2"):
        assembled(header_of(pixels), frame)


@given(data=st.data(), name=st.sampled_from(sorted(LOSSLESS)))
def test_damaged_pixels_are_assembled_or_refused_but_never_crash(data, name):
    pixels = smooth((9, 11), np.uint8)
    frame = bytearray(LOSSLESS[name][1](pixels))
    for place in data.draw(st.lists(st.integers(0, min(len(frame), 250) - 1), max_size=5)):
        frame[place] = data.draw(st.integers(0, 255))
    try:
        result = assembled(header_of(pixels), bytes(frame))
    except PixelDataError:
        return
    assert result.size == len(file_of(result))


@given(
    data=st.binary(max_size=300),
    start=st.sampled_from([b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n"]),
)
def test_noise_behind_a_signature_is_refused(data, start):
    with pytest.raises(PixelDataError):
        assembled(IMAGE, start + data + PIXELS)
