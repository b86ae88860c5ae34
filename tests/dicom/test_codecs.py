"""Compressed frames come back as they were, whatever the depth, the sign and the colour, or are refused."""

import struct
import subprocess
import sys
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder, get_encoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from orchestration.dicom.codecs import DECODER_DEPENDENCIES, PLUGIN, decode_frame, register
from tests.dicom.dicoms import compressed, image_dataset

# What pydicom remarks on: frames that happen to be as long as their pixels, and odd files among its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data matches:UserWarning"),
    pytest.mark.filterwarnings("ignore:Expected explicit VR, but found implicit VR:UserWarning"),
    pytest.mark.filterwarnings("ignore:The .0028,0004. 'Photometric Interpretation' value:UserWarning"),
]

Encoder = Callable[[np.ndarray, int], bytes]


def jpeg_lossless(predictor: int) -> Encoder:
    return lambda pixels, bits: imagecodecs.jpeg8_encode(
        pixels,
        lossless=True,
        predictor=predictor,
        bitspersample=bits,
        colorspace="GRAYSCALE" if pixels.ndim == 2 else "RGB",
        outcolorspace="GRAYSCALE" if pixels.ndim == 2 else "RGB",
    )


def jpeg2000(pixels: np.ndarray, bits: int) -> bytes:
    return imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, codecformat="j2k", bitspersample=bits, mct=False)


def htj2k(pixels: np.ndarray, _: int) -> bytes:
    return imagecodecs.htj2k_encode(pixels, reversible=True, rgb=pixels.ndim == 3 or None)


def jpegls(pixels: np.ndarray, _: int) -> bytes:
    return imagecodecs.jpegls_encode(pixels)


def rle(pixels: np.ndarray, bits: int) -> bytes:
    dataset = image_dataset(pixels, bits=bits, photometric="RGB" if pixels.ndim == 3 else "MONOCHROME2")
    return get_encoder(RLELossless).encode(dataset, index=0, encoding_plugin="pydicom")


LOSSLESS: dict[str, tuple[str, Encoder]] = {
    **{f"JPEG Lossless, predictor {number}": (JPEGLossless, jpeg_lossless(number)) for number in (1, 4, 7)},
    "JPEG Lossless SV1": (JPEGLosslessSV1, jpeg_lossless(1)),
    "JPEG-LS": (JPEGLSLossless, jpegls),
    "JPEG-LS near-lossless, with no loss": (JPEGLSNearLossless, jpegls),
    "JPEG 2000 lossless": (JPEG2000Lossless, jpeg2000),
    "JPEG 2000, with no loss": (JPEG2000, jpeg2000),
    "HTJ2K lossless": (HTJ2KLossless, htj2k),
    "HTJ2K lossless RPCL": (HTJ2KLosslessRPCL, htj2k),
    "HTJ2K, with no loss": (HTJ2K, htj2k),
    "RLE": (RLELossless, rle),
}
FULL_DEPTH = {
    "JPEG-LS",
    "JPEG-LS near-lossless, with no loss",
    "HTJ2K lossless",
    "HTJ2K lossless RPCL",
    "HTJ2K, with no loss",
}
"""Encoders here that take the depth from the type, so that the codestream has 8 or 16 bits whatever is stored."""


def smooth(shape: tuple[int, ...], bits: int, seed: int = 0) -> np.ndarray:
    """Pixels that are neither flat nor noise and use every bit."""
    generator = np.random.default_rng(seed)
    steps = np.cumsum(generator.integers(-(2 ** max(0, bits - 4)), 2 ** max(0, bits - 4) + 1, shape), axis=1)
    return (steps % 2**bits).astype(np.uint8 if bits <= 8 else np.uint16)


def dataset_of(pixels: np.ndarray, bits: int, syntax: str, *frames: bytes, **elements: object) -> Dataset:
    photometric = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    dataset = image_dataset(pixels, bits=bits, photometric=photometric, **elements)
    return compressed(dataset, syntax, frames)


@pytest.mark.parametrize("name", sorted(LOSSLESS))
@given(bits=st.integers(2, 16), rows=st.integers(2, 40), columns=st.integers(2, 40), seed=st.integers(0, 99))
def test_grey_frames_of_every_depth_and_size_come_back(name, bits, rows, columns, seed):
    syntax, encode = LOSSLESS[name]
    pixels = smooth((rows, columns), bits, seed)
    decoded = decode_frame(dataset_of(pixels, bits, syntax, encode(pixels, bits)))
    assert decoded.dtype == pixels.dtype
    np.testing.assert_array_equal(decoded, pixels)


@pytest.mark.parametrize("name", sorted(LOSSLESS))
@given(bits=st.integers(9, 16), seed=st.integers(0, 99))
def test_signed_values_come_back(name, bits, seed):
    """Only JPEG 2000 knows signs; elsewhere the bits of two's complement are coded as if they were unsigned."""
    syntax, encode = LOSSLESS[name]
    signed = (smooth((20, 30), bits, seed).astype(np.int32) - 2 ** (bits - 1)).astype(np.int16)
    if syntax in (HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K):
        frame = encode(signed, bits)
    else:
        coded = signed.view(np.uint16)
        frame = encode(coded if name in FULL_DEPTH or syntax == RLELossless else coded & (2**bits - 1), bits)
    decoded = decode_frame(dataset_of(signed, bits, syntax, frame))
    assert decoded.dtype == np.int16
    np.testing.assert_array_equal(decoded, signed)


@pytest.mark.parametrize("name", sorted(LOSSLESS))
@pytest.mark.parametrize("bits", [8, 16])
def test_colour_comes_back_pixel_by_pixel(name, bits):
    syntax, encode = LOSSLESS[name]
    pixels = smooth((21, 30, 3), bits)
    dataset = dataset_of(pixels, bits, syntax, encode(pixels, bits))
    np.testing.assert_array_equal(decode_frame(dataset), pixels)


@pytest.mark.parametrize("name", sorted(LOSSLESS))
def test_each_of_several_frames_is_decoded_by_its_number(name):
    syntax, encode = LOSSLESS[name]
    frames = [smooth((16, 18), 12, seed) for seed in range(3)]
    dataset = dataset_of(frames[0], 12, syntax, *(encode(frame, 12) for frame in frames))
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(decode_frame(dataset, index), frame)
    register()
    np.testing.assert_array_equal(dataset.pixel_array, np.stack(frames))


@given(bits=st.integers(2, 16), predictor=st.integers(1, 7), seed=st.integers(0, 99))
def test_three_decoders_of_lossless_jpeg_agree(bits, predictor, seed):
    """libjpeg-turbo, liblj92 and jpegsof3 share no code; liblj92 also encodes, with predictor 6."""
    pixels = smooth((19, 23), bits, seed)
    frame = jpeg_lossless(predictor)(pixels, bits)
    decoded = decode_frame(dataset_of(pixels, bits, JPEGLossless, frame))
    np.testing.assert_array_equal(decoded, imagecodecs.ljpeg_decode(frame))
    np.testing.assert_array_equal(decoded, imagecodecs.jpegsof3_decode(frame))
    other = imagecodecs.ljpeg_encode(pixels, bitspersample=bits)
    np.testing.assert_array_equal(decode_frame(dataset_of(pixels, bits, JPEGLossless, other)), pixels)


@given(loss=st.integers(1, 20), bits=st.sampled_from([8, 16]))
def test_near_lossless_jpegls_is_off_by_no_more_than_it_says(loss, bits):
    pixels = smooth((30, 31), bits) // 2 + 20
    frame = imagecodecs.jpegls_encode(pixels, level=loss)
    decoded = decode_frame(dataset_of(pixels, bits, JPEGLSNearLossless, frame))
    assert np.abs(decoded.astype(int) - pixels).max() <= loss


@pytest.mark.parametrize(("syntax", "bits"), [(JPEGBaseline8Bit, 8), (JPEGExtended12Bit, 12)])
def test_lossy_jpeg_keeps_its_depth(syntax, bits):
    slope = np.add.outer(np.arange(64), np.arange(80))
    pixels = (slope * (2**bits - 1) // slope.max()).astype(np.uint8 if bits == 8 else np.uint16)
    frame = imagecodecs.jpeg8_encode(pixels, level=95, bitspersample=bits)
    decoded = decode_frame(dataset_of(pixels, bits, syntax, frame))
    assert np.abs(decoded.astype(int) - pixels).max() < 2 ** (bits - 5)


def bundled(name: str) -> Dataset:
    return dcmread(get_testdata_file(name, download=False))


@pytest.mark.parametrize(
    ("name", "plugin"),
    [
        *((f"SC_rgb_rle{depth}.dcm", "pydicom") for depth in ("", "_16bit", "_32bit")),
        *((f"SC_rgb_rle{depth}_2frame.dcm", "pydicom") for depth in ("", "_16bit", "_32bit")),
        ("MR_small_RLE.dcm", "pydicom"),
        ("rtdose_rle.dcm", "pydicom"),
        *((f"SC_rgb_dcmtk_+eb+{kind}.dcm", "pillow") for kind in ("cr", "cy+n1", "cy+n2", "cy+np", "cy+s2", "cy+s4")),
        *((f"SC_rgb_jpeg{kind}.dcm", "pillow") for kind in ("", "_app14_dcmd", "_dcmd", "_dcmtk", "_lossy_gdcm")),
        *((f"SC_jpeg_no_color_transform{kind}.dcm", "pillow") for kind in ("", "_2")),
        ("SC_rgb_small_odd_jpeg.dcm", "pillow"),
        ("examples_ybr_color.dcm", "pillow"),
        *((name, "pillow") for name in ("693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG2000.dcm")),
        *((name, "pillow") for name in ("MR_small_jp2klossless.dcm", "SC_rgb_gdcm_KY.dcm", "examples_jpeg2k.dcm")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("raw", [True, False])
def test_pydicoms_own_files_decode_as_by_its_other_plugins(name, plugin, raw):
    """``raw`` compares YBR as stored, without it RGB as converted."""
    register()
    dataset = bundled(name)
    decoder = get_decoder(dataset.file_meta.TransferSyntaxUID)
    ours, our_properties = decoder.as_array(dataset, decoding_plugin=PLUGIN, raw=raw)
    theirs, their_properties = decoder.as_array(dataset, decoding_plugin=plugin, raw=raw)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours, theirs)
    assert our_properties == their_properties


def test_pydicoms_own_files_that_only_this_plugin_decodes_are_what_they_were_made_from():
    bars = bundled("SC_rgb_rle.dcm").pixel_array
    np.testing.assert_array_equal(
        decode_frame(bundled("MR_small_jpeg_ls_lossless.dcm")), bundled("MR_small.dcm").pixel_array
    )
    np.testing.assert_array_equal(decode_frame(bundled("SC_rgb_jpeg_gdcm.dcm")), bars)
    for name in ("SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm"):
        assert np.abs(decode_frame(bundled(name)).astype(int) - bars).max() <= 10
    for name in ("JPGExtended.dcm", "JPEG-lossy.dcm"):  # 12 bits; the values are in pydicom's own tests
        assert [decode_frame(bundled(name))[place] for place in ((420, 140), (230, 120))] == [244, 95]
    text = decode_frame(bundled("GDCMJ2K_TextGBR.dcm"))  # in a JP2 file, which Pillow cannot read
    assert [text[place].tolist() for place in ((46, 140), (350, 195))] == [[255, 0, 0], [128, 128, 128]]


@pytest.mark.parametrize("name", ["JPEG Lossless SV1", "JPEG-LS", "JPEG 2000 lossless", "HTJ2K lossless", "RLE"])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_frame_that_is_cut_short_is_refused_wherever_it_ends(name, share):
    """libjpeg and OpenJPH return grey for what is missing, and say nothing."""
    syntax, encode = LOSSLESS[name]
    pixels = smooth((40, 50), 12)
    frame = encode(pixels, 12)
    cut = frame[: 2 + int(share * (len(frame) - 4))]
    with pytest.raises(Exception, match="Unable to decode"):
        decode_frame(dataset_of(pixels, 12, syntax, cut))


@pytest.mark.parametrize("name", sorted(LOSSLESS))
@pytest.mark.parametrize("change", [{"Rows": 21}, {"Columns": 19}, {"SamplesPerPixel": 3, "PlanarConfiguration": 0}])
def test_a_frame_of_another_shape_than_the_data_set_declares_is_refused(name, change):
    syntax, encode = LOSSLESS[name]
    pixels = smooth((20, 20), 12)
    with pytest.raises(Exception, match="Unable to decode"):
        decode_frame(dataset_of(pixels, 12, syntax, encode(pixels, 12), **change))


@pytest.mark.parametrize("name", sorted(LOSSLESS))
def test_a_frame_deeper_than_the_data_set_allocates_is_refused(name):
    syntax, encode = LOSSLESS[name]
    deep = encode(smooth((20, 20), 16), 16)
    with pytest.raises(Exception, match="Unable to decode"):
        decode_frame(dataset_of(smooth((20, 20), 8), 8, syntax, deep))


def jpeg2000_header(width: int, height: int, tile: int, depths: bytes = b"\x0b\x01\x01") -> bytes:
    siz = struct.pack(">HIIIIIIIIH", 0, width, height, 0, 0, tile, tile, 0, 0, len(depths) // 3) + depths
    return b"\xff\x4f\xff\x51" + struct.pack(">H", len(siz) + 2) + siz + bytes(50) + b"\xff\xd9"


@pytest.mark.parametrize(
    ("syntax", "frame"),
    [
        (JPEG2000Lossless, jpeg2000_header(60_000, 60_000, 60_000)),
        (HTJ2KLossless, jpeg2000_header(60_000, 60_000, 60_000)),
        (JPEG2000Lossless, jpeg2000_header(1000, 1000, 1)),  # a million tiles
        (HTJ2KLossless, jpeg2000_header(1000, 1000, 0)),  # OpenJPH divides by it
        (JPEG2000Lossless, jpeg2000_header(1000, 1000, 1000, b"\x0b\x02\x02")),  # subsampled
        (JPEG2000Lossless, jpeg2000_header(1000, 1000, 1000, b"")),
        (JPEG2000Lossless, b"\xff\x4f\xff\x51"),
        (JPEGLosslessSV1, b"\xff\xd8\xff\xc3" + struct.pack(">HBHHB", 11, 12, 60_000, 60_000, 1) + b"\xff\xd9"),
        (JPEGLSLossless, b"\xff\xd8\xff\xf7" + struct.pack(">HBHHB", 11, 12, 60_000, 60_000, 1) + b"\xff\xd9"),
        (JPEGLosslessSV1, b"\xff\xd8\xff\xda" + bytes(50)),
        (JPEGLosslessSV1, b"GIF89a"),
        (RLELossless, struct.pack("<16L", 15, *range(64, 79)) + bytes(100)),
        (RLELossless, struct.pack("<16L", 2, 2**31, 2**32 - 1, *[0] * 13)),
        (RLELossless, b""),
    ],
)  # fmt: skip
def test_a_hostile_frame_is_refused_before_memory_is_taken(syntax, frame):
    pixels = smooth((10, 10), 12)
    with pytest.raises(Exception, match="Unable to decode"):
        decode_frame(dataset_of(pixels, 12, syntax, frame or b"\0\0", Rows=1000, Columns=1000))


@pytest.mark.parametrize("name", ["JPEG Lossless SV1", "JPEG-LS", "JPEG 2000 lossless", "HTJ2K lossless", "RLE"])
@given(seed=st.integers(0, 10**9))
def test_a_damaged_frame_gives_pixels_or_an_error_and_never_ends_the_process(name, seed):
    syntax, encode = LOSSLESS[name]
    generator = np.random.default_rng(seed)
    pixels = smooth((24, 20), 12)
    frame = bytearray(encode(pixels, 12))
    for _ in range(generator.integers(1, 5)):
        frame[generator.integers(0, min(len(frame), 120 if seed % 2 else len(frame)))] = generator.integers(0, 256)
    try:
        decoded = decode_frame(dataset_of(pixels, 12, syntax, bytes(frame)))
    except (RuntimeError, ValueError):
        return
    assert decoded.shape == pixels.shape


def test_registering_again_changes_nothing():
    register()
    before = {uid: get_decoder(uid).available_plugins for uid in DECODER_DEPENDENCIES}
    register()
    assert {uid: get_decoder(uid).available_plugins for uid in DECODER_DEPENDENCIES} == before
    assert all(plugins.count(PLUGIN) == 1 for plugins in before.values())


def test_registering_makes_pixel_array_read_what_pydicom_cannot():
    code = (
        "import pydicom; from pydicom.data import get_testdata_file as find; "
        "dataset = pydicom.dcmread(find('SC_rgb_jpeg_gdcm.dcm', download=False))\n"
        "try:\n    dataset.pixel_array\nexcept RuntimeError:\n    pass\nelse:\n    raise SystemExit('read without')\n"
        "from orchestration.dicom.codecs import register; register(); print(dataset.pixel_array[5, 50].tolist())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[255, 0, 0]\n"
