"""Fetching one version of an object: read once, compared in size and stored checksum, hashed."""

import hashlib
from collections.abc import Callable

from orchestration.stores.errors import PermanentStoreError, RetryableStoreError
from orchestration.stores.place import ObjectVersion, Place
from orchestration.stores.retries import with_retries

MAX_OBJECT_BYTES = 1 << 30  # a tomosynthesis series has some hundred MB; more is taken for a mistake


class TooLargeError(PermanentStoreError):
    """The object is too large to be an image or a series."""

    def __init__(self, version: ObjectVersion) -> None:
        super().__init__(f"{version.size_bytes:,} bytes; at most {MAX_OBJECT_BYTES:,} are read")


class Fetch:
    """The attempts to fetch one object from a place."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._damaged: set[str] = set()  # digests that were not the stored checksum

    def attempt(self, version: ObjectVersion, write: Callable[[bytes], object]) -> str:
        """Hand exactly this version to ``write``, piece by piece; its SHA-256 in hexadecimal.

        Raises:
            ObjectChangedError: it is another version by now.
            StoreError: of the kind that says whether to try again; what was written is then worth nothing.
        """
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        for chunk in self._place.stream(version):
            size += len(chunk)
            if size > version.size_bytes:
                break
            sha256.update(chunk)
            if version.md5:
                md5.update(chunk)
            write(chunk)
        if size != version.size_bytes:
            raise RetryableStoreError(f"the body has {size:,} bytes, not {version.size_bytes:,}")
        self._check_md5(version, md5.hexdigest())
        return sha256.hexdigest()

    def _check_md5(self, version: ObjectVersion, digest: str) -> None:
        """Compare with the stored checksum.

        An S3 ETag of an object encrypted with a key of one's own looks like an MD5 and is none: two downloads with the
        same digest are then taken for the object.
        """
        if version.md5 and digest != version.md5 and not (version.md5_is_etag and digest in self._damaged):
            self._damaged.add(digest)
            raise RetryableStoreError("the body's MD5 is not the stored one")


def fetch(place: Place, version: ObjectVersion) -> tuple[bytes, str]:
    """The content of exactly this version and its SHA-256, in one request unless it has to be repeated.

    Raises:
        MissingObjectError: the object is gone.
        ObjectChangedError: it is another version by now.
        StoreError: what a retry can mend was retried.
    """
    if version.size_bytes > MAX_OBJECT_BYTES:
        raise TooLargeError(version)
    attempts = Fetch(place)

    def attempt(_number: int) -> tuple[bytes, str]:
        chunks: list[bytes] = []
        sha256 = attempts.attempt(version, chunks.append)
        return b"".join(chunks), sha256

    return with_retries(attempt)
