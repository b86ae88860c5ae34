"""Some elements of a DICOM file as plain values, whatever kind of file it is.

The data set that a function here takes is pydicom's: call it within a guard, as ``orchestration.dicom.reading`` does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from orchestration.dicom.elements import Value, plain_value, size_of

DEFERRED = 1 << 20
"""Largest value, in bytes, that is read: text of a report has thousands."""

PIXELS = tuple(tag_for_keyword(keyword) or 0 for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"))
_FILE_META = 2


@dataclass(frozen=True)
class Header:
    """Elements that were asked for.

    Attributes:
        transfer_syntax: UID of how the file is encoded; empty where it does not say.
        transfer_syntax_name: as PS3.6 names it; empty for one that the standard does not have.
        is_encapsulated: whether pixels are compressed frames in items, rather than values one after the other.
        has_pixels: whether there is an element of pixels, such as Pixel Data (7FE0,0010).
        values: by tag; an element that is absent has none, an empty one has None.
        unreadable: tags of elements whose values cannot be what their type says.
    """

    transfer_syntax: str
    transfer_syntax_name: str
    is_encapsulated: bool
    has_pixels: bool
    values: Mapping[int, Value] = field(repr=False)
    unreadable: frozenset[int]


def header_of(dataset: Dataset, tags: Iterable[int], *, masked: bool) -> Header:
    """The elements ``tags`` of a data set; one that cannot be read costs no other."""
    values: dict[int, Value] = {}
    unreadable = set()
    for tag in tags:
        source = dataset.file_meta if tag >> 16 == _FILE_META else dataset
        if tag in source:
            try:
                values[tag] = _value(source, tag, masked=masked)
            except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
                unreadable.add(tag)
    syntax = UID(str(dataset.file_meta.get("TransferSyntaxUID") or ""))
    is_known = syntax.is_transfer_syntax if syntax else False
    return Header(
        transfer_syntax=str(syntax),
        transfer_syntax_name=syntax.name if is_known else "",
        is_encapsulated=is_known and syntax.is_encapsulated,
        has_pixels=any(tag in dataset for tag in PIXELS),
        values=values,
        unreadable=frozenset(unreadable),
    )


def _value(dataset: Dataset, tag: int, *, masked: bool) -> Value:
    raw = dataset.get_item(tag, keep_deferred=True)
    if isinstance(raw, RawDataElement) and raw.value is None and raw.length > DEFERRED:
        return size_of(raw.length)
    return plain_value(dataset[tag], masked=masked)
