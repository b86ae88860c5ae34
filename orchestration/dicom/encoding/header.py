"""DICOM JSON headers: reading them, and looking for a value in one (PS3.18 annex F)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import from_json

from orchestration.dicom.encoding.errors import HeaderError

MAX_HEADER_BYTES = 64 << 20
"""Longer headers are refused unread; the functional groups of 10,000 frames, 2 KB each, take a third of it."""

MAX_HEADER_VALUES = 2_000_000
"""Commas and opening brackets in a header, likewise: what each begins takes up to 110 bytes parsed, 250 in pydicom."""

MAX_SEQUENCE_DEPTH = 64
"""Sequences within sequences; structured reports reach about 15."""

_VALUES_COUNTED_FROM = 1 << 20  # bytes: a shorter header cannot hold enough values to matter
_UID = re.compile(r"[0-9]+(\.[0-9]+)*", re.ASCII)

Elements = dict[str, Any]
"""A data set as the DICOM JSON model has it: from the eight hexadecimal digits of a tag to vr and value."""


@dataclass(frozen=True)
class Header:
    """A parsed DICOM JSON header: its SOP Instance UID, and its elements by tag in upper case."""

    uid: str
    elements: Elements


def parse_header(data: bytes) -> Header:
    """Read a header in the DICOM JSON model.

    The object may stand in a list of its own, as DICOMweb sends it (PS3.18 F.2.1), and the whole may be JSON within a
    JSON string. UTF-8, UTF-16 and UTF-32 are told apart, with or without a byte order mark. The SOP Instance UID may
    have components with leading zeros, which PS3.5 section 9.1 forbids and archives contain.

    Args:
        data: the text, at most ``MAX_HEADER_BYTES``.

    Raises:
        HeaderError: it is too large, no JSON, no data set, nested too deeply, has a tag twice or no valid UID.
    """
    if len(data) > MAX_HEADER_BYTES:
        raise HeaderError(f"the header has {len(data)} bytes, more than the {MAX_HEADER_BYTES} that are read")
    if len(data) > _VALUES_COUNTED_FROM and sum(map(data.count, (b",", b"{", b"["))) > MAX_HEADER_VALUES:
        raise HeaderError(f"the header has more than the {MAX_HEADER_VALUES} values that are read")
    try:
        elements = _data_set(data, _load)
        # Only a header in which every "vr" is that of an element is sure to have no key twice.
        if _count_elements(elements) != data.count(b'"vr"'):
            _data_set(data, _load_without_duplicates)
    except RecursionError:
        raise HeaderError("the header is nested too deeply") from None
    except ValueError:
        raise HeaderError("the header is not JSON") from None
    elements = _with_upper_case_tags(cast("Elements", elements))
    return Header(uid=uid_of(elements, "00080018", "SOP Instance UID"), elements=elements)


def uid_of(elements: Elements, tag: str, name: str) -> str:
    """The only value of an element that must be a UID.

    Raises:
        HeaderError: it is missing, has several values or is no UID; the message has the given name of the element.
    """
    place = f"{name} ({tag[:4]},{tag[4:]})"
    values = elements.get(tag, {}).get("Value")
    uid = values[0] if isinstance(values, list) and len(values) == 1 else None
    if not isinstance(uid, str):
        raise HeaderError(f"the header has no {place}")
    if len(uid) > 64 or not _UID.fullmatch(uid):
        raise HeaderError(f"the header's {place} is no valid UID")
    return uid


def matches(header: Header, tag: str, value: str) -> bool:
    """Whether one of the values of a top-level element is the given one.

    Numbers are compared as numbers, names (PN) by each of their component groups, anything else as text; blanks
    around either side do not count. A sequence, binary data, and an element that is absent or empty match nothing.

    Args:
        header: whose element it is.
        tag: eight hexadecimal digits.
        value: what is looked for; there are no wildcards.
    """
    element = header.elements.get(tag.upper(), {})
    values = element.get("Value")
    if element.get("vr") == "SQ" or not isinstance(values, list):
        return False
    wanted = value.strip()
    is_number = str(element.get("vr")) in _NUMBERS
    return any(_equal(candidate, wanted, is_number=is_number) for candidate in values)


_NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})


def _equal(candidate: object, wanted: str, *, is_number: bool) -> bool:
    if isinstance(candidate, dict):
        return any(isinstance(group, str) and group.strip() == wanted for group in candidate.values())
    if candidate is None:
        return False
    text = str(candidate).strip()
    return text == wanted or (is_number and _number(text) == _number(wanted) is not None)


def _number(text: str) -> int | float | None:
    """Exactly, where it is an integer: 64 bits are more than a float holds."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


def _data_set(data: bytes, load: Callable[[bytes], object]) -> object:
    """The one data set in a text, freed of a list or a string around it."""
    document = load(data)
    if isinstance(document, str):
        document = load(document.encode("utf-8", "surrogatepass"))
    return document[0] if isinstance(document, list) and len(document) == 1 else document


def _load(data: bytes) -> object:
    """Parse JSON by pydantic, which takes two thirds of the time of ``json``, and by ``json`` what it does not take.

    That is: encodings other than UTF-8, a byte order mark, half a surrogate pair, more than 200 levels; and whatever is
    no JSON. Of all else both make the same.
    """
    try:
        return cast("object", from_json(data, cache_strings="keys"))
    except ValueError:
        return cast("object", json.loads(data))


def _load_without_duplicates(data: bytes) -> object:
    return cast("object", json.loads(data, object_pairs_hook=_without_duplicates))


def _count_elements(elements: object, depth: int = 0) -> int:
    """How many elements there are, those in sequences included; checks on the way that each has a VR."""
    if depth > MAX_SEQUENCE_DEPTH:
        raise HeaderError(f"its sequences are nested more than {MAX_SEQUENCE_DEPTH} deep")
    if not isinstance(elements, dict):
        raise HeaderError("the header, or an item of a sequence in it, is no JSON object")
    count = len(elements)
    try:
        for element in elements.values():
            if element["vr"] == "SQ":
                items = element.get("Value") or ()
                count += sum(_count_elements(item, depth + 1) for item in items if item is not None)
    except (AttributeError, LookupError, TypeError):
        raise HeaderError("the header has an element without a VR, or a sequence without a list of items") from None
    return count


def _without_duplicates(pairs: list[tuple[str, Any]]) -> Elements:
    """Refuse a JSON object with a key twice, of which a parser keeps the last."""
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise HeaderError("the header has a tag, or a key of an element, twice")
    return unique


def _with_upper_case_tags(elements: Elements) -> Elements:
    """Turn the tags to upper case where they are not (PS3.18 F.2.2)."""
    tags = "".join(elements)
    if tags == tags.upper():
        return elements
    in_upper_case = {tag.upper(): element for tag, element in elements.items()}
    if len(in_upper_case) < len(elements):
        raise HeaderError("the header has a tag twice, in upper and in lower case")
    return in_upper_case
