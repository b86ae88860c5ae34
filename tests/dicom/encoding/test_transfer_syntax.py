"""Frames of every kind get the transfer syntax that they are in, and decode to the pixels that they were."""

import io
import json
import struct

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import generate_frames, parse_basic_offsets
from pydicom.pixels import get_encoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from orchestration.dicom import codecs
from orchestration.dicom.encoding import PixelDataError
from orchestration.imaging import read_stored
from tests.dicom.dicoms import image_dataset
from tests.dicom.encoding.oracle import IMAGE, PIXELS, assembled, file_of

codecs.register()


def jpeg8(pixels, **options):
    colours = "GRAYSCALE" if pixels.ndim == 2 else "RGB"
    bits = options.pop("bits", 8 * pixels.dtype.itemsize)
    return imagecodecs.jpeg8_encode(pixels, colorspace=colours, outcolorspace=colours, bitspersample=bits, **options)


def rle(pixels):
    dataset = image_dataset(pixels, photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2")
    return get_encoder(RLELossless).encode(dataset, index=0, encoding_plugin="pydicom")


LOSSLESS = {
    "JPEG 2000": (
        JPEG2000Lossless,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True, codecformat="j2k"),
    ),
    "JPEG 2000 in a JP2 file": (JPEG2000Lossless, lambda pixels: imagecodecs.jpeg2k_encode(pixels, reversible=True)),
    "HTJ2K": (HTJ2KLossless, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=True)),
    "JPEG, predictor 1": (JPEGLosslessSV1, lambda pixels: jpeg8(pixels, lossless=True, predictor=1)),
    "JPEG, predictor 6": (JPEGLossless, lambda pixels: jpeg8(pixels, lossless=True, predictor=6)),
    "JPEG by another encoder": (JPEGLossless, imagecodecs.ljpeg_encode),
    "JPEG-LS": (JPEGLSLossless, imagecodecs.jpegls_encode),
    "RLE": (RLELossless, rle),
    "native": (ExplicitVRLittleEndian, lambda pixels: pixels.tobytes()),
}
LOSSY = {
    "JPEG 2000": (
        JPEG2000,
        lambda pixels: imagecodecs.jpeg2k_encode(pixels, level=60, reversible=False, codecformat="j2k"),
    ),
    "HTJ2K": (HTJ2K, lambda pixels: imagecodecs.htj2k_encode(pixels, reversible=False, level=0.001)),
    "JPEG-LS": (JPEGLSNearLossless, lambda pixels: imagecodecs.jpegls_encode(pixels, level=2)),
    "JPEG of 8 bits": (JPEGBaseline8Bit, lambda pixels: jpeg8(pixels, level=98)),
}
SEVERAL_FRAMES = [name for name in LOSSLESS if name != "JPEG 2000 in a JP2 file"]


def smooth(shape, dtype, seed=0):
    """Pixels that are neither flat nor noise."""
    generator = np.random.default_rng(seed)
    steps = np.cumsum(generator.integers(-9, 10, shape), axis=1)
    return (steps % (np.iinfo(dtype).max + 1)).astype(dtype)


def header_of(pixels, **elements):
    """The header of an image, without its pixels."""
    dataset = image_dataset(pixels, photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2", **elements)
    header = json.loads(dataset.to_json())
    del header["7FE00010"]
    return header


def read(result):
    return dcmread(io.BytesIO(file_of(result)))


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
