"""Many plain members at once: first where their headers must be, then whether all of these are headers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from orchestration.archives.tar.headers import BLOCK, DamagedHeaderError, encode, parse
from orchestration.archives.tar.window import Window

FEW = 24  # for fewer headers numpy's calls take longer than reading each by itself

_FILE = ord("0")
_OCTAL = 8 ** np.arange(5, -1, -1, dtype=np.uint32)
_AFTER_CHECKSUM = np.frombuffer(b"\0 ", np.uint8)


class Files(NamedTuple):
    """Files one after the other: their names as they stand in the archive, where bodies begin, and bytes of each."""

    names: list[bytes]
    offsets: list[int]
    sizes: list[int]


def read_files(window: Window, position: int, most: int) -> tuple[Files, int, bool]:
    """The plain files from ``position`` on, where the next header is, and whether that may be another plain file.

    Each size says where the next header is, so headers are collected before they are checked; from the first that is
    none on, all are thrown away. A third of the time goes into system calls, a third into this loop.
    """
    headers: list[bytes] = []
    offsets: list[int] = []
    sizes: list[int] = []
    data, start, last, end = window.data, window.start, position, window.size
    while len(headers) < most:
        at = position - start
        if not 0 <= at <= len(data) - BLOCK:
            if headers:
                window.stride = position - last
            data, start, at = window.move(position), position, 0
        header = data[at : at + BLOCK]
        if len(header) < BLOCK or header[156] != _FILE:
            break
        try:
            size = int(header[124:135], 8)
        except ValueError:
            break
        last, body = position, position + BLOCK
        if not 0 <= size <= end - body:
            break
        headers.append(header)
        offsets.append(body)
        sizes.append(size)
        position = body + size + -size % BLOCK
    names = _names(headers, sizes)
    good = len(names)
    if good < len(headers):
        return Files(names, offsets[:good], sizes[:good]), offsets[good] - BLOCK, False
    return Files(names, offsets, sizes), position, good == most


def _names(headers: list[bytes], sizes: list[int]) -> list[bytes]:
    """The names in the first headers that are right and plain."""
    if len(headers) >= FEW:
        return _names_of_many(headers)
    names = []
    for block, size in zip(headers, sizes, strict=True):
        try:
            header = parse(block)
        except DamagedHeaderError:
            break
        if header.size != size:  # it has a twelfth digit
            break
        names.append(encode(header.name))
    return names


def _names_of_many(headers: list[bytes]) -> list[bytes]:
    blocks = np.frombuffer(b"".join(headers), np.uint8).reshape(-1, BLOCK)
    names = np.ascontiguousarray(blocks[:, :100]).view("S100").ravel()
    plain = (
        _checksums_are_right(blocks)
        & (blocks[:, 135] & ~np.uint8(ord(" ")) == 0)  # the size ends in NUL or a space
        & (blocks[:, 345] == 0)  # no prefix of the name
        & (np.char.str_len(names) == np.count_nonzero(blocks[:, :100], axis=1))  # nothing after the name's end
    )
    good = len(headers) if plain.all() else int(plain.argmin())
    return names[:good].tolist()  # type: ignore[no-any-return]


def _checksums_are_right(blocks: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    field = blocks[:, 148:156]
    digits = field[:, :6] - np.uint8(ord("0"))
    rest = blocks.sum(axis=1, dtype=np.uint32) - field.sum(axis=1, dtype=np.uint32)
    is_octal = (digits < 8).all(axis=1) & (field[:, 6:] == _AFTER_CHECKSUM).all(axis=1)
    is_right: npt.NDArray[np.bool_] = is_octal & (rest + 8 * ord(" ") == digits @ _OCTAL)
    return is_right
