"""Tar archives of DICOM headers and pixels: where each member lies, by its UID."""

from orchestration.dicom.archives.archive_store import ArchiveChangedError, ArchiveStore, ArchiveVersion, open_archives
from orchestration.dicom.archives.opening import local_folder, location, open_objects
from orchestration.dicom.archives.tar_members import IS_DIRECTORY, Member
from orchestration.dicom.archives.tar_walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk

__all__ = [
    "IS_DIRECTORY",
    "LOCAL_READ_AHEAD",
    "REMOTE_READ_AHEAD",
    "ArchiveChangedError",
    "ArchiveStore",
    "ArchiveVersion",
    "Member",
    "local_folder",
    "location",
    "open_archives",
    "open_objects",
    "walk",
]
