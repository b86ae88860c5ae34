"""What can go wrong at a store: what a retry can mend and what it cannot are different types."""

import errno
import re

from obstore import exceptions

from orchestration.errors import DoublereadError

# object_store writes "… Server returned non-2xx status code: 429 Too Many Requests: …".
_STATUS = re.compile(r"non-2xx status code: (\d{3})")


class StoreError(Exception):
    """One object can't be read or written; the message says why, without a URL's query, which may hold a signature."""


class RetryableStoreError(StoreError):
    """A later attempt may succeed: timeout, reset, 408, 429, 5xx, a short or damaged body."""


class PermanentStoreError(StoreError):
    """No attempt will succeed until someone changes the store or the name: 404, 403, an object too large."""


class MissingObjectError(PermanentStoreError):
    """There is no object of this name, or no bucket or container."""

    def __init__(self) -> None:
        super().__init__("not in the store (404)")


class ObjectChangedError(PermanentStoreError):
    """The object is no longer the version that was asked for."""

    def __init__(self) -> None:
        super().__init__("it is another version by now than the one that was asked for")


class UnsafePathError(PermanentStoreError):
    """A name from outside that must not become a path."""


class StoreUnavailableError(DoublereadError, ConnectionError):
    """The store as a whole can't be used; the message names the container, bucket or folder and the setting."""


class PlaceBusyError(DoublereadError):
    """Another run writes to the same place."""


OBSTORE_ERRORS = (exceptions.BaseError, OSError, ValueError)  # a malformed path is a ValueError

_NEVER = {errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL, errno.EROFS}

_FORBIDDEN = "the store refuses access to it (403); check the credential's rights"

_BY_TYPE: list[tuple[tuple[type[Exception], ...], type[StoreError], str]] = [
    (
        (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError),
        PermanentStoreError,
        _FORBIDDEN,
    ),
    ((exceptions.InvalidPathError, ValueError), PermanentStoreError, "the store can't hold an object of this name"),
]


def from_obstore(error: Exception) -> StoreError:
    """The error of ours that says whether to try again."""
    if isinstance(error, exceptions.NotFoundError | FileNotFoundError):  # depending on the call
        return MissingObjectError()
    if isinstance(error, exceptions.PreconditionError):
        return ObjectChangedError()
    # What S3 and Azure answer for an object in an archive tier: InvalidObjectState (403) and BlobArchived (409).
    if "InvalidObjectState" in str(error) or "BlobArchived" in str(error):
        return PermanentStoreError("it lies in an archive tier, such as Glacier, and is not restored; restore it first")
    for kinds, kind, message in _BY_TYPE:
        if isinstance(error, kinds):
            return kind(message)
    match = _STATUS.search(str(error))
    if match is None:
        return RetryableStoreError(f"the connection failed ({type(error).__name__})")
    return from_status(int(match[1]))


def from_os(error: OSError) -> StoreError:
    """The error for a file that can't be read or written, which says whether to try again."""
    if isinstance(error, FileNotFoundError):
        return MissingObjectError()
    if isinstance(error, PermissionError):
        return PermanentStoreError("this user may not read or write it; check the folder's rights")
    if error.errno in _NEVER:
        return PermanentStoreError(f"no file can be there ({error.strerror})")
    return RetryableStoreError(f"it can't be read or written ({error.strerror})")


def from_status(status: int) -> StoreError:
    """The error for an HTTP status that is no success."""
    if status == 404:
        return MissingObjectError()
    if status in {401, 403}:
        return PermanentStoreError(_FORBIDDEN)
    if 400 <= status < 500 and status not in {408, 429}:
        return PermanentStoreError(f"the store answered {status}")
    return RetryableStoreError(f"the store answered {status}")
