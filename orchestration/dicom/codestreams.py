"""What a JPEG, JPEG-LS or JPEG 2000 codestream declares about itself, read without decoding it."""

import struct
from typing import Literal, NamedTuple

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

Family = Literal["JPEG", "JPEG-LS", "JPEG 2000", "RLE"]
"""Codestreams that one decoder reads, whichever transfer syntax of the family a file names."""

_JPEG_START = b"\xff\xd8"
_JPEG2000_START = b"\xff\x4f\xff\x51"
_END = b"\xff\xd9"  # EOI of JPEG and JPEG-LS, EOC of JPEG 2000: cannot occur inside the coded data of any of them
_START_OF_SCAN = 0xDA
_MAX_TILES = 65_535  # ISO/IEC 15444-1, A.4.2: their index has 16 bits
# Start of frame: all of 0xC0 to 0xCF but the tables DHT, JPG and DAC (ITU-T T.81, table B.1), and JPEG-LS (T.87).
_FRAMES = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
_JPEG_LS = 0xF7
_JP2_START = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_RLE_HEADER_BYTES, _MOST_RLE_SEGMENTS = 64, 15  # PS3.5 G.5
SYNTAXES: dict[Family, tuple[str, ...]] = {
    "JPEG": (JPEGLosslessSV1, JPEGLossless, JPEGBaseline8Bit, JPEGExtended12Bit),
    "JPEG-LS": (JPEGLSLossless, JPEGLSNearLossless),
    "JPEG 2000": (JPEG2000, JPEG2000Lossless, HTJ2K, HTJ2KLossless, HTJ2KLosslessRPCL),
    "RLE": (RLELossless,),
}
"""Transfer syntaxes of each family; the first is one by which any codestream of the family is decoded."""


class Codestream(NamedTuple):
    """The size and the samples that a codestream declares.

    ``process`` is the second byte of a JPEG's start of frame marker (0xC3 is lossless), 0 in JPEG 2000. ``complete``
    tells whether an end marker was found; without one the data is cut short.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool
    process: int
    complete: bool

    @property
    def sample_bytes(self) -> int:
        """Bytes that a decoder takes for a sample."""
        return 1 if self.precision <= 8 else 2 if self.precision <= 16 else 4

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns) or (rows, columns, components)."""
        return (self.rows, self.columns) if self.components == 1 else (self.rows, self.columns, self.components)


def family_of(data: bytes) -> Family | None:
    """The family that a codestream begins like; None where it begins like none of them."""
    if data.startswith((_JPEG2000_START, _JP2_START)):
        return "JPEG 2000"
    if data.startswith(_JPEG_START):
        try:
            return "JPEG-LS" if jpeg_codestream(data).process == _JPEG_LS else "JPEG"
        except ValueError:
            return None
    segments, first = int.from_bytes(data[:4], "little"), int.from_bytes(data[4:8], "little")
    if 0 < segments <= _MOST_RLE_SEGMENTS and first == _RLE_HEADER_BYTES:
        return "RLE"
    return None


def family_of_syntax(syntax: str) -> Family | None:
    """The family that a transfer syntax names, by its UID."""
    return next((family for family, syntaxes in SYNTAXES.items() if syntax in syntaxes), None)


def syntax_of(family: Family) -> str:
    """UID of a transfer syntax by which codestreams of the family are decoded."""
    return str(SYNTAXES[family][0])


def jpeg_codestream(data: bytes) -> Codestream:
    """Read the frame header of a JPEG or JPEG-LS codestream (ITU-T T.81 and T.87, B.2.2).

    Raises:
        ValueError: there is no start, or no frame header before the first scan.
    """
    position = 2 if data.startswith(_JPEG_START) else len(data)
    while position + 10 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        elif marker in _FRAMES:
            return Codestream(
                rows=int.from_bytes(data[position + 5 : position + 7], "big"),
                columns=int.from_bytes(data[position + 7 : position + 9], "big"),
                components=data[position + 9],
                precision=data[position + 4],
                signed=False,
                process=marker,
                complete=data.rfind(_END) > position,
            )
        elif marker == _START_OF_SCAN:
            break
        else:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    raise ValueError("not a JPEG or JPEG-LS codestream: there is no frame header")


def jpeg2000_codestream(data: bytes) -> Codestream:
    """Read the SIZ marker segment of a JPEG 2000 or HTJ2K codestream, bare or in a JP2 file (ISO/IEC 15444-1, A.5.1).

    Raises:
        ValueError: there is none, or its components differ in precision, sign or resolution.
    """
    start = data.find(_JPEG2000_START)
    components = int.from_bytes(data[start + 40 : start + 42], "big")
    descriptions = data[start + 42 : start + 42 + 3 * components]
    if start < 0 or not components or len(descriptions) < 3 * components:
        raise ValueError("not a JPEG 2000 codestream: there is no SIZ marker")
    first = descriptions[:3]
    if descriptions != first * components or first[1:] != b"\x01\x01":
        raise ValueError("the components of the JPEG 2000 codestream differ in precision, sign or resolution")
    right, bottom, left, top, tile_width, tile_height, tile_left, tile_top = struct.unpack_from(">8I", data, start + 8)
    # A decoder takes memory for each tile.
    if not (tile_left <= left < tile_left + tile_width and tile_top <= top < tile_top + tile_height):
        raise ValueError("the tiles of the JPEG 2000 codestream do not begin where its image does")
    if jpeg2000_tiles(data[start : start + 40]) > _MAX_TILES:
        raise ValueError("the JPEG 2000 codestream has more tiles than may be")
    return Codestream(
        rows=bottom - top,
        columns=right - left,
        components=components,
        precision=(first[0] & 0x7F) + 1,
        signed=bool(first[0] & 0x80),
        process=0,
        complete=data.rfind(_END) > start,
    )


def jpeg2000_tiles(header: bytes) -> int:
    """How many tiles a JPEG 2000 codestream declares that begins with SOC and SIZ (ISO/IEC 15444-1, B.3)."""
    numbers: tuple[int, ...] = struct.unpack_from(">8I", header, 8)
    right, bottom, _, _, width, height, left, top = numbers
    return -(-(right - left) // width) * -(-(bottom - top) // height)
