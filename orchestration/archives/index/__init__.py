"""Tar archives of DICOM headers and pixels: where each member lies, by its UID."""

from orchestration.archives.index.archive_store import ArchiveChangedError, ArchiveStore, ArchiveVersion, open_archives
from orchestration.archives.index.errors import (
    ArchivesMissingError,
    IndexDamagedError,
    IndexMissingError,
)
from orchestration.archives.index.index import ArchiveIndex, Entry, Problem
from orchestration.archives.index.member_reader import Location, MemberReader
from orchestration.archives.index.names import Kind
from orchestration.archives.index.updating import IndexReport
from orchestration.archives.tar.members import IS_DIRECTORY, Member
from orchestration.archives.tar.walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk

__all__ = [
    "IS_DIRECTORY",
    "LOCAL_READ_AHEAD",
    "REMOTE_READ_AHEAD",
    "ArchiveChangedError",
    "ArchiveIndex",
    "ArchiveStore",
    "ArchiveVersion",
    "ArchivesMissingError",
    "Entry",
    "IndexDamagedError",
    "IndexMissingError",
    "IndexReport",
    "Kind",
    "Location",
    "Member",
    "MemberReader",
    "Problem",
    "open_archives",
    "walk",
]
