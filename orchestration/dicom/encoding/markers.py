"""Where the codestreams of one or several frames begin and end, found from marker to marker without decoding.

Only a walk is sure of that: tables and comments may contain what looks like a start or an end.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_EOC_OR_EOI = re.compile(rb"\xff\xd9", re.DOTALL)
_SOC, _SOT, _EOC = 0xFF4F, 0xFF90, 0xFFD9
_SOI, _EOI, _SOS = 0xFFD8, 0xFFD9, 0xFFDA
_JPEGLS_FRAME = 0xFFF7
_PADDING = (b"\x00", b"\xff")  # the latter is what JPEG itself fills with
_WITHOUT_LENGTH = {0xFF01, *range(0xFFD0, 0xFFD8)}
# In the coded data of a scan 0xFF is followed by a zero (ITU-T T.81, F.1.2.3) or, in JPEG-LS, by a byte whose first bit
# is zero (T.87, A.1); restart markers belong to the scan too.
_AFTER_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
_AFTER_JPEGLS_SCAN = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]", re.DOTALL)


class BrokenCodestreamError(ValueError):
    """The markers lead nowhere: the data are cut short, or no such codestream."""


@dataclass(frozen=True)
class Span:
    """One codestream within the data.

    ``header`` is everything before the first coded data; ``scans`` are the offsets of the segments that follow the
    markers of the scans, of which JPEG 2000 has none.
    """

    start: int
    end: int
    header: bytes
    scans: tuple[int, ...] = ()


def jpeg2000_codestreams(data: memoryview) -> list[Span]:
    """All JPEG 2000 or HTJ2K codestreams, one after the other; each may be followed by one byte that makes it even.

    Raises:
        BrokenCodestreamError: one of them has no end, or something else follows it.
    """
    return list(_spans(data, _jpeg2000_codestream, _SOC))


def jpeg_codestreams(data: memoryview) -> list[Span]:
    """All JPEG or JPEG-LS codestreams, likewise."""
    return list(_spans(data, _jpeg_codestream, _SOI))


def _spans(data: memoryview, codestream_at: Callable[[memoryview, int], Span], first_marker: int) -> Iterator[Span]:
    position = 0
    while position < len(data):
        span = codestream_at(data, position)
        yield span
        position = span.end
        following = bytes(data[position : position + 2])
        if following[:1] in _PADDING and following != first_marker.to_bytes(2):
            position += 1


def _jpeg2000_codestream(data: memoryview, start: int) -> Span:
    """From SOC over the main header and the tile-parts to EOC (ISO/IEC 15444-1, A.4)."""
    if _word(data, start) != _SOC:
        raise BrokenCodestreamError("something other than a codestream follows")
    position = start + 2
    while (marker := _word(data, position)) != _SOT:
        if marker < 0xFF50 or marker == _EOC:
            raise BrokenCodestreamError("its main header has no end")
        position += 2 + _length(data, position + 2)
    header = bytes(data[start:position])
    while marker == _SOT:
        size = int.from_bytes(data[position + 6 : position + 10], "big")
        if size == 0:  # the last tile-part: up to EOC, which coded data can't contain
            end = _EOC_OR_EOI.search(data, position + 12)
            if end is None:
                raise BrokenCodestreamError("it is cut short: it has no end marker")
            position = end.start()
        elif size < 14:  # SOT and SOD alone take 14 bytes
            raise BrokenCodestreamError("a tile-part is shorter than its own header")
        else:
            position += size
        marker = _word(data, position)
    if marker != _EOC:
        raise BrokenCodestreamError("it has neither a tile-part nor an end marker where one must be")
    return Span(start, position + 2, header)


def _jpeg_codestream(data: memoryview, start: int) -> Span:
    """From SOI over tables, frame and scans to EOI (ITU-T T.81, B.2.1)."""
    if _word(data, start) != _SOI:
        raise BrokenCodestreamError("something other than a codestream follows")
    position, header, scans, after_scan = start + 2, b"", [], _AFTER_SCAN
    while (marker := _word(data, position)) != _EOI:
        if marker < 0xFF00 or marker == _SOI:
            raise BrokenCodestreamError("it has no marker where one must be")
        if marker == 0xFFFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        else:
            segment = position + 2
            position = segment + _length(data, segment)
            if marker == _JPEGLS_FRAME:
                after_scan = _AFTER_JPEGLS_SCAN
            elif marker == _SOS:
                header = header or bytes(data[start:segment])
                scans.append(segment)
                found = after_scan.search(data, position)
                if found is None:
                    raise BrokenCodestreamError("it is cut short: it has no end marker")
                position = found.start()
    return Span(start, position + 2, header, tuple(scans))


def _word(data: memoryview, position: int) -> int:
    word = data[position : position + 2]
    if len(word) < 2:
        raise BrokenCodestreamError("it is cut short: it has no end marker")
    return word[0] << 8 | word[1]


def _length(data: memoryview, position: int) -> int:
    """The length of a marker segment, its own two bytes included."""
    length = _word(data, position)
    if length < 2:
        raise BrokenCodestreamError("a marker segment is shorter than its own length")
    return length
