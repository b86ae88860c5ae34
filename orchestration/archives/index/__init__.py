"""The index of archives: where each header and each pixel data lies, by its UID."""

from orchestration.archives.index.errors import ArchivesMissingError, IndexDamagedError, IndexMissingError
from orchestration.archives.index.index import ArchiveIndex, Entry, Problem, merged_entries
from orchestration.archives.index.member_reader import Location, MemberReader
from orchestration.archives.index.names import HASH_BITS, Kind, uid_hash
from orchestration.archives.index.updating import IndexReport

__all__ = [
    "HASH_BITS",
    "ArchiveIndex",
    "ArchivesMissingError",
    "Entry",
    "IndexDamagedError",
    "IndexMissingError",
    "IndexReport",
    "Kind",
    "Location",
    "MemberReader",
    "Problem",
    "merged_entries",
    "uid_hash",
]
