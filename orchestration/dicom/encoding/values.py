"""Values of the DICOM JSON model as PS3.5 6.2 allows them to be written: unchanged, or not at all."""

import math
import re
import struct
from binascii import a2b_base64
from decimal import Decimal

from pydicom.datadict import dictionary_has_tag, dictionary_VR

_MAX_DECIMAL = 16  # bytes of a DS
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_TAG = re.compile(r"[0-9A-Fa-f]{8}", re.ASCII)
_SINGLE_DIGITS = range(9, 5, -1)  # of a float of 32 bits: nine tell every one from its neighbours, six it always keeps
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_NAMED_DOUBLES = ("NaN", "Infinity", "-Infinity", "nan", "inf", "-inf")
_LEAST_INTEGER = -(2**31)
_BLANKS = str.maketrans("", "", " \t\r\n")

TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is in the Specific Character Set (PS3.5 6.1.2.3)."""

DEFAULT_TEXT_VRS = frozenset({"AE", "AS", "CS", "DA", "DT", "TM", "UI", "UR"})
"""VRs whose text is in the default repertoire, which is ASCII, whatever the Specific Character Set."""

SINGLE_TEXT_VRS = frozenset({"LT", "ST", "UR", "UT"})
"""VRs that have one value, in which a backslash is a letter like others; elsewhere it separates values."""

NAME_GROUPS = frozenset({"Alphabetic", "Ideographic", "Phonetic"})
"""The component groups of a PN, with ``=`` between them in a file (PS3.18 F.2.2)."""

WORD_BYTES = {"OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "UN": 1}
"""Bytes of one number in binary values."""

# Programs that go by the dictionary instead of the VR that is written would misread a value of another kind.
_KINDS = {
    **dict.fromkeys(TEXT_VRS | DEFAULT_TEXT_VRS | {"DS", "IS"}, "text"),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW"), "bytes"),
    **{vr: vr for vr in ("AT", "FD", "FL", "SL", "SQ", "SS", "SV", "UL", "US", "UV")},
}


def decimal_string(value: object) -> str:
    """A number as the text of a DS, of the same value and at most 16 bytes.

    A JSON number is a double: its text is the shortest that gives the same double. A JSON string keeps its text.

    Raises:
        ValueError: it is no finite number, or 16 bytes do not suffice.
    """
    if type(value) is float:
        text = repr(value)
        if text.endswith(".0"):
            text = text[:-2]
        elif "n" in text:  # nan, inf
            raise ValueError("no finite number")
    elif type(value) is int:
        text = str(value)
    elif value is None or (isinstance(value, str) and not value.strip(" ")):
        text = ""
    elif isinstance(value, str) and _DECIMAL.fullmatch(value.strip(" ")):
        text = value.strip(" ")
    else:
        raise ValueError("no number")
    return text if len(text) <= _MAX_DECIMAL else _shortened(text)


def integer_string(value: object) -> str:
    """A whole number of 32 bits as the text of an IS.

    Raises:
        ValueError: it is none.
    """
    if value is None or (isinstance(value, str) and not value.strip(" ")):
        return ""
    number = whole_number(value)
    if not _LEAST_INTEGER <= number <= -_LEAST_INTEGER - 1:
        raise ValueError("not within 32 bits")
    return str(number)


def binary(text: str, word_bytes: int) -> bytes:
    """The bytes of an InlineBinary; line breaks and blanks between its letters do not count (RFC 4648, 3.1).

    Raises:
        ValueError: it is not base64, or holds a part of a number.
    """
    try:
        value = a2b_base64(text, strict_mode=True)
    except ValueError:
        try:
            value = a2b_base64(text.translate(_BLANKS), strict_mode=True)
        except ValueError:
            raise ValueError("no base64") from None
    if word_bytes > 1 and len(value) % word_bytes:
        raise ValueError("a part of a number")
    return value


def is_vr_of(tag: str, vr: str) -> bool:
    """Whether an element may have a VR: one of the kind that the dictionary of PS3.6 has, or UN.

    Of one kind are all VRs that hold text, and all that hold bytes. Private elements and those that the dictionary does
    not know may have any.
    """
    number = int(tag, 16)
    if vr == "UN" or int(tag[3], 16) % 2 or not dictionary_has_tag(number):
        return True
    known = dictionary_VR(number)
    return vr == known or _KINDS.get(vr, vr) in {_KINDS.get(name, name) for name in known.split(" or ")}


def _shortened(text: str) -> str:
    """The shortest text of a decimal number: without zeros at either end, or as a whole number and an exponent."""
    sign, digits, exponent = Decimal(text).as_tuple()
    written = "".join(map(str, digits))
    significant = written.rstrip("0") or "0"
    power = int(exponent) + len(written) - len(significant)
    significant = significant.lstrip("0") or "0"
    if power >= 0:
        plain = significant + "0" * min(power, _MAX_DECIMAL)
    elif -power < len(significant):
        plain = f"{significant[:power]}.{significant[power:]}"
    else:
        plain = "." + "0" * min(-power - len(significant), _MAX_DECIMAL) + significant
    shortest = "-" * sign + min(plain, f"{significant}E{power}", key=len)
    if len(shortest) > _MAX_DECIMAL:
        raise ValueError("more digits than fit")
    return shortest


def whole_number(value: object) -> int:
    """A number of an integer VR; a string of digits counts as one (PS3.18 F.2.3).

    Raises:
        ValueError: it is none.
    """
    if type(value) is int:
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip(" ")):
        return int(value)
    raise ValueError("no whole number")


def single(value: object) -> float:
    """A number of FL, as the double of the same value.

    What is not the value of a float of 32 bits itself must be a text of six to nine digits for it, as 0.1 is.

    Raises:
        ValueError: it is none.
    """
    number = double(value)
    try:
        nearest: float = struct.unpack("<f", struct.pack("<f", number))[0]
    except OverflowError:
        raise ValueError("too large for 32 bits") from None
    same = number in (nearest, *(float(f"{nearest:.{digits}g}") for digits in _SINGLE_DIGITS))
    if math.isfinite(number) and not same:
        raise ValueError("more digits than 32 bits hold")
    return nearest


def attribute_tag(value: object) -> str:
    """A tag as eight hexadecimal digits (PS3.18 F.2.3), of which pydicom would make something of any other text.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and _TAG.fullmatch(value):
        return value
    raise ValueError("no tag")


def double(value: object) -> float:
    """A number of FD; a string counts as one where it is a number or one of IEEE 754's names.

    Raises:
        ValueError: it is none.
    """
    if type(value) in (int, float):
        return float(value)  # type: ignore[arg-type]  # one of the two
    if isinstance(value, str) and (_DECIMAL.fullmatch(value.strip(" ")) or value in _NAMED_DOUBLES):
        return float(value)
    raise ValueError("no number")
