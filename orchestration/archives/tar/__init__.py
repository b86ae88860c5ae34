"""Where each member of a tar archive lies, read from its headers alone."""

from orchestration.archives.tar.members import IS_DIRECTORY, Member
from orchestration.archives.tar.walk import LOCAL_READ_AHEAD, REMOTE_READ_AHEAD, walk
from orchestration.archives.tar.window import ReadAt

__all__ = ["IS_DIRECTORY", "LOCAL_READ_AHEAD", "REMOTE_READ_AHEAD", "Member", "ReadAt", "walk"]
