"""From a header and pixel data to the bytes of a DICOM file."""

from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass

from orchestration.dicom.encoding.errors import HeaderError, PixelDataError
from orchestration.dicom.encoding.explicit_encoding import UnsureError, encode
from orchestration.dicom.encoding.file_meta import preamble_and_file_meta
from orchestration.dicom.encoding.header import Elements, Header, uid_of
from orchestration.dicom.encoding.image import image_of
from orchestration.dicom.encoding.pixel_element import encapsulated, native
from orchestration.dicom.encoding.pydicom_encoding import encode_with_pydicom
from orchestration.dicom.encoding.transfer_syntax import identify

# Pixel Data, and what says where its frames lie in it (PS3.3 C.7.6.3.1.8): all of it is made anew.
_REPLACED = ("7FE00001", "7FE00002", "7FE00003", "7FE00010")


@dataclass(frozen=True)
class Assembled:
    """A DICOM file in pieces, of which those with pixels are views of what was given.

    ``parts`` written one after the other are the file, ``size`` its bytes. ``through_pydicom`` tells whether the data
    set was encoded by pydicom, because it has something that the encoder of ours is not sure of.
    """

    parts: tuple[bytes | memoryview, ...]
    transfer_syntax: str
    through_pydicom: bool
    size: int


def assemble(header: Header, pixels: bytes | memoryview) -> Assembled:
    """Join a header with its pixel data to a DICOM file (PS3.10, chapter 7).

    The transfer syntax is found from the pixel data, see :func:`identify`; Photometric Interpretation stays as it is in
    the header. File meta information (group 2) is made anew. All other elements keep their place and value, byte for
    byte as ``Dataset.from_json`` and ``save_as`` of pydicom write them, but for an empty one of several numbers in DS
    or IS, which stays empty instead of becoming the word None.

    Args:
        header: without or with Pixel Data, a Bulk Data URI or an offset table of its own, which are replaced.
        pixels: all frames, native or compressed.

    Raises:
        HeaderError: an element can't be written, or one that a DICOM file must have is missing.
        PixelDataError: the pixels are of no known form, or are not what the header says.
    """
    view = memoryview(pixels).cast("B")
    if not view:
        raise PixelDataError("the pixel data are empty")
    image = image_of(header.elements)
    identified = identify(view, image)
    before, after, through_pydicom = _encode(header.elements)
    sop_class = uid_of(header.elements, "00080016", "SOP Class UID")
    parts = (
        preamble_and_file_meta(sop_class, header.uid, identified.transfer_syntax),
        before,
        *(encapsulated(identified.frames) if identified.frames else native(view, image.bits_allocated)),
        after,
    )
    return Assembled(
        parts=tuple(part for part in parts if part),
        transfer_syntax=identified.transfer_syntax,
        through_pydicom=through_pydicom,
        size=sum(map(len, parts)),
    )


def _encode(elements: Elements) -> tuple[bytes, bytes, bool]:
    """The elements before and after Pixel Data, without those that are made anew, and whether pydicom encoded them."""
    tags = sorted(elements)
    data_set = bisect_left(tags, "0003")
    pixels, rest = bisect_left(tags, _REPLACED[0]), bisect_right(tags, _REPLACED[-1])
    if tags[0] < "0002":
        raise HeaderError("the header has elements of groups 0000 or 0001, which belong to no file")
    before, after = tags[data_set:pixels], tags[rest:]
    if all(tag in _REPLACED for tag in tags[pixels:rest]):
        with suppress(UnsureError):
            return *encode(elements, before, after), False
    before += (tag for tag in tags[pixels:rest] if tag not in _REPLACED)
    return *encode_with_pydicom({tag: elements[tag] for tag in before + after}), True
