"""The types of reassembly: where members lie, which belong together, and which are in no DICOM and why."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from orchestration.archives.index import Kind, Location


class Pair(NamedTuple):
    """The members of one UID: at least one header and one set of pixels; more of either are duplicates."""

    uid: str
    headers: tuple[Location, ...]
    pixels: tuple[Location, ...]


class Reason(StrEnum):
    """Why a member is in no DICOM."""

    MISSING_HEADER = "missing_header"
    MISSING_PIXELS = "missing_pixels"
    DUPLICATE_EQUAL = "duplicate_equal"  # the DICOM is made, from the first of them
    DUPLICATE_DIFFERENT = "duplicate_different"  # no DICOM is made: nobody can say which one is right
    UNREADABLE_HEADER = "unreadable_header"
    UID_MISMATCH = "uid_mismatch"
    WRONG_PIXELS = "wrong_pixels"
    UNDECODABLE_PIXELS = "undecodable_pixels"  # only where frames are decoded before they are written
    NOT_READ = "not_read"  # the store did not give it; run again
    NOT_WRITTEN = "not_written"  # the output did not take it; run again
    NOT_INDEXED = "not_indexed"  # the index says why, of a member or of an archive


@dataclass(frozen=True, slots=True)
class Unmatched:
    """One member that is in no DICOM (or, where it equals another, adds nothing to it), and where it lies.

    ``uid`` and ``kind`` are None where the member's name tells neither; ``detail`` is for a person and holds no value
    of a header.
    """

    reason: Reason
    detail: str
    store_url: str
    archive: str
    byte_offset: int
    uid: str | None = None
    kind: Kind | None = None


def without_partner(uid: str, kind: Kind, store_url: str, archive: str, byte_offset: int) -> Unmatched:
    """A member of a UID of which only archives of this kind have members."""
    reason = Reason.MISSING_PIXELS if kind == "text" else Reason.MISSING_HEADER
    other = "image" if kind == "text" else "text"
    return Unmatched(reason, f"no {other} archive has a member of this UID", store_url, archive, byte_offset, uid, kind)
