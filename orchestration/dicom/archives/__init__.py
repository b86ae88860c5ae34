"""Tar archives of DICOM headers and pixels: where each member lies, by its UID."""

from orchestration.dicom.archives.tar_members import IS_DIRECTORY, Member
from orchestration.dicom.archives.tar_walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk

__all__ = ["IS_DIRECTORY", "LOCAL_READ_AHEAD", "REMOTE_READ_AHEAD", "Member", "walk"]
