"""Where the codestreams of one or several frames begin and end, found from marker to marker without decoding.

Only a walk is sure of that: tables and comments may contain what looks like a start or an end. On the way it is checked
that no part is missing without which no decoder can do. Wrong bits within coded data are not seen; decoding, which
``assemble`` does on request, shows some of them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orchestration.dicom.codestreams import jpeg2000_tiles

_EOC_OR_EOI = re.compile(rb"\xff\xd9", re.DOTALL)
_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9
_COD, _QCD = 0xFF52, 0xFF5C
_SOI, _EOI, _SOS = 0xFFD8, 0xFFD9, 0xFFDA
_DHT, _DQT = 0xFFC4, 0xFFDB
_JPEGLS_FRAME = 0xFFF7
_DCT_FRAMES = (0xFFC0, 0xFFC1, 0xFFC2)
_FRAMES = (*_DCT_FRAMES, 0xFFC3, _JPEGLS_FRAME)
# Writers fill up with zeros, blanks or, as JPEG itself does, 0xFF; what begins a codestream is none of it.
_PADDING = re.compile(rb"(?:[\x00\x20]|\xff(?!\xd8|\x4f))*", re.DOTALL)
_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51")
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
    """All JPEG 2000 or HTJ2K codestreams, one after the other; padding, or a writer's own bytes, may follow them.

    Raises:
        BrokenCodestreamError: one of them cannot be decoded, since it is cut short or lacks a part; or something that
            may be another one follows.
    """
    return list(_spans(data, _jpeg2000_codestream))


def jpeg_codestreams(data: memoryview) -> list[Span]:
    """All JPEG or JPEG-LS codestreams, likewise."""
    return list(_spans(data, _jpeg_codestream))


def _spans(data: memoryview, codestream_at: Callable[[memoryview, int], Span]) -> Iterator[Span]:
    """The codestreams in the data, one behind the other."""
    position = 0
    while position < len(data):
        if (
            position
            and bytes(data[position : position + 3]) != _STARTS[0]
            and bytes(data[position : position + 4]) != _STARTS[1]
        ):
            rest = bytes(data[position:])
            if any(start in rest for start in _STARTS):
                raise BrokenCodestreamError("something other than a codestream follows, and behind it another one")
            return
        span = codestream_at(data, position)
        yield span
        padding = _PADDING.match(data, span.end)
        position = padding.end() if padding else span.end


def _jpeg2000_codestream(data: memoryview, start: int) -> Span:
    """From SOC over the main header and the tile-parts to EOC (ISO/IEC 15444-1, A.4)."""
    if _word(data, start) != _SOC:
        raise BrokenCodestreamError("something other than a codestream follows")
    position, markers = start + 2, set()
    while (marker := _word(data, position)) != _SOT:
        if marker < 0xFF50 or marker == _EOC:
            raise BrokenCodestreamError("its main header has no end")
        markers.add(marker)
        position += 2 + _length(data, position + 2)
    if not {_COD, _QCD} <= markers:
        raise BrokenCodestreamError("its main header does not say how it is coded or quantised")
    header, tiles = bytes(data[start:position]), set()
    while marker == _SOT:
        tiles.add(_word(data, position + 4))
        position = _end_of_tile_part(data, position)
        marker = _word(data, position)
    if marker != _EOC:
        raise BrokenCodestreamError("it has neither a tile-part nor an end marker where one must be")
    if tiles != set(range(jpeg2000_tiles(header))):
        raise BrokenCodestreamError("it lacks a tile, or has one too many")
    return Span(start, position + 2, header)


def _end_of_tile_part(data: memoryview, start: int) -> int:
    """Where a tile-part ends, whose own header must end before."""
    size = int.from_bytes(data[start + 6 : start + 10], "big")
    position = start + 12
    while (marker := _word(data, position)) != _SOD:
        if marker < 0xFF50 or marker == _EOC:
            raise BrokenCodestreamError("the header of a tile-part has no end")
        position += 2 + _length(data, position + 2)
    if size == 0:  # the last tile-part: up to EOC, which coded data cannot contain
        end = _EOC_OR_EOI.search(data, position)
        if end is None:
            raise BrokenCodestreamError("it is cut short: it has no end marker")
        return end.start()
    if start + size < position + 2:
        raise BrokenCodestreamError("a tile-part is shorter than its own header")
    return start + size


def _jpeg_codestream(data: memoryview, start: int) -> Span:
    """From SOI over tables, frame and scans to EOI (ITU-T T.81, B.2.1)."""
    if _word(data, start) != _SOI:
        raise BrokenCodestreamError("something other than a codestream follows")
    position, header, scans = start + 2, b"", []
    segments: dict[int, int] = {}
    while (marker := _word(data, position)) != _EOI:
        if marker < 0xFF00 or marker == _SOI:
            raise BrokenCodestreamError("it has no marker where one must be")
        if marker == 0xFFFF:  # a fill byte
            position += 1
        elif marker in _WITHOUT_LENGTH:
            position += 2
        else:
            segment = position + 2
            segments.setdefault(marker, segment)
            position = segment + _length(data, segment)
            if marker == _SOS:
                header = header or bytes(data[start:segment])
                scans.append(segment)
                position = _end_of_scan(data, position, is_jpegls=_JPEGLS_FRAME in segments)
    _check_parts(data, segments, scans)
    return Span(start, position + 2, header, tuple(scans))


def _end_of_scan(data: memoryview, position: int, *, is_jpegls: bool) -> int:
    """Where the coded data of a scan end."""
    found = (_AFTER_JPEGLS_SCAN if is_jpegls else _AFTER_SCAN).search(data, position)
    if found is None:
        raise BrokenCodestreamError("it is cut short: it has no end marker")
    if found.start() == position:
        raise BrokenCodestreamError("a scan has no coded data")
    return found.start()


def _check_parts(data: memoryview, segments: dict[int, int], scans: list[int]) -> None:
    """Refuse a codestream without the tables that its process needs, or without a scan of each of its components."""
    frame = next((marker for marker in _FRAMES if marker in segments), None)
    if frame is None:
        return  # of a process that no transfer syntax in use has
    lacks_tables = (frame != _JPEGLS_FRAME and _DHT not in segments) or (frame in _DCT_FRAMES and _DQT not in segments)
    components = _selectors(data, segments[frame] + 7, 3)
    if lacks_tables or not components <= set().union(*(_selectors(data, scan + 2, 2) for scan in scans)):
        raise BrokenCodestreamError("it lacks a table, or the coded data of a component")


def _selectors(data: memoryview, count_at: int, size: int) -> set[int]:
    """The components that a frame or scan header names: their number at a position, then ``size`` bytes for each."""
    return set(data[count_at + 1 : count_at + 1 + size * data[count_at] : size])


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
