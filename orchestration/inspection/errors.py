"""Why something could not be inspected."""

import os


class InspectionError(Exception):
    """A folder or file cannot be inspected; the message names it and says why, and repeats nothing that it holds."""


class TableError(InspectionError):
    """A file is no table, or one that has no numbers or whose rows have unequal lengths."""


def reason(error: OSError) -> str:
    """Why the system does not give a file or folder, in words such as ``Permission denied``."""
    return os.strerror(error.errno) if error.errno else "it cannot be read"
