"""Explicit VR little endian straight from the DICOM JSON model, byte for byte as pydicom writes it.

An element takes one look at a table and one call that turns its values into bytes, 0.6 us in all; for pydicom, which
makes an object of it first, 25 us. What is unusual is not dealt with: :class:`UnsureError` says that
pydicom must do it.
"""

import re
import struct
from binascii import a2b_base64
from collections.abc import Callable, Sequence
from typing import Any

from pydicom.charset import custom_encoders, default_encoding, handled_encodings, python_encoding
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from orchestration.dicom.encoding.header import Elements

_ITEM = b"\xfe\xff\x00\xe0"
_SPECIFIC_CHARACTER_SET = "00080005"
_UIDS = re.compile(r"[0-9.\\]*", re.ASCII)
_TAG = re.compile(r"(?!FFFE)[0-9A-F]{8}", re.ASCII)
_LUT_DESCRIPTORS = {"00281101", "00281102", "00281103", "00283002"}  # of their values pydicom writes one as US

_DEFAULT_ENCODING = "latin-1"  # what pydicom calls iso8859: Python knows it by this name without a look-up

# Alone, each of these encodes character by character, whatever stands around it. The others need escape sequences.
_CHARACTER_SETS = {
    name: _DEFAULT_ENCODING if encoding == default_encoding else encoding
    for name, encoding in python_encoding.items()
    if encoding not in custom_encoders and encoding not in handled_encodings
}

_MAX_HEADS = 65_536  # for each VR: a hostile archive may name four billion tags

_length_16 = struct.Struct("<H").pack
_length_32 = struct.Struct("<L").pack


class UnsureError(Exception):
    """The data set has something that only pydicom is known to write as pydicom does."""


def encode(elements: Elements, before: Sequence[str], after: Sequence[str]) -> tuple[bytes, bytes]:
    """Encode two runs of elements of a data set in defined lengths, without its group lengths.

    Args:
        elements: by tags in upper case.
        before: tags of those that go before Pixel Data, in order.
        after: tags of those that go after it, in order.

    Raises:
        UnsureError: pydicom must encode it, or refuse it.
    """
    try:
        encoding = _encoding_of(elements, _DEFAULT_ENCODING)
        return _encode_elements(elements, before, encoding), _encode_elements(elements, after, encoding)
    # What is not as it usually is ends in one of these: no such key, no such method, no such number.
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, struct.error):
        raise UnsureError from None


def _encoding_of(elements: Elements, inherited: str) -> str:
    """Python's name of the only Specific Character Set of a data set or item (PS3.3 C.12.1.1.2)."""
    if _SPECIFIC_CHARACTER_SET not in elements:
        return inherited
    [name] = elements[_SPECIFIC_CHARACTER_SET].get("Value") or [""]
    return _CHARACTER_SETS[name]


def _encode_elements(elements: Elements, tags: Sequence[str], encoding: str) -> bytes:
    parts: list[bytes] = []
    for tag in tags:
        element = elements[tag]
        encode_value, key, kind, heads, pack_length = _FORMS[element["vr"]]
        value = b""
        if len(element) == 2:
            given = element[key]
            if type(given) is not kind:
                raise UnsureError
            value = encode_value(given, encoding)
        elif len(element) != 1:
            raise UnsureError
        if head := heads[tag]:
            parts += (head, pack_length(len(value)), value)
    return b"".join(parts)


def _text(values: list[str], encoding: str) -> bytes:
    value = "\\".join(values).encode(encoding)
    return value + b" " if len(value) % 2 else value


def _default_text(values: list[str], _: str) -> bytes:
    """Of the VRs that know nothing but the default repertoire (PS3.5, 6.1.2.2)."""
    value = "\\".join(values).encode(_DEFAULT_ENCODING)
    return value + b" " if len(value) % 2 else value


def _uids(values: list[str], _: str) -> bytes:
    text = "\\".join(values)
    if not _UIDS.fullmatch(text):
        raise UnsureError
    return text.encode() + bytes(len(text) % 2)


def _names(values: list[dict[str, str]], encoding: str) -> bytes:
    names = []
    for name in values:
        groups = (name.get("Alphabetic", ""), name.get("Ideographic", ""), name.get("Phonetic", ""))
        names.append("=".join(groups).rstrip("="))
    text = "\\".join(names)
    if text.count("\\") >= max(len(names), 1):  # pydicom takes a backslash within a name for one between two
        raise UnsureError
    value = text.encode(encoding)
    return value + b" " if len(value) % 2 else value


def _decimal_strings(values: list[Any], _: str) -> bytes:
    value = "\\".join(map(repr, map(float, values))).encode()
    return value + b" " if len(value) % 2 else value


def _integer_strings(values: list[Any], _: str) -> bytes:
    value = "\\".join(map(repr, map(int, values))).encode()
    return value + b" " if len(value) % 2 else value


def _numbers(code: str) -> Callable[[list[Any], str], bytes]:
    pack_one = struct.Struct("<" + code).pack

    def encode_numbers(values: list[Any], _: str) -> bytes:
        return pack_one(values[0]) if len(values) == 1 else struct.pack(f"<{len(values)}{code}", *values)

    return encode_numbers


def _tags(values: list[str], _: str) -> bytes:
    numbers = [int.from_bytes(bytes.fromhex(value)) for value in values if len(value) == 8]
    if len(numbers) < len(values):
        raise UnsureError
    return b"".join([struct.pack("<HH", number >> 16, number & 0xFFFF) for number in numbers])


def _bytes(text: str, _: str) -> bytes:
    value = a2b_base64(text)
    return value + b"\x00" if len(value) % 2 else value


def _unknown(text: str, _: str) -> bytes:
    value = a2b_base64(text)
    if len(value) % 2:
        raise UnsureError
    return value


def _items(items: list[Elements | None], encoding: str) -> bytes:
    parts: list[bytes] = []
    for item in items:
        elements = item or {}
        value = _encode_elements(elements, sorted(elements), _encoding_of(elements, encoding))
        parts += (_ITEM, _length_32(len(value)), value)
    return b"".join(parts)


class _Heads(dict[str, bytes]):
    """What begins an element of one VR, by tag; empty for a group length (PS3.5, 7.2), which is not written."""

    def __init__(self, vr: str, *, is_long: bool) -> None:
        super().__init__()
        self._vr = vr
        self._vr_bytes = vr.encode() + bytes(2 if is_long else 0)

    def __missing__(self, tag: str) -> bytes:
        if (
            not _TAG.fullmatch(tag)
            or (self._vr == "SS" and tag in _LUT_DESCRIPTORS)
            or (
                # pydicom gives a known tag its own VR, and takes private creators for text.
                self._vr == "UN" and (tag[3] not in "13579BDF" or tag[4:] < "1000")
            )
        ):
            raise UnsureError
        group, element = int(tag[:4], 16), int(tag[4:], 16)
        if element == 0 and group <= 6:
            raise UnsureError
        head = struct.pack("<HH", group, element) + self._vr_bytes if element else b""
        if len(self) >= _MAX_HEADS:
            self.clear()
        self[tag] = head
        return head


_ENCODERS: dict[str, Callable[[Any, str], bytes]] = {
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "TM", "UR"), _default_text),
    **dict.fromkeys(("LO", "LT", "SH", "ST", "UC", "UT"), _text),
    **dict.fromkeys(("OB", "OD", "OF", "OL", "OV", "OW"), _bytes),
    "AT": _tags,
    "DS": _decimal_strings,
    "FD": _numbers("d"),
    "FL": _numbers("f"),
    "IS": _integer_strings,
    "PN": _names,
    "SL": _numbers("l"),
    "SQ": _items,
    "SS": _numbers("h"),
    "SV": _numbers("q"),
    "UI": _uids,
    "UL": _numbers("L"),
    "UN": _unknown,
    "US": _numbers("H"),
    "UV": _numbers("Q"),
}


_Form = tuple[Callable[[Any, str], bytes], str, type, _Heads, Callable[[int], bytes]]


def _form(vr: str, encoder: Callable[[Any, str], bytes]) -> _Form:
    is_long, is_binary = vr in EXPLICIT_VR_LENGTH_32, encoder in (_bytes, _unknown)
    return (
        encoder,
        "InlineBinary" if is_binary else "Value",
        str if is_binary else list,
        _Heads(vr, is_long=is_long),
        _length_32 if is_long else _length_16,
    )


_FORMS = {vr: _form(vr, encoder) for vr, encoder in _ENCODERS.items()}
"""How the elements of a VR are written: its encoder, the key and the type of what is encoded, heads, length field."""
