"""From the names of members to UIDs.

A header is ``<UID>.json``, pixels are ``<UID>.j2c``, in any folder of the archive. A UID is digits and dots as in PS3.5
9.1, at most 64 characters; zeros that lead a component are let through, since senders write them and the name is only
compared with others.
"""

import re
from typing import Literal
from zlib import crc32

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.archives.tar.members import IS_DIRECTORY

Kind = Literal["text", "image"]
"""Of an archive: text archives hold headers, image archives pixels."""

HASH_BITS = 32

SUFFIX = ".tar"
"""Of an archive's name."""

_COMPRESSED = re.compile(
    r"\.(tar\.(gz|bz2?|xz|zstd?|lz4?|lzma|lzo|br|sz|z)|tgz|taz|tz|tbz2?|tb2|txz|tlz4?|tlzma|tzst)$", re.IGNORECASE
)

SUFFIXES: dict[Kind, str] = {"text": "json", "image": "j2c"}
MAX_UID_LENGTH = 64
MAX_SHOWN = 256

_UID = r"[0-9]+(?:\.[0-9]+)*"
_NAMED_LIKE_A_UID = re.compile(rf"(?:.*/)?{_UID}\.({'|'.join(SUFFIXES.values())})", re.DOTALL)
_LEAVES = r"(?:^|/)\.\.(?:/|$)|^/"
_leaves = re.compile(_LEAVES)


def passed_over(name: str) -> str | None:
    """Why an object that looks like an archive is not read; None for one that does not look like one."""
    if _COMPRESSED.search(name):
        return "compressed: its members can't be read in ranges; decompress it to .tar"
    if name.lower().endswith(SUFFIX):
        return f"its name does not end in {SUFFIX} in lower case; rename it"
    return None


def uids(names: pa.StringArray, kind: Kind) -> pa.StringArray:
    """The UID in each name; null where the name is not that of a member of this kind."""
    suffix = SUFFIXES[kind]
    plain = pc.match_substring_regex(names, rf"^{_UID}\.{suffix}$")
    if not pc.all(plain).as_py():
        # Capturing takes ten times as long as matching, and most archives have no folders.
        found = pc.struct_field(pc.extract_regex(names, rf"^(?:[^/]*/)*(?P<uid>{_UID})\.{suffix}$"), "uid")
        found = pc.if_else(pc.match_substring_regex(names, _LEAVES), None, found)
    else:
        found = pc.utf8_slice_codeunits(names, 0, -1 - len(suffix))
    if (pc.max(pc.binary_length(found)).as_py() or 0) > MAX_UID_LENGTH:
        found = pc.if_else(pc.greater(pc.binary_length(found), MAX_UID_LENGTH), None, found)
    return found


def uid_hash(uid: str) -> int:
    """The number by which members are sorted and divided into partitions: the CRC-32 of the UID's bytes."""
    return crc32(uid.encode())


def uid_hashes(found: pa.StringArray) -> pa.Int64Array:
    """The hash of each UID."""
    return pa.array(map(crc32, found.cast(pa.binary()).to_pylist()), pa.int64())


def problem_of(name: str, problem: str | None, kind: Kind) -> str | None:
    """Why a member without a UID is not of the archive's kind; None for a folder, which is no problem."""
    if problem == IS_DIRECTORY:
        return problem if _NAMED_LIKE_A_UID.fullmatch(name) else None
    if problem:
        return problem
    if _leaves.search(name):
        return "its name is absolute or leaves the archive"
    return f"its name is not <UID>.{SUFFIXES[kind]}"


def storable(name: str) -> str:
    """The name as text that can be stored and shown."""
    shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
