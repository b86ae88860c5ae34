"""PNG, strictly: every critical checksum is compared, and nothing but the image itself reaches a decoder.

kornia-rs decodes grey, RGB and RGBA of 8 and 16 bits (14 ms for 3328 x 4096 grey, where libpng takes 42 and Pillow 70)
and lets other threads run meanwhile. It ignores the checksum within the compressed stream (Adler-32), so libdeflate
inflates the stream beforehand and compares it (9 ms); grey of eight bits is then unfiltered here, which is quicker than
inflating it again. Fewer bits and grey with alpha go to libpng, by way of imagecodecs, which compares it by itself. The
indices of a palette are decoded as greys and looked up here: libpng accepts indices beyond the palette.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import imagecodecs
import kornia_rs.io
import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from orchestration.images import (
    MAX_DECODED_BYTES,
    Image8,
    ImageError,
    check_size,
    grey_if_equal,
    linear_table,
    look_up,
    refusing,
)
from orchestration.imaging.png import SIGNATURE, chunk
from orchestration.imaging.png_rows import check_filters, grey_rows

# Colour type -> samples per pixel once decoded (a palette entry is three), and the bit depths it may have:
# PNG specification (third edition), table 8.
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_SAMPLES = {_GREY: 1, _RGB: 3, _PALETTE: 3, _GREY_ALPHA: 2, _RGBA: 4}
_DEPTHS = {_GREY: (1, 2, 4, 8, 16), _RGB: (8, 16), _PALETTE: (1, 2, 4, 8), _GREY_ALPHA: (8, 16), _RGBA: (8, 16)}
_KORNIA_MODES = {_GREY: "mono", _RGB: "rgb", _RGBA: "rgba"}
_KORNIA_DECODERS = {8: kornia_rs.io.decode_image_png_u8, 16: kornia_rs.io.decode_image_png_u16}
_PIECE = 1 << 20  # bytes
_MAX_INFLATED_AT_ONCE = 1 << 26  # bytes: more, beside file and image, would take more memory than is promised
_MAX_INFLATED = 2 * MAX_DECODED_BYTES  # filters and whatever follows the last row included
# First column, first row, columns and rows from one pixel to the next of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_ALL_AT_ONCE = ((0, 0, 1, 1),)
_LARGEST_WINDOW = 1 << 15  # bytes that a stream may reach back
_LIKELY_BITS = (10, 12, 14, 16)
_SAME = np.arange(256, dtype=np.uint8)


class _Critical(NamedTuple):
    """What the pixels depend on: a PNG without ancillary chunks, its compressed stream in parts, its PLTE and sBIT."""

    png: bytes
    stream: Sequence[memoryview]
    palette: bytes
    sbit: bytes


class PngDescription(NamedTuple):
    """What a PNG says of itself.

    ``holds_more``: chunks that no pixel depends on, or bytes behind the last chunk, the compressed stream or the rows.
    """

    width: int
    height: int
    bits: int
    channels: int
    holds_more: bool


class _Header(NamedTuple):
    """The content of the IHDR chunk."""

    width: int
    height: int
    depth: int
    colour_type: int
    compression: int
    filtering: int
    interlace: int


class PngImage(NamedTuple):
    """The eight-bit pixels of a PNG; ``keepable``: ``kept_grey`` may not need to inflate it once more."""

    image: Image8
    keepable: bool


def read_png(data: bytes) -> Image8:
    """Decode a PNG to eight bits.

    Alpha and transparency are left out, as by Pillow's ``convert("RGB")``. Fewer than eight bits are scaled to the
    full range; of 16 bits those that are significant are brought to eight linearly.

    Raises:
        ImageError: damaged, cut short, too large or not a PNG that the specification knows.
    """
    return read_png_image(data).image


def read_png_image(data: bytes) -> PngImage:
    """As ``read_png``, for whoever passes on that the image can be kept.

    Raises:
        ImageError: as ``read_png``.
    """
    samples, table, keepable = _read(data)
    return PngImage(grey_if_equal(samples if samples.dtype == np.uint8 else look_up(table, samples)), keepable)


def read_samples(data: bytes) -> tuple[npt.NDArray[Any], Image8]:
    """The samples of a PNG and the grey of each: as ``read_png``, which looks them up.

    Returns:
        (rows, columns) or (rows, columns, 3) ``uint8`` or ``uint16``; a table of 256 or 65,536 greys.

    Raises:
        ImageError: as ``read_png``.
    """
    samples, table, _ = _read(data)
    return samples, table


def kept_grey(data: bytes, *, keepable: bool = False) -> bytes | None:
    """A grey PNG of eight bits without anything but its pixels, which stay compressed as they are.

    The stream is inflated and compared with its checksum, and must end where its chunks do: nothing hides behind it.
    That takes 13 ms for 3328 x 4096, where decoding and encoding anew take 40, and 1 ms where it is left out.

    Args:
        data: the whole file.
        keepable: ``read_png_image`` has said so of these bytes, and the stream is not inflated again.

    Returns:
        None for other kinds of PNG, interlaced ones included, and where the stream's checksum stands in it twice or its
        window is small (``_ends_but_once``).

    Raises:
        ImageError: as ``read_png``.
    """
    header = _header(data)
    if (header.colour_type, header.depth, header.interlace) != (_GREY, 8, 0):
        return None
    stream = b"".join(_critical_chunks(data, header).stream)
    if not _ends_but_once(stream, _bytes_of_rows(header)):
        return None
    if not keepable:
        with refusing("is a damaged PNG: its pixels cannot be decoded"):
            inflated = _inflated([memoryview(stream)], header)
            if not inflated or not _ends_with(inflated, stream):
                return None
            check_filters(np.frombuffer(inflated, np.uint8).reshape(header.height, -1)[:, 0])
    parts = chunk(b"IHDR", [struct.pack(">IIBBBBB", *header)]) + chunk(b"IDAT", [stream]) + chunk(b"IEND", [])
    return b"".join([SIGNATURE, *parts])


def png_bytes(data: bytes) -> int:
    """Bytes that the samples of a PNG take once decoded, from its header alone; alpha is left out.

    Raises:
        ImageError: there is no header, or it declares what ``read_png`` does not read.
    """
    header = _header(data)
    samples = 1 if header.colour_type in (_GREY, _GREY_ALPHA) else 3
    return header.width * header.height * samples * (2 if header.depth == 16 else 1)


def describe_png(data: bytes, *, keepable: bool = False) -> PngDescription:
    """Size, bits of a sample, samples of a pixel (3 of a palette's colour), and whether it holds more than pixels.

    Args:
        data: the whole file.
        keepable: ``read_png_image`` has said so of these bytes, which tells in most cases where the stream ends; else
            it is inflated to find out.

    Raises:
        ImageError: not a PNG, cut short, or its header declares what ``read_png`` does not read.
    """
    if not data.startswith(SIGNATURE):
        raise ImageError("is not a PNG")
    header = _header(data)
    chunks = list(_chunks(data))
    holds_more = any(kind not in (b"IHDR", b"PLTE", b"IDAT", b"IEND") for kind, _, _ in chunks)
    holds_more = holds_more or chunks[-1][2] != len(data)
    if not holds_more:
        stream = _critical_chunks(data, header).stream
        if not (keepable and _ends_but_once(b"".join(stream), _bytes_of_rows(header))):
            with refusing("is a damaged PNG: its pixels cannot be decoded"):
                inflated, is_followed = _check_in_pieces(stream)
            holds_more = is_followed or inflated != _bytes_of_rows(header)
    return PngDescription(header.width, header.height, header.depth, _SAMPLES[header.colour_type], holds_more)


def _header(data: bytes) -> _Header:
    """The header, checked; nothing of the image has been read before it is."""
    if len(data) < 33 or data[8:16] != b"\x00\x00\x00\x0dIHDR":
        raise ImageError("is a PNG without a header")
    header = _Header(*struct.unpack(">IIBBBBB", data[16:29]))
    if header.depth not in _DEPTHS.get(header.colour_type, ()):
        raise ImageError(f"is a PNG of unknown colour type {header.colour_type} with {header.depth} bits")
    if header.compression or header.filtering or header.interlace > 1:
        raise ImageError("is a PNG of unknown compression, filtering or interlacing")
    check_size(header.width, header.height, _SAMPLES[header.colour_type] * (2 if header.depth == 16 else 1))
    return header


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Type, start and end of each chunk, checksum included, up to IEND; critical checksums are compared."""
    view = memoryview(data)
    start = len(SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if start + 12 > len(data):
            raise ImageError("is a PNG that is cut short")
        kind = data[start + 4 : start + 8]
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        if end > len(data):
            raise ImageError("is a PNG that is cut short")
        # A capital first letter marks a chunk that the image cannot be shown without.
        if kind[:1].isupper() and isal_zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(
            data[end - 4 : end], "big"
        ):
            raise ImageError("is a damaged PNG: a checksum does not match")
        yield kind, start, end
        start = end


def _critical_chunks(data: bytes, header: _Header) -> _Critical:
    """Leave out what the pixels do not depend on (text, profiles, animation); make a palette image one of greys."""
    view = memoryview(data)
    parts: list[bytes | memoryview] = [SIGNATURE]
    stream: list[memoryview] = []
    palette = sbit = b""
    for kind, start, end in _chunks(data):
        if kind == b"IHDR" and header.colour_type == _PALETTE:
            parts.append(_as_grey(header))
        elif kind == b"PLTE":
            palette = data[start + 8 : end - 4]
        elif kind in (b"IHDR", b"IDAT", b"IEND"):
            parts.append(view[start:end])
        elif kind[:1].isupper():
            raise ImageError("is a PNG with a critical chunk that the specification does not know")
        elif kind == b"sBIT":
            sbit = data[start + 8 : end - 4]
        if kind == b"IDAT":
            stream.append(view[start + 8 : end - 4])
    # Most files have nothing else, and are not copied.
    png = data if sum(map(len, parts)) == len(data) and header.colour_type != _PALETTE else b"".join(parts)
    return _Critical(png, stream, palette, sbit)


def _as_grey(header: _Header) -> bytes:
    """The IHDR chunk of an image whose greys are the indices of this palette image."""
    return b"".join(chunk(b"IHDR", [struct.pack(">IIBBBBB", *header._replace(colour_type=_GREY))]))


def _read(data: bytes) -> tuple[npt.NDArray[Any], Image8, bool]:
    """What ``read_samples`` returns, and whether the image can be kept."""
    header = _header(data)
    critical = _critical_chunks(data, header)
    samples, keepable = _decode(critical, header)
    if samples.ndim == 3:
        samples = samples[..., 0] if samples.shape[2] <= 2 else samples[..., :3]
    colours = samples[0, 0].size
    table = _table(samples, critical.sbit[:colours]) if samples.dtype == np.uint16 else _SAME
    return np.ascontiguousarray(samples), table, keepable


def _decode(critical: _Critical, header: _Header) -> tuple[npt.NDArray[Any], bool]:
    """The samples as stored, (rows, columns) or (rows, columns, samples), scaled to eight bits where fewer.

    And whether they are grey of eight bits whose compressed stream ends with their checksum.
    """
    is_palette = header.colour_type == _PALETTE
    decoder = _KORNIA_DECODERS.get(header.depth)
    mode = "mono" if is_palette else _KORNIA_MODES.get(header.colour_type)
    shape = (header.height, header.width)
    keepable = False
    with refusing("is a damaged PNG: its pixels cannot be decoded"):
        if decoder and mode:
            inflated = _inflated(critical.stream, header)
            if inflated and mode == "mono" and header.depth == 8:
                samples: npt.NDArray[Any] = grey_rows(inflated, header.width, header.height)
                keepable = not is_palette and _ends_with(inflated, critical.stream[-1])
            else:
                del inflated
                samples = decoder(critical.png, shape, mode)
        else:
            samples = imagecodecs.png_decode(critical.png)
    if samples.shape[:2] != shape:
        raise ImageError("is a damaged PNG: it decodes to another size than it declares")
    return _in_colour(samples, critical.palette, header.depth) if is_palette else samples, keepable


def _ends_with(inflated: bytes, stream: bytes | memoryview) -> bool:
    """Whether a stream, or the last part of it, ends with the checksum of what it inflates to."""
    return isal_zlib.adler32(inflated).to_bytes(4, "big") == bytes(stream[-4:])


def _ends_but_once(stream: bytes, inflated_bytes: int) -> bool:
    """Whether a sound stream that ends with its checksum ends there only, and every decoder reads it.

    libdeflate compares the checksum at the stream's end and ignores what follows. Where the last four bytes stand
    nowhere before, that end is the last byte: nothing is hidden (2 ms for 5 MB; a library that tells the end takes 10).
    libpng refuses a stream that reaches further back than the window that it declares, which libdeflate does not ask
    for (RFC 1950, 2.2: CINFO).
    """
    window = 256 << (stream[0] >> 4) if stream else 0
    return stream.find(stream[-4:]) == len(stream) - 4 and window >= min(inflated_bytes, _LARGEST_WINDOW)


def _inflated(stream: Sequence[memoryview], header: _Header) -> bytes:
    """Inflate the compressed stream and compare the checksum (Adler-32) that ends it.

    Returns:
        The filtered rows; nothing where they are interlaced, too many to be in memory twice, or followed by something
        harmless.

    Raises:
        Exception: the checksum differs, or the stream cannot be inflated; which class, the library decides.
    """
    samples = 1 if header.colour_type == _PALETTE else _SAMPLES[header.colour_type]
    size = header.height * (1 + header.width * samples * header.depth // 8)
    if size <= _MAX_INFLATED_AT_ONCE and not header.interlace:
        with suppress(imagecodecs.DeflateError):  # it is damaged, or longer
            inflated = bytes(imagecodecs.deflate_decode(b"".join(stream), out=size))
            return inflated if len(inflated) == size else b""
    _check_in_pieces(stream)
    return b""


def _bytes_of_rows(header: _Header) -> int:
    """Bytes that the filtered rows take, those of each pass where they are interlaced (chapters 7.2 and 8.1)."""
    bits = header.depth * (1 if header.colour_type == _PALETTE else _SAMPLES[header.colour_type])
    total = 0
    for left, top, columns, rows in _ADAM7 if header.interlace else _ALL_AT_ONCE:
        width, height = -((left - header.width) // columns), -((top - header.height) // rows)
        total += height * (1 - (-width * bits // 8)) if width > 0 else 0
    return total


def _check_in_pieces(stream: Sequence[memoryview]) -> tuple[int, bool]:
    """Compare the checksum of a stream of any length, a piece of a megabyte in memory at a time.

    Returns:
        Bytes that it inflates to, and whether something stands behind its end.
    """
    inflater = isal_zlib.decompressobj()
    total = 0
    is_followed = False
    parts: list[bytes | memoryview] = [*stream, b""]
    for part in parts:
        rest = part
        is_followed = is_followed or (inflater.eof and len(part) > 0)
        while not inflater.eof and total <= _MAX_INFLATED:
            piece = len(inflater.decompress(rest, _PIECE))
            total += piece
            rest = inflater.unconsumed_tail
            if not piece and not rest:
                break
    if not inflater.eof:
        raise ImageError("is a damaged PNG: its compressed pixels have no end")
    return total, is_followed or len(inflater.unused_data) > 0


def _in_colour(indices: Image8, palette: bytes, depth: int) -> Image8:
    """The colours that the indices of a palette image stand for; libpng has spread fewer than eight bits."""
    colours = np.frombuffer(palette[: len(palette) // 3 * 3], np.uint8).reshape(-1, 3)
    indices = indices.reshape(indices.shape[:2])
    if depth < 8:
        indices = indices // (255 // (2**depth - 1))
    if int(indices.max()) >= len(colours):
        raise ImageError("is a damaged PNG: a pixel has a colour that its palette lacks")
    coloured: Image8 = colours[indices]
    return coloured


def _table(samples: npt.NDArray[np.uint16], sbit: bytes) -> Image8:
    """The table that brings 16-bit samples to eight, linearly from the bits that are significant.

    Those are the bits that the sBIT chunk gives, else the smallest of 10, 12, 14 and 16 that holds the maximum. The
    specification puts significant bits at the top of a sample (11.3.2.3), scanners write them at the bottom; samples
    too large for the latter are the former.
    """
    highest = int(samples.max())
    declared = max(sbit, default=16)
    if not 1 <= declared <= 16 or not sbit:
        declared = next(bits for bits in _LIKELY_BITS if highest < 2**bits)
    if highest < 2**declared:
        return linear_table(declared)
    shifted: Image8 = linear_table(declared)[np.arange(65536) >> (16 - declared)]
    return shifted
