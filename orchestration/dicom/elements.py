"""Elements of a data set by name or tag, their values as plain Python ones.

A value is converted when it is first read, and may then fail in any way: call ``plain_value`` within a guard, as
``orchestration.dicom.reading`` does.
"""

import math
import re
from collections.abc import Iterable
from typing import Any

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from orchestration.dicom.confidentiality import MASKED, is_confidential

Value = str | int | float | list[Any] | dict[str, Any] | None
"""Text, a number, a list of several values, or of a sequence a list of items by name; None for an empty element."""

_TAG = re.compile(r"0x([0-9A-F]{8})|\(?([0-9A-F]{4}),\s*([0-9A-F]{4})\)?", re.IGNORECASE)


def tag_of(text: str) -> int:
    """The tag that a keyword such as ``PatientAge``, ``0x00101010`` or ``0010,1010`` names.

    Raises:
        ValueError: it is written in another way, or is not a keyword of the standard.
    """
    match = _TAG.fullmatch(text.strip())
    if match:
        return int("".join(filter(None, match.groups())), 16)
    tag = tag_for_keyword(text.strip())
    if not text.strip() or tag is None:  # the dictionary has tags without a keyword
        raise ValueError(
            "is no keyword of the DICOM standard (PS3.6), such as PatientAge, and no tag, such as 0x00101010 or "
            "0010,1010"
        )
    return tag


def name_of(tag: int) -> str:
    """The keyword of a tag, or ``GGGG,EEEE`` where the standard has none for it."""
    return keyword_for_tag(tag) or f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


def plain_value(element: DataElement, *, masked: bool) -> Value:
    """The value of an element; bytes as their number, never as themselves.

    Args:
        element: of any data set.
        masked: put ``MASKED`` in place of what could tell who the patient is, here and in the items of a sequence.
    """
    if element.is_empty:
        return None
    if masked and is_confidential(element.tag):
        return MASKED
    if element.VR == "SQ":
        return [_item(item, masked=masked) for item in element.value]
    return _plain(element.value)


def _item(item: Dataset, *, masked: bool) -> dict[str, Value]:
    return {name_of(element.tag): plain_value(element, masked=masked) for element in item}


def _plain(value: object) -> Value:
    if isinstance(value, bytes):
        return size_of(len(value))
    if isinstance(value, BaseTag):
        return f"{value.group:04X},{value.element:04X}"
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, float):  # JSON has no number for those that are not finite
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, Iterable) and not isinstance(value, str) and not hasattr(value, "alphabetic"):
        return [_plain(one) for one in value]
    return str(value).strip(" \0") or None


def size_of(length: int) -> str:
    """What stands for bytes."""
    return f"{length:,} bytes"
