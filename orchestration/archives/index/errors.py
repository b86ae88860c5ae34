"""What can go wrong with an index as a whole."""

from orchestration.errors import DoublereadError


class IndexMissingError(DoublereadError):
    """There is no index at the place."""


class IndexDamagedError(DoublereadError):
    """The index can't be read; it must be made anew."""


class ArchivesMissingError(DoublereadError):
    """A place that held archives holds none; taken for a wrong URL rather than for a wish to empty the index."""
