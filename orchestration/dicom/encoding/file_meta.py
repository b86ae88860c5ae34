"""Preamble and file meta information of a DICOM file (PS3.10, 7.1)."""

from struct import pack

IMPLEMENTATION_CLASS_UID = "2.25.169679666805255983952342294385700803818"
"""Of the files that this package writes; derived from a random UUID (PS3.5 B.2)."""

IMPLEMENTATION_VERSION_NAME = "DOUBLEREAD_1"

_PREAMBLE = bytes(128) + b"DICM"
_VERSION = b"\x02\x00\x01\x00OB\x00\x00\x02\x00\x00\x00\x00\x01"


def preamble_and_file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str) -> bytes:
    """Everything in a DICOM file before its data set, as pydicom writes it.

    Args:
        sop_class_uid: for (0002,0002).
        sop_instance_uid: for (0002,0003).
        transfer_syntax: UID of the transfer syntax of what follows.
    """
    elements = b"".join(
        (
            _VERSION,
            _element(0x0002, b"UI", _uid(sop_class_uid)),
            _element(0x0003, b"UI", _uid(sop_instance_uid)),
            _element(0x0010, b"UI", _uid(transfer_syntax)),
            _element(0x0012, b"UI", _uid(IMPLEMENTATION_CLASS_UID)),
            _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode()),
        )
    )
    return b"".join((_PREAMBLE, _element(0x0000, b"UL", pack("<L", len(elements))), elements))


def _uid(uid: str) -> bytes:
    return uid.encode("ascii") + bytes(len(uid) % 2)


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", 0x0002, element, vr, len(value)) + value
