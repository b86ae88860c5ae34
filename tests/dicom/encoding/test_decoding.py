"""Decoding finds damage within coded data where a codec sees it; without, frames are followed to their ends."""

import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.dicom.encoding import PixelDataError, UndecodableError
from orchestration.images import ImageError
from orchestration.imaging import read_stored
from tests.dicom.encoding.frames import LOSSLESS, LOSSY, header_of, jpeg8, read, smooth
from tests.dicom.encoding.oracle import assembled, file_of

EOI = b"\xff\xd9"
GREY = smooth((96, 128), np.uint8)
DEEP = smooth((96, 128), np.uint16)


def cut_short(frame):
    """The first half of the coded data, with the end marker behind it."""
    return frame[: len(frame) // 2].rstrip(b"\xff") + EOI


def cut_short_jpeg2000(frame):
    """The same, in a tile-part that is as long as it says."""
    place, rest = frame.index(b"\xff\x90"), len(frame) // 2
    size = struct.pack(">I", rest - place)
    return frame[: place + 6] + size + frame[place + 10 : rest].rstrip(b"\xff").ljust(rest - place - 10, b"\1") + EOI


def zeroed(frame):
    """Sixteen bytes of the coded data are zeros, as in a block that a disk lost."""
    return frame[: len(frame) // 2] + bytes(16) + frame[len(frame) // 2 + 16 :]


@pytest.mark.parametrize("pixels", [GREY, DEEP, smooth((96, 128, 3), np.uint8)], ids=["8 bits", "16 bits", "colour"])
@pytest.mark.parametrize("name", LOSSLESS)
def test_what_is_whole_becomes_the_same_file(name, pixels):
    if name == "JPEG by another encoder" and pixels.ndim == 3:
        pytest.skip("it writes colour in a form of its own")
    frame = LOSSLESS[name][1](pixels)
    header = header_of(pixels)
    assert file_of(assembled(header, frame, decode=True)) == file_of(assembled(header, frame))


@pytest.mark.parametrize("name", LOSSY)
def test_what_lost_something_when_it_was_compressed_is_whole(name):
    frame = LOSSY[name][1](GREY)
    assert read(assembled(header_of(GREY), frame, decode=True)).pixel_array.shape == GREY.shape


@pytest.mark.parametrize("fill", [b"\xff", b"\xff\xff\xff"])
def test_fill_bytes_before_the_end_marker_are_no_coded_data(fill):
    frame = jpeg8(DEEP, lossless=True, predictor=1)
    assert assembled(header_of(DEEP), frame[:-2] + fill + EOI, decode=True)


@pytest.mark.parametrize(
    ("pixels", "encode", "damage"),
    [
        (DEEP, LOSSLESS["JPEG-LS"][1], zeroed),
        (DEEP, LOSSLESS["JPEG-LS"][1], cut_short),
        (DEEP, LOSSLESS["JPEG, predictor 1"][1], cut_short),
        (DEEP, LOSSLESS["JPEG, predictor 6"][1], cut_short),
        (GREY, LOSSY["JPEG of 8 bits"][1], cut_short),
        (DEEP, LOSSLESS["HTJ2K"][1], cut_short_jpeg2000),
    ],
    ids=["JPEG-LS, zeros", "JPEG-LS", "JPEG lossless", "JPEG lossless, predictor 6", "JPEG", "HTJ2K"],
)
def test_damage_that_no_marker_shows_is_found_by_decoding(pixels, encode, damage):
    frames = encode(pixels) + damage(encode(pixels))
    header = header_of(pixels, NumberOfFrames=2)
    assert assembled(header, frames)
    with pytest.raises(UndecodableError, match=r"^frame 2 of 2 cannot be decoded"):
        assembled(header, frames, decode=True)


def test_a_frame_that_is_too_large_to_be_decoded_is_named(monkeypatch):
    monkeypatch.setattr("orchestration.dicom.codecs.MAX_DECODED_BYTES", DEEP.nbytes - 1)
    with pytest.raises(UndecodableError, match=r"takes 24,576 bytes decoded; at most 24,575 are decoded$"):
        assembled(header_of(DEEP), LOSSLESS["JPEG-LS"][1](DEEP), decode=True)


@given(data=st.data(), name=st.sampled_from([name for name in LOSSLESS if name != "native"]))
def test_whatever_passes_can_be_read(data, name):
    frame = bytearray(LOSSLESS[name][1](GREY))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with suppress(PixelDataError):
        result = assembled(header_of(GREY), bytes(frame), decode=True)
        try:
            read_stored(file_of(result))
        except ImageError as error:
            pytest.fail(f"it was written, and {error}")
