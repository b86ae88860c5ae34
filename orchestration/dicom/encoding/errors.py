"""What can be wrong with a header or with pixel data; no message repeats a value of the header."""

from orchestration.errors import DoublereadError


class HeaderError(DoublereadError):
    """The header cannot be read, or not written as DICOM; the message names the element where it can."""


class PixelDataError(DoublereadError):
    """The pixel data are of no known form, or are not those that the header describes."""


class UndecodableError(PixelDataError):
    """A compressed frame has its form and cannot be decoded."""
