"""A data set in the DICOM JSON model brought to what the standard allows, with all values unchanged, or refused.

Only data sets that the encoder straight from JSON leaves go through here.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydicom.charset import decode_bytes, default_encoding, encode_string, python_encoding
from pydicom.valuerep import PN_DELIMS, TEXT_VR_DELIMS

from orchestration.dicom.encoding.errors import HeaderError
from orchestration.dicom.encoding.header import Elements
from orchestration.dicom.encoding.values import (
    DEFAULT_TEXT_VRS,
    NAME_GROUPS,
    SINGLE_TEXT_VRS,
    TEXT_VRS,
    WORD_BYTES,
    attribute_tag,
    binary,
    decimal_string,
    double,
    integer_string,
    is_vr_of,
    single,
    whole_number,
)
from orchestration.dicom.quiet import quiet_pydicom

SPECIFIC_CHARACTER_SET = "00080005"
UTF_8 = {"vr": "CS", "Value": ["ISO_IR 192"]}

_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_CURVE_DATA = re.compile(
    "50[0-9A-F]{2}(3000|200C)"
)  # OB or OW as the writer likes (PS3.5 A.2); pydicom does not choose
_VALUE_KEYS = {"Value", "InlineBinary", "BulkDataURI"}
_BINARY_VRS = {*WORD_BYTES, "OB or OW"}
_NUMBERS: dict[str, Callable[[object], object]] = {
    "AT": attribute_tag,
    "DS": decimal_string,
    "IS": integer_string,
    **dict.fromkeys(("SL", "SS", "SV", "UL", "US", "UV", "US or SS"), whole_number),
    "FD": double,
    "FL": single,
}
_EXTENDING = re.compile("(ISO 2022 .*)?")  # with code extensions; the first may be empty
_DELIMITERS = re.compile(r"[\r\n\f\t^=]")  # after each, a text begins anew with the first character set
_LATIN_1 = re.compile("[\x80-\xff]")


def prepare(elements: Elements) -> tuple[Elements, bool]:
    """Bring every value to what its VR allows, and every text into a character set that holds it.

    Numbers become texts of the same value (DS, IS) or numbers of the type of their VR. A data set or item whose
    Specific Character Set does not hold its text gets ISO_IR 192, which is UTF-8 as the JSON was.

    Args:
        elements: without group 2 and without Pixel Data.

    Returns:
        The data set, and whether a character set was changed.

    Raises:
        HeaderError: an element is not as PS3.18 annex F has it, or cannot be written unchanged; says which one, and
            never its value.
    """
    with quiet_pydicom():
        return _prepare(elements, ())


def _prepare(elements: Elements, inherited: Sequence[object]) -> tuple[Elements, bool]:
    """The elements of a data set or item as they can be encoded, and whether a character set was changed."""
    _check_tags(elements)
    names = _declared(elements, inherited)
    prepared = {tag.upper(): _prepared(tag.upper(), element) for tag, element in elements.items()}
    changed = not all(_holds(names, text) for text in _texts(prepared))
    if changed:
        prepared[SPECIFIC_CHARACTER_SET], names = UTF_8, UTF_8["Value"]
    for tag, element in prepared.items():
        if element["vr"] == "SQ" and element.get("Value"):
            items = [_prepare(item or {}, names) for item in element["Value"]]
            prepared[tag] = {"vr": "SQ", "Value": [item for item, _ in items]}
            changed |= any(item_changed for _, item_changed in items)
    return prepared, changed


def _check_tags(elements: Elements) -> None:
    tags = [tag.upper() for tag in elements]
    if len(set(tags)) < len(tags):
        raise HeaderError("an item of the header has a tag twice, in upper and in lower case")
    if any(not _TAG.fullmatch(tag) or tag.startswith("FFFE") for tag in tags):
        raise HeaderError("the header has a tag that is none of an element")


def _prepared(tag: str, element: dict[str, Any]) -> dict[str, Any]:
    """An element whose values are as its VR allows; sequences are left to the caller."""
    place, vr = f"the element ({tag[:4]},{tag[4:]})", element["vr"]
    keys = _VALUE_KEYS & element.keys()
    if len(keys) > 1:
        raise HeaderError(f"{place} has more than one value, as {' and '.join(sorted(keys))}")
    if "BulkDataURI" in keys:
        raise HeaderError(f"{place} has its value elsewhere (BulkDataURI): it would be lost")
    if not isinstance(vr, str):
        raise HeaderError(f"{place} cannot be encoded: its VR is no text")
    if element.get("Value" if vr in _BINARY_VRS else "InlineBinary"):
        raise HeaderError(f"{place} has its value in a form that the VR {vr[:8]} does not have: it would be lost")
    if vr in ("OB or OW", "UN") and _CURVE_DATA.fullmatch(tag):
        vr = "OW"
    if not is_vr_of(tag, vr):
        raise HeaderError(f"{place} has the VR {vr[:8]}, which PS3.6 does not give it")
    try:
        if vr in WORD_BYTES and isinstance(element.get("InlineBinary"), str):
            return {"vr": vr, "InlineBinary": b64encode(binary(element["InlineBinary"], WORD_BYTES[vr])).decode()}
        values = element.get("Value")
        if vr in _NUMBERS and isinstance(values, list) and values not in ([], [None]):
            return {"vr": vr, "Value": [None if value in (None, "") else _NUMBERS[vr](value) for value in values]}
        if vr in TEXT_VRS or vr in DEFAULT_TEXT_VRS:
            _check_text(vr, values)
            _check_names(values) if vr == "PN" else _check_types(values)
    except (ValueError, ArithmeticError) as error:
        raise HeaderError(f"{place} ({vr}) cannot be written with its value unchanged: {_why(error)}") from None
    return element


def _why(error: Exception) -> str:
    """Our own words for what is wrong, and none of a codec's, which quote the value."""
    if isinstance(error, UnicodeError):
        return "it has letters that cannot be written there"
    return str(error) if type(error) is ValueError else "it cannot be computed with"


def _check_text(vr: str, values: object) -> None:
    """Refuse text that would come out as other text: letters beyond its repertoire, separators that are letters."""
    for text in _strings(values):
        text.encode("ascii" if vr in DEFAULT_TEXT_VRS else "utf-8")
        if "\\" in text and vr not in SINGLE_TEXT_VRS:
            raise ValueError("it has a backslash, which separates values")
    if vr in SINGLE_TEXT_VRS and isinstance(values, list) and len(values) > 1:
        raise ValueError("it has several values where there may be one")


def _check_types(values: object) -> None:
    for value in values if isinstance(values, list) else ():
        if value is not None and not isinstance(value, str):
            raise ValueError("it has something other than text")


def _check_names(values: object) -> None:
    """Refuse names with groups that a file does not hold, or with an equals sign, which separates groups."""
    for name in values if isinstance(values, list) else ():
        if isinstance(name, dict):
            if not name.keys() <= NAME_GROUPS:
                raise ValueError("it has a group that names do not have")
            if any("=" in text for text in _strings([name])):
                raise ValueError("it has an equals sign, which separates groups of a name")
        elif name is not None and not isinstance(name, str):
            raise ValueError("it has something other than a name")


def _texts(elements: Elements) -> Iterator[str]:
    """All text of a data set that the Specific Character Set is to hold, but for that in its sequences."""
    for element in elements.values():
        if element["vr"] in TEXT_VRS:
            yield from _strings(element.get("Value"))


def _strings(values: object) -> Iterator[str]:
    """The strings in a list of values, of which names are objects."""
    for value in values if isinstance(values, list) else ():
        yield from (text for text in (value.values() if isinstance(value, dict) else [value]) if isinstance(text, str))


def _declared(elements: Elements, inherited: Sequence[object]) -> Sequence[object]:
    """The names of the Specific Character Set of a data set, or of the data set around it (PS3.3 C.12.1.1.2)."""
    if SPECIFIC_CHARACTER_SET not in elements:
        return inherited
    names = elements[SPECIFIC_CHARACTER_SET].get("Value")
    return names if isinstance(names, list) else ()


def _holds(names: Sequence[object], text: str) -> bool:
    """Whether a character set, as pydicom writes it, gives the same text to a reader of the standard.

    Names that are not in use, or not in the places where they are, are trusted with ASCII alone.
    """
    if text.isascii():
        return True
    encodings = [python_encoding.get(str(name or "")) for name in names] or [default_encoding]
    if None in encodings or (len(names) > 1 and not all(_EXTENDING.fullmatch(str(name or "")) for name in names)):
        return False
    # pydicom writes the default repertoire as Latin-1, whose upper half no reader expects there.
    if encodings[0] == default_encoding and (len(encodings) == 1 or _LATIN_1.search(text)):
        return False
    known = [encoding for encoding in encodings if encoding is not None]
    return all(
        decode_bytes(encode_string(part, known), known, TEXT_VR_DELIMS | PN_DELIMS) == part
        for part in _DELIMITERS.split(text)
    )
