"""A data set encoded by pydicom, for whatever the encoder of ours is not sure of; and the checks that pydicom lacks."""

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from pydicom import DataElement, Dataset, config
from pydicom.charset import default_encoding
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_data_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from orchestration.dicom.encoding.errors import HeaderError
from orchestration.dicom.encoding.header import Elements

PIXEL_DATA = 0x7FE00010

_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_VALUE_KEYS = {"Value", "InlineBinary", "BulkDataURI"}
_quiet_lock = threading.Lock()


def encode_with_pydicom(elements: Elements) -> tuple[bytes, bytes]:
    """Encode a data set in explicit VR little endian, in defined lengths, without its group lengths.

    Args:
        elements: without group 2 and without Pixel Data, of which the image has some.

    Returns:
        The elements before Pixel Data and those after, each in the order of tags.

    Raises:
        HeaderError: an element is not as PS3.18 annex F has it, or pydicom can't encode it; says which one.
    """
    _check(elements)
    with _quiet():
        dataset = _dataset(elements)
        character_set = cast("str | list[str]", dataset.get("SpecificCharacterSet", default_encoding))
        before, after = _buffer(), _buffer()
        for tag in sorted(dataset.keys()):
            if tag == PIXEL_DATA or (tag.element == 0 and tag.group > 6):  # no group lengths: PS3.5, 7.2
                continue
            with _as_header_error(tag):
                write_data_element(before if tag < PIXEL_DATA else after, dataset[tag], character_set)
    return before.getvalue(), after.getvalue()


def _dataset(elements: Elements) -> Dataset:
    dataset = Dataset()
    for tag, element in elements.items():
        with _as_header_error(BaseTag(int(tag, 16))):
            dataset.update(Dataset.from_json({tag: element}))
    dataset.walk(_leave_empty)
    # Where PixelRepresentation is missing, whether there are pixels decides between US and SS.
    dataset.add(DataElement(PIXEL_DATA, "OW", b""))
    with _as_header_error(None):
        return correct_ambiguous_vr(dataset, is_little_endian=True)


def _leave_empty(_: Dataset, element: DataElement) -> None:
    """Keep pydicom from writing an empty one of several DS or IS as the word None (PS3.18 F.2.5: null is empty)."""
    if element.VR in ("DS", "IS") and isinstance(element.value, MultiValue):
        element.value = ["" if value is None else value for value in element.value]


def _check(elements: Elements) -> None:
    """Refuse what pydicom would write wrongly, or not always alike."""
    tags = [tag.upper() for tag in elements]
    if len(set(tags)) < len(tags):
        raise HeaderError("an item of the header has a tag twice, in upper and in lower case")
    for tag, element in elements.items():
        if not _TAG.fullmatch(tag) or tag.upper().startswith("FFFE"):
            raise HeaderError("the header has a tag that is none of an element")
        place = _name(BaseTag(int(tag, 16)))
        keys = _VALUE_KEYS & element.keys()
        if len(keys) > 1:
            raise HeaderError(f"{place} has more than one value, as {' and '.join(sorted(keys))}")
        if "BulkDataURI" in keys:
            raise HeaderError(f"{place} has its value elsewhere (BulkDataURI): it would be lost")
        if element["vr"] == "SQ" and isinstance(element.get("Value"), list):
            for item in element["Value"]:
                _check(item or {})


def _buffer() -> DicomBytesIO:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = False
    return buffer


def _name(tag: BaseTag) -> str:
    return f"the element {tag}"


@contextmanager
def _as_header_error(tag: BaseTag | None) -> Iterator[None]:
    """Turn whatever pydicom raises into an error that says where, but not pydicom's words, which repeat the value."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - pydicom raises what its parts raise: there is no common class
        place = "an element whose VR depends on others" if tag is None else _name(tag)
        raise HeaderError(f"{place} can't be encoded ({type(error).__name__})") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what pydicom remarks on values, in warnings and in its log: the remarks repeat the values.

    The filters of ``warnings`` belong to the process, so that one thread at a time may change them; since all that
    happens under the lock is Python, threads lose nothing by it.
    """
    thread = threading.get_ident()

    def from_elsewhere(record: logging.LogRecord) -> bool:
        return record.thread != thread

    with _quiet_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config.logger.addFilter(from_elsewhere)
        try:
            yield
        finally:
            config.logger.removeFilter(from_elsewhere)
