"""DICOM files from headers in DICOM JSON and pixel data that lie apart: pure functions from bytes to bytes.

Entry points: :func:`parse_header`, :func:`matches` (a value in a header), :func:`assemble` (header and pixels to a
file).
"""

from orchestration.dicom.encoding.assembling import Assembled, assemble
from orchestration.dicom.encoding.errors import HeaderError, PixelDataError, UndecodableError
from orchestration.dicom.encoding.header import MAX_HEADER_BYTES, Header, matches, parse_header

__all__ = [
    "MAX_HEADER_BYTES",
    "Assembled",
    "Header",
    "HeaderError",
    "PixelDataError",
    "UndecodableError",
    "assemble",
    "matches",
    "parse_header",
]
