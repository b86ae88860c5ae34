"""From a header and pixel data to the bytes of a DICOM file."""

from bisect import bisect_left, bisect_right
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from orchestration.dicom.encoding.errors import HeaderError, PixelDataError, UndecodableError
from orchestration.dicom.encoding.explicit_encoding import UnsureError, encode
from orchestration.dicom.encoding.file_meta import preamble_and_file_meta
from orchestration.dicom.encoding.header import Elements, Header, uid_of
from orchestration.dicom.encoding.image import image_of
from orchestration.dicom.encoding.pixel_element import encapsulated, native
from orchestration.dicom.encoding.preparing import prepare
from orchestration.dicom.encoding.pydicom_encoding import encode_with_pydicom
from orchestration.dicom.encoding.transfer_syntax import Identified, identify
from orchestration.images import ImageError

# Pixel Data, and what says where its frames lie in it (PS3.3 C.7.6.3.1.8): all of it is made anew.
_REPLACED = ("7FE00001", "7FE00002", "7FE00003", "7FE00010")


@dataclass(frozen=True)
class Assembled:
    """A DICOM file in pieces, of which those with pixels are views of what was given.

    Attributes:
        parts: written one after the other, they are the file; ``size`` is its bytes.
        transfer_syntax: its UID.
        through_pydicom: whether pydicom encoded the data set, because the encoder of ours does not write some of it.
        character_set_changed: whether a Specific Character Set (0008,0005), of the data set or of an item in it, became
            ISO_IR 192, because the declared one does not hold its text.
    """

    parts: tuple[bytes | memoryview, ...]
    transfer_syntax: str
    through_pydicom: bool
    character_set_changed: bool
    size: int


def assemble(header: Header, pixels: bytes | memoryview, *, decode: bool = False) -> Assembled:
    """Join a header with its pixel data to a DICOM file (PS3.10, chapter 7).

    The transfer syntax is found from the pixel data, see :func:`identify`; Photometric Interpretation stays as it is in
    the header. File meta information (group 2) is made anew. All other elements keep their place and value; see
    ``docs/archives.md`` for where they are written otherwise than by ``Dataset.from_json`` and ``save_as`` of pydicom.

    Args:
        header: without or with Pixel Data, a Bulk Data URI or an offset table of its own, which are replaced.
        pixels: all frames, native or compressed.
        decode: decode every compressed frame first. Without it frames are followed to their ends, which does not see
            damage within coded data.

    Raises:
        HeaderError: an element cannot be written with its value unchanged, or one that every file must have is missing.
        PixelDataError: the pixels are of no known form, or are not what the header says.
        UndecodableError: a frame can't be decoded.
    """
    view = memoryview(pixels).cast("B")
    if not view:
        raise PixelDataError("the pixel data are empty")
    image = image_of(header.elements)
    identified = identify(view, image)
    if decode:
        _decode(identified)
    encoded = _encode(header.elements)
    sop_class = uid_of(header.elements, "00080016", "SOP Class UID")
    parts = (
        preamble_and_file_meta(sop_class, header.uid, identified.transfer_syntax),
        encoded.before,
        *(
            native(identified.frames[0], image.bits_allocated)
            if identified.transfer_syntax == ExplicitVRLittleEndian
            else encapsulated(identified.frames)
        ),
        encoded.after,
    )
    return Assembled(
        parts=tuple(part for part in parts if part),
        transfer_syntax=identified.transfer_syntax,
        through_pydicom=encoded.through_pydicom,
        character_set_changed=encoded.character_set_changed,
        size=sum(map(len, parts)),
    )


def _decode(identified: Identified) -> None:
    """Refuse frames that can't be decoded; those in RLE were decoded to find their ends, native ones need not be."""
    if identified.transfer_syntax in (ExplicitVRLittleEndian, RLELossless):
        return
    from orchestration.dicom.codecs import check_codestream  # noqa: PLC0415  a worker that decodes nothing starts sooner

    for number, frame in enumerate(identified.frames, 1):
        try:
            check_codestream(bytes(frame), identified.transfer_syntax)
        except ImageError as error:
            raise UndecodableError(f"frame {number} of {len(identified.frames)} {error}") from None


class _Encoded(NamedTuple):
    """The elements before and after Pixel Data, and what had to be done to write them."""

    before: bytes
    after: bytes
    through_pydicom: bool = False
    character_set_changed: bool = False


def _encode(elements: Elements) -> _Encoded:
    """Encode all elements but those that are made anew, in the quickest way that can write them."""
    tags = sorted(elements)
    if tags[0] < "0002":
        raise HeaderError("the header has elements of groups 0000 or 0001, which belong to no file")
    pixels, rest = bisect_left(tags, _REPLACED[0]), bisect_right(tags, _REPLACED[-1])
    before, after = tags[bisect_left(tags, "0003") : pixels], tags[rest:]
    before += (tag for tag in tags[pixels:rest] if tag not in _REPLACED)
    with suppress(UnsureError):
        return _Encoded(*encode(elements, before, after))
    prepared, character_set_changed = prepare({tag: elements[tag] for tag in before + after})
    tags = sorted(prepared)
    pixels = bisect_left(tags, _REPLACED[-1])
    with suppress(UnsureError):
        return _Encoded(*encode(prepared, tags[:pixels], tags[pixels:]), character_set_changed=character_set_changed)
    return _Encoded(*encode_with_pydicom(prepared), True, character_set_changed)
