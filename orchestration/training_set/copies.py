"""Reading the local copy of a scan, which is a claim until its bytes are hashed. Workers import this and no store."""

import hashlib
from pathlib import Path


class DamagedCopyError(Exception):
    """The copy is not what was retrieved; the message is a reason for a report."""


def read_copy(path: Path, sha256: str) -> bytes:
    """The bytes of a retrieved copy.

    Raises:
        DamagedCopyError: it can't be read, or its SHA-256 is not ``sha256``.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = f"the retrieved copy of its scan can't be read ({error.strerror}); run again"
        raise DamagedCopyError(reason) from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise DamagedCopyError("the retrieved copy of its scan was changed since; run again to retrieve it anew")
    return data
