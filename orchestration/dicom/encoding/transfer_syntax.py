"""The transfer syntax of pixel data, from the pixel data themselves, checked against what the header says of them."""

import struct
from dataclasses import dataclass

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

from orchestration.dicom.codestreams import Codestream, jpeg2000_codestream, jpeg_codestream
from orchestration.dicom.encoding.errors import PixelDataError
from orchestration.dicom.encoding.image import Image
from orchestration.dicom.encoding.markers import (
    BrokenCodestreamError,
    Span,
    jpeg2000_codestreams,
    jpeg_codestreams,
)
from orchestration.dicom.encoding.rle import BrokenFrameError, rle_frames, segments_of

_JPEG = b"\xff\xd8\xff"
_JPEG2000 = b"\xff\x4f\xff\x51"
_JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_SEARCHED = 1 << 20  # bytes: a colour profile may stand before the frame header of a JPEG

_LOSSLESS, _JPEGLS = 0xC3, 0xF7
_JPEG_BY_PROCESS = {0xC0: JPEGBaseline8Bit, 0xC1: JPEGExtended12Bit}
_CAP, _COD, _COC = 0xFF50, 0xFF52, 0xFF53
_PART_15 = 1 << (32 - 15)
_IRREVERSIBLE, _REVERSIBLE = b"\x00", b"\x01"


@dataclass(frozen=True)
class Identified:
    """A transfer syntax, and the pixels as they go into a file: all of them where they are native, else frame by frame.

    What follows the last frame in the data that were given is left out.
    """

    transfer_syntax: str
    frames: tuple[memoryview, ...]


def identify(pixels: memoryview, image: Image) -> Identified:
    """Find out in which transfer syntax the pixels are.

    Pixels that begin with a codestream of the size that the header gives, or with an RLE header that fits it, are taken
    for compressed, even where they happen to be as long as native pixels would be: compressed frames of a study vary in
    length, so that one in some 100,000 is, while native pixels do not begin with all that. Otherwise the native size
    decides, with or without zeros behind it that are too few for a frame.

    Args:
        pixels: all frames.
        image: what the header says of them.

    Raises:
        PixelDataError: they are in no form that is known, are cut short, or are not what the header says.
    """
    is_native = len(pixels) in (image.native_bytes, image.native_bytes + image.native_bytes % 2)
    head = bytes(pixels[:12])
    try:
        if head.startswith((_JPEG, _JPEG2000, _JP2)):
            return _compressed(pixels, image, head)
        if segments_of(pixels, image) is not None:
            return Identified(RLELossless, rle_frames(pixels, image))
    except _NotThisImageError:
        if not is_native:
            raise
    except BrokenFrameError as error:
        if not is_native:
            raise PixelDataError(f"a frame in RLE cannot be followed to its end: {error}") from None
    if is_native:
        return Identified(ExplicitVRLittleEndian, (pixels,))
    if _is_padded(pixels, image):
        return Identified(ExplicitVRLittleEndian, (pixels[: image.native_bytes],))
    raise PixelDataError(
        f"the pixel data have {len(pixels)} bytes and no signature of a compressed form; {image.rows} rows x "
        f"{image.columns} columns x {image.samples} samples of {image.bits_allocated} bits x {image.frames} frames "
        f"take {image.native_bytes}"
    )


def _is_padded(pixels: memoryview, image: Image) -> bool:
    """Whether zeros follow native pixels that are too few for another frame."""
    padding = len(pixels) - image.native_bytes
    return 0 < padding < image.native_bytes // image.frames and not any(pixels[image.native_bytes :])


class _NotThisImageError(PixelDataError):
    """What begins like a codestream is none, or one of another size."""


def _compressed(pixels: memoryview, image: Image, head: bytes) -> Identified:
    """Identify codestreams: one for each frame, all of the size of the image and of one transfer syntax."""
    if head.startswith(_JP2):
        pixels = _codestream_of_jp2(pixels)
    is_jpeg = head.startswith(_JPEG)
    _declared(bytes(pixels[:_SEARCHED]), image, is_jpeg=is_jpeg)
    try:
        spans = jpeg_codestreams(pixels) if is_jpeg else jpeg2000_codestreams(pixels)
    except BrokenCodestreamError as error:
        raise PixelDataError(f"a codestream cannot be followed to its end: {error}") from None
    if len(spans) != image.frames:
        raise PixelDataError(f"the pixel data have {len(spans)} frames, the header {image.frames}")
    syntaxes = set()
    for span in spans:
        codestream = _declared(span.header, image, is_jpeg=is_jpeg)
        _check_depth(codestream, image)
        syntaxes.add(_jpeg_syntax(pixels, span, codestream) if is_jpeg else _jpeg2000_syntax(span.header))
    if len(syntaxes) > 1:
        raise PixelDataError(f"the frames are in different transfer syntaxes: {', '.join(sorted(syntaxes))}")
    return Identified(syntaxes.pop(), tuple(pixels[span.start : span.end] for span in spans))


def _declared(header: bytes, image: Image, *, is_jpeg: bool) -> Codestream:
    """What a codestream declares, which must have the size that the image has."""
    try:
        codestream = jpeg_codestream(header) if is_jpeg else jpeg2000_codestream(header)
    except ValueError as error:
        raise _NotThisImageError(f"the pixel data begin like a codestream, but are none: {error}") from None
    found = (codestream.rows, codestream.columns, codestream.components)
    expected = (image.rows, image.columns, image.samples)
    if found != expected:
        raise _NotThisImageError(
            f"the codestream has {found[0]} rows, {found[1]} columns and {found[2]} samples per pixel, the header "
            f"{expected[0]}, {expected[1]} and {expected[2]}"
        )
    return codestream


def _check_depth(codestream: Codestream, image: Image) -> None:
    """Refuse samples that are deeper than Bits Allocated; fewer bits than Bits Stored are odd, but can be read."""
    if codestream.precision > image.bits_allocated:
        raise PixelDataError(
            f"the codestream has samples of {codestream.precision} bits, the header has {image.bits_stored} bits "
            f"stored in {image.bits_allocated}"
        )


def _jpeg_syntax(pixels: memoryview, span: Span, codestream: Codestream) -> str:
    """By the process in the frame header, and by what each scan header has behind its components (T.81, B.2.3)."""
    if codestream.process in _JPEG_BY_PROCESS:
        return _JPEG_BY_PROCESS[codestream.process]
    # Behind length, number of components and two bytes for each: the predictor, or how far JPEG-LS may be off.
    places = (scan + 3 + 2 * pixels[scan + 2] for scan in span.scans)
    selectors = {bytes(pixels[place : place + 1]) for place in places}
    if codestream.process == _LOSSLESS:
        return JPEGLosslessSV1 if selectors == {b"\x01"} else JPEGLossless
    if codestream.process == _JPEGLS:
        return JPEGLSLossless if selectors == {b"\x00"} else JPEGLSNearLossless
    raise PixelDataError(f"no transfer syntax in use has the JPEG process 0x{codestream.process:02X}")


def _jpeg2000_syntax(header: bytes) -> str:
    """By the wavelet transforms in COD and COC, and by Part 15 in CAP (ISO/IEC 15444-1, A.5 and A.6)."""
    position, components = 2, int.from_bytes(header[40:42], "big")
    is_high_throughput, transforms = False, set()
    while position + 4 <= len(header):
        marker, length = struct.unpack_from(">HH", header, position)
        segment = header[position + 4 : position + 2 + length]
        if marker == _CAP:
            is_high_throughput = bool(int.from_bytes(segment[:4], "big") & _PART_15)
        elif marker == _COD:
            transforms.add(segment[9:10])
        elif marker == _COC:
            transforms.add(segment[6:7] if components < 257 else segment[7:8])
        position += 2 + length
    if not transforms or not transforms <= {_REVERSIBLE, _IRREVERSIBLE}:
        raise PixelDataError("the JPEG 2000 codestream has no wavelet transform of Part 1")
    if transforms == {_REVERSIBLE}:
        return HTJ2KLossless if is_high_throughput else JPEG2000Lossless
    return HTJ2K if is_high_throughput else JPEG2000


def _codestream_of_jp2(data: memoryview) -> memoryview:
    """The contiguous codestream box of a JP2 file, whose other boxes DICOM does not take (PS3.5, 8.2.4)."""
    position = 0
    while position + 16 <= len(data):
        size, kind, long_size = struct.unpack_from(">L4sQ", data, position)
        header = 8
        if size == 1:  # the length has 64 bits and follows the type
            size, header = long_size, 16
        end = len(data) if size == 0 else position + size
        if kind == b"jp2c" and position + header < end <= len(data):
            return data[position + header : end]
        if end < position + header:
            break
        position = end
    raise _NotThisImageError("the JP2 file is cut short, or has no codestream")
