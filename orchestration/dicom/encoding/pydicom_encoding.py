"""A data set encoded by pydicom, for what the encoder of ours is not sure of."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from pydicom import DataElement, Dataset
from pydicom.charset import default_encoding
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_data_element
from pydicom.tag import BaseTag

from orchestration.dicom.encoding.errors import HeaderError
from orchestration.dicom.encoding.header import Elements
from orchestration.dicom.quiet import quiet_pydicom

PIXEL_DATA = 0x7FE00010


def encode_with_pydicom(elements: Elements) -> tuple[bytes, bytes]:
    """Encode a data set in explicit VR little endian, in defined lengths, without its group lengths.

    Args:
        elements: as ``prepare`` returns them.

    Returns:
        The elements before Pixel Data and those after, each in the order of tags.

    Raises:
        HeaderError: pydicom cannot encode an element; says which one.
    """
    with quiet_pydicom():
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
            _keep_numbers(dataset, {tag: element})
    # Where PixelRepresentation is missing, whether there are pixels decides between US and SS.
    dataset.add(DataElement(PIXEL_DATA, "OW", b""))
    with _as_header_error(None):
        return correct_ambiguous_vr(dataset, is_little_endian=True)


def _keep_numbers(dataset: Dataset, elements: Elements) -> None:
    """Give numbers in DS and IS the texts that they were prepared with, of which pydicom has made numbers."""
    for tag, element in elements.items():
        values = element.get("Value")
        if not isinstance(values, list):
            continue
        if element["vr"] in ("DS", "IS"):
            dataset[int(tag, 16)].value = ["" if value is None else value for value in values]
        elif element["vr"] == "SQ":
            for inner, item in zip(dataset[int(tag, 16)].value, values, strict=True):
                _keep_numbers(inner, item)


def _buffer() -> DicomBytesIO:
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = False
    return buffer


@contextmanager
def _as_header_error(tag: BaseTag | None) -> Iterator[None]:
    """Turn whatever pydicom raises into an error that says where, but not pydicom's words, which repeat the value."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - pydicom raises what its parts raise: there is no common class
        place = "an element whose VR depends on others" if tag is None else f"the element {tag}"
        raise HeaderError(f"{place} cannot be encoded ({type(error).__name__})") from None
