"""One blob, exactly as the index knows it, verified and hashed."""

import hashlib

from obstore.exceptions import NotFoundError, PreconditionError

from orchestration.stores import (
    ImageStore,
    ImageVersion,
    PermanentStoreError,
    RetryableStoreError,
    StoreError,
    check_path,
)
from orchestration.stores.retries import with_retries

MAX_BLOB_BYTES = 1 << 30


class OutdatedVersionError(PermanentStoreError):
    """The store no longer has this version of the object."""


def fetch(store: ImageStore, version: ImageVersion) -> tuple[bytes, str]:
    """The content of exactly this version and its SHA-256, in one request unless it has to be repeated.

    Raises:
        OutdatedVersionError: the object is gone, or another has its name.
        StoreError: of the kind that says whether to try again; what a retry can mend was retried.
    """
    check_path(version.path)
    if version.size > MAX_BLOB_BYTES:
        raise PermanentStoreError(f"has {version.size:,} bytes; at most {MAX_BLOB_BYTES:,} are read")
    return with_retries(lambda _attempt: _attempt_to_fetch(store, version))


def _attempt_to_fetch(store: ImageStore, version: ImageVersion) -> tuple[bytes, str]:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    chunks = []
    try:
        for chunk in store.stream(version):
            size += len(chunk)
            if size > version.size:
                break
            chunks.append(chunk)
            sha256.update(chunk)
            if version.md5:
                md5.update(chunk)
    except StoreError as error:
        if isinstance(error.__cause__, NotFoundError):
            raise OutdatedVersionError("the blob is gone") from None
        if isinstance(error.__cause__, PreconditionError):
            raise OutdatedVersionError("another blob has its name (the ETag differs)") from None
        raise
    if size != version.size:
        raise RetryableStoreError(f"the body has {size:,} bytes, not {version.size:,}")
    if version.md5 and md5.hexdigest() != version.md5:
        raise RetryableStoreError("the body's MD5 is not the stored one")
    return b"".join(chunks), sha256.hexdigest()
