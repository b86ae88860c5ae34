"""Tar archives of DICOM headers and pixels: where each member lies, by its UID."""

from orchestration.dicom.archives.archive_store import ArchiveChangedError, ArchiveStore, ArchiveVersion, open_archives
from orchestration.dicom.archives.index import ArchiveIndex, Entry, Problem
from orchestration.dicom.archives.index_errors import (
    ArchivesMissingError,
    IndexDamagedError,
    IndexMissingError,
)
from orchestration.dicom.archives.member_reader import Location, MemberReader
from orchestration.dicom.archives.names import Kind
from orchestration.dicom.archives.tar_members import IS_DIRECTORY, Member
from orchestration.dicom.archives.tar_walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk
from orchestration.dicom.archives.updating import IndexReport

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
