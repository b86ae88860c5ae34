"""Frames in RLE Lossless (PS3.5 annex G): told apart, and each followed to its end."""

import struct
from itertools import pairwise

import imagecodecs

from orchestration.dicom.encoding.image import Image

_HEADER = 64  # bytes: the number of segments and the offsets of up to 15 (PS3.5 G.5)


class BrokenFrameError(ValueError):
    """A frame is cut short, or something else stands where one must begin."""


def segments_of(pixels: memoryview, image: Image) -> list[int] | None:
    """Where the segments of the first frame begin; None where there is no header of a frame of such an image."""
    if len(pixels) <= _HEADER:
        return None
    count, *offsets = struct.unpack_from("<16L", pixels)
    used, unused = offsets[:count], offsets[count:]
    fits = (
        8 * count == image.samples * image.bits_allocated
        and used[:1] == [_HEADER]
        and all(first < second for first, second in pairwise([*used, len(pixels)]))
        and not any(unused)
    )
    return used if fits else None


def rle_frames(pixels: memoryview, image: Image) -> tuple[memoryview, ...]:
    """The frames, one after the other, each with the bytes that pad it.

    A frame does not say how long it is: the last segment of each is followed run by run until it holds a byte for each
    pixel (7 ms for 1 MB in Python). Where there is one frame, that is done only where more lies behind its last segment
    than makes it even. All segments are then decoded, which takes 1 ms for 1 MB, since nothing less shows that they
    are whole.

    Raises:
        BrokenFrameError: a segment has fewer or more bytes than the image has pixels, or a frame is missing.
    """
    frames = []
    rest = pixels
    for number in range(1, image.frames + 1):
        segments = segments_of(rest, image)
        if segments is None:
            raise BrokenFrameError(f"frame {number} of {image.frames} does not begin where the one before it ends")
        end = _end_of_frame(rest, segments[-1], image)
        frames.append(rest[:end])
        for start, stop in pairwise([*segments, end]):
            _check_segment(rest[start:stop], image.rows * image.columns)
        rest = rest[end:]
    if any(rest):  # 0x20 and 0xFF are runs, with which a frame that was cut short may have been filled up
        raise BrokenFrameError(f"something other than padding follows the last of {image.frames} frames")
    return tuple(frames)


def _end_of_frame(data: memoryview, last_segment: int, image: Image) -> int:
    """Where the first frame ends, with the byte that makes it even."""
    pixels = image.rows * image.columns
    evened = bytes(data[last_segment:]) + bytes(len(data) % 2)
    if image.frames == 1 and _decoded_bytes(evened) == pixels:
        return len(data)
    end = _end_of_segment(data, last_segment, pixels)
    return min(end + end % 2, len(data))


def _end_of_segment(data: memoryview, position: int, pixels: int) -> int:
    """Where a segment ends that begins at a position and holds a byte for each pixel (PackBits, PS3.5 G.3.1)."""
    try:
        while pixels > 0:
            length = data[position]
            if length < 128:  # that many bytes and one more follow
                position += length + 2
                pixels -= length + 1
            elif length > 128:  # one byte, repeated
                position += 2
                pixels -= 257 - length
            else:
                position += 1
    except IndexError:
        raise BrokenFrameError("a segment is cut short") from None
    return position


def _check_segment(segment: memoryview, pixels: int) -> None:
    """Refuse a segment with fewer bytes than there are pixels, or with more, which decoders refuse."""
    decoded = _decoded_bytes(segment)
    if decoded != pixels:
        raise BrokenFrameError("a segment is cut short" if decoded < pixels else "a segment has more bytes than pixels")


def _decoded_bytes(segment: bytes | memoryview) -> int:
    """How many bytes a segment holds; -1 where it cannot be decoded."""
    try:
        return len(imagecodecs.packbits_decode(bytes(segment)))
    except RuntimeError:
        return -1
