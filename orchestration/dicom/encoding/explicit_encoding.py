"""Explicit VR little endian straight from the DICOM JSON model.

An element takes one look at a table and one call that turns its values into bytes, 0.6 us in all; for pydicom, which
makes an object of it first, 25 us. It writes what pydicom writes where the standard allows that. What is unusual is not
dealt with: :class:`UnsureError` says that the data set must be prepared, or that pydicom must encode it.
"""

import re
import struct
from collections.abc import Callable, Sequence
from typing import Any

from pydicom.charset import custom_encoders, default_encoding, handled_encodings, python_encoding
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from orchestration.dicom.encoding.header import Elements
from orchestration.dicom.encoding.values import (
    NAME_GROUPS,
    SINGLE_TEXT_VRS,
    WORD_BYTES,
    binary,
    decimal_string,
    integer_string,
    is_vr_of,
)

_ITEM = b"\xfe\xff\x00\xe0"
_SPECIFIC_CHARACTER_SET = "00080005"
_UIDS = re.compile(r"[0-9.\\]*", re.ASCII)
_TAG = re.compile(r"(?!FFFE)[0-9A-F]{8}", re.ASCII)
_LUT_DESCRIPTORS = {"00281101", "00281102", "00281103", "00283002"}  # of their values pydicom writes one as US

_DEFAULT_ENCODING = "ascii"  # the default repertoire (PS3.5 6.1.2.2)

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
    """The data set has something that this encoder does not write."""


def encode(elements: Elements, before: Sequence[str], after: Sequence[str]) -> tuple[bytes, bytes]:
    """Encode two runs of elements of a data set in defined lengths, without its group lengths.

    Args:
        elements: by tags in upper case.
        before: tags of those that go before Pixel Data, in order.
        after: tags of those that go after it, in order.

    Raises:
        UnsureError: it has something unusual, or something that cannot be written.
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
    """Encode elements in the order of ``tags``, each by the entry of its VR in ``_FORMS``."""
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
    text = "\\".join(values)
    if "\\" in text and text.count("\\") >= len(values):  # one within a value would be taken for one between two
        raise UnsureError
    value = text.encode(encoding)
    return value + b" " if len(value) % 2 else value


def _single_text(values: list[str], encoding: str) -> bytes:
    [text] = values or [""]
    value = text.encode(encoding)
    return value + b" " if len(value) % 2 else value


def _in_default_repertoire(encode_text: Callable[[list[str], str], bytes]) -> Callable[[list[str], str], bytes]:
    return lambda values, _: encode_text(values, _DEFAULT_ENCODING)


def _uids(values: list[str], _: str) -> bytes:
    text = "\\".join(values)
    if not _UIDS.fullmatch(text) or text.count("\\") >= max(len(values), 1):
        raise UnsureError
    return text.encode() + bytes(len(text) % 2)


def _names(values: list[dict[str, str]], encoding: str) -> bytes:
    names = []
    for name in values:
        groups = (name.get("Alphabetic", ""), name.get("Ideographic", ""), name.get("Phonetic", ""))
        text = "=".join(groups)
        if text.count("=") > 2 or not name.keys() <= NAME_GROUPS:
            raise UnsureError
        names.append(text.rstrip("="))
    text = "\\".join(names)
    if text.count("\\") >= max(len(names), 1):  # pydicom takes a backslash within a name for one between two
        raise UnsureError
    value = text.encode(encoding)
    return value + b" " if len(value) % 2 else value


def _decimal_strings(values: list[Any], _: str) -> bytes:
    value = "\\".join(map(decimal_string, values)).encode()
    return value + b" " if len(value) % 2 else value


def _integer_strings(values: list[Any], _: str) -> bytes:
    value = "\\".join(map(integer_string, values)).encode()
    return value + b" " if len(value) % 2 else value


def _numbers(code: str) -> Callable[[list[Any], str], bytes]:
    """The encoder of numbers that ``struct`` packs by this format character."""
    pack_one = struct.Struct("<" + code).pack

    def encode_numbers(values: list[Any], _: str) -> bytes:
        if len(values) == 1:
            [value] = values
            if value is True or value is False:  # which struct takes for 1 and 0
                raise UnsureError
            return pack_one(value)
        if bool in map(type, values):
            raise UnsureError
        return struct.pack(f"<{len(values)}{code}", *values)

    return encode_numbers


def _singles(values: list[Any], _: str) -> bytes:
    form = f"<{len(values)}f"
    packed = struct.pack(form, *values)
    pairs = zip(values, struct.unpack(form, packed), strict=True)
    if bool in map(type, values) or any(value != single and value == value for value, single in pairs):  # noqa: PLR0124
        raise UnsureError  # but for nan, which equals nothing
    return packed


def _tags(values: list[str], _: str) -> bytes:
    numbers = [int.from_bytes(bytes.fromhex(value)) for value in values if len(value) == 8]
    if len(numbers) < len(values):
        raise UnsureError
    return b"".join([struct.pack("<HH", number >> 16, number & 0xFFFF) for number in numbers])


def _bytes(word_bytes: int) -> Callable[[str, str], bytes]:
    def encode_bytes(text: str, _: str) -> bytes:
        value = binary(text, word_bytes)
        return value + b"\x00" if len(value) % 2 else value

    return encode_bytes


def _unknown(text: str, _: str) -> bytes:
    value = binary(text, 1)
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
            or not is_vr_of(tag, self._vr)
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
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "TM"), _in_default_repertoire(_text)),
    **dict.fromkeys(("LO", "SH", "UC"), _text),
    **dict.fromkeys(SINGLE_TEXT_VRS - {"UR"}, _single_text),
    "UR": _in_default_repertoire(_single_text),
    **{vr: _bytes(size) for vr, size in WORD_BYTES.items()},
    "AT": _tags,
    "DS": _decimal_strings,
    "FD": _numbers("d"),
    "FL": _singles,
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
    is_long, is_binary = vr in EXPLICIT_VR_LENGTH_32, vr in WORD_BYTES
    return (
        encoder,
        "InlineBinary" if is_binary else "Value",
        str if is_binary else list,
        _Heads(vr, is_long=is_long),
        _length_32 if is_long else _length_16,
    )


_FORMS = {vr: _form(vr, encoder) for vr, encoder in _ENCODERS.items()}
"""How the elements of a VR are written: its encoder, the key and the type of what is encoded, heads, length field."""
