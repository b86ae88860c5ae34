"""A store of images, read and described through obstore."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import obstore
from obstore.store import LocalStore, ObjectStore

from orchestration.stores.errors import OBSTORE_ERRORS, StoreError, from_obstore
from orchestration.stores.retries import with_retries

# A page of a listing names 1,000 (S3) to 5,000 (Azure) objects for the price of one request. Below this many images
# a request each is quicker; while listing, the search gives up when it has seen this many objects for each wanted one.
FEW_IMAGES = 16
LISTED_FOR_EACH_WANTED = 50
DESCRIBE_CONCURRENCY = 32
STREAM_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ImageVersion:
    """What the store says about one object.

    ``md5`` is the stored checksum in hexadecimal. Where ``md5_is_etag`` it was read from an S3 ETag, which is an MD5
    unless the object is encrypted with a key of one's own.
    """

    path: str
    size: int
    etag: str | None
    version: str | None
    last_modified: datetime
    md5: str | None = None
    md5_is_etag: bool = False

    @property
    def token(self) -> str:
        """What changes when the object does: its version where the store keeps versions, else its ETag."""
        return self.version or self.etag or f"{self.last_modified.isoformat()} {self.size}"


class ImageStore:
    """Images below one URL; ``url`` holds no credentials."""

    def __init__(self, url: str, store: ObjectStore) -> None:
        self.url = url
        self._store = store

    def describe(self, paths: Sequence[str]) -> dict[str, ImageVersion | StoreError]:
        """What the store says about each of ``paths``, or why it says nothing.

        Few images cost a request each; many are looked up in a listing of their common folder, and by a request each
        where the folder turns out to hold far more than what is wanted.
        """
        wanted = set(paths)
        found: dict[str, ImageVersion | StoreError] = {}
        if len(wanted) > FEW_IMAGES:
            found.update(self._look_up_in_listing(wanted))
        rest = [path for path in paths if path not in found]
        with ThreadPoolExecutor(min(DESCRIBE_CONCURRENCY, max(1, len(rest)))) as threads:
            found.update(zip(rest, threads.map(self._describe_or_explain, rest), strict=True))
        return found

    def stream(self, version: ImageVersion) -> Iterator[bytes]:
        """The bytes of exactly this version, in pieces of about 1 MiB.

        Raises:
            StoreError: of the kind that says whether to try again.
        """
        options = {} if isinstance(self._store, LocalStore) or not version.etag else {"if_match": version.etag}
        try:
            response = obstore.get(self._store, version.path, options=options)  # type: ignore[arg-type]
            yield from response.stream(min_chunk_size=STREAM_CHUNK_BYTES)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def put(self, path: str, data: bytes) -> None:
        """Store ``data`` in one request, so that the store computes and keeps its checksum.

        Raises:
            StoreError: of the kind that says whether to try again.
        """
        try:
            obstore.put(self._store, path, data, use_multipart=False)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def _look_up_in_listing(self, wanted: set[str]) -> dict[str, ImageVersion]:
        """Those of ``wanted`` that a listing names before it becomes dearer than a request for each.

        A listing that fails is given up: a credential may be allowed to read and not to list, and what is not found
        here is asked for one by one.
        """
        found: dict[str, ImageVersion] = {}
        try:
            for seen, version in enumerate(self._list(_common_folder(wanted))):
                if version.path in wanted:
                    found[version.path] = version
                if seen >= LISTED_FOR_EACH_WANTED * len(wanted) or len(found) == len(wanted):
                    break
        except StoreError:
            pass
        return found

    def _describe_or_explain(self, path: str) -> ImageVersion | StoreError:
        try:
            return with_retries(lambda _attempt: self._head(path))
        except StoreError as error:
            return error

    def _head(self, path: str) -> ImageVersion:
        try:
            return _version(obstore.head(self._store, path))
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def _list(self, folder: str) -> Iterator[ImageVersion]:
        try:
            for page in obstore.list(self._store, prefix=folder or None, chunk_size=1000):
                yield from map(_version, page)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error


def _version(meta: "obstore.ObjectMeta") -> ImageVersion:
    etag = meta["e_tag"]
    plain = (etag or "").strip('"')
    is_md5 = len(plain) == 32 and all(c in "0123456789abcdef" for c in plain)
    return ImageVersion(
        path=meta["path"],
        size=meta["size"],
        etag=etag,
        version=meta["version"],
        last_modified=meta["last_modified"],
        md5=plain if is_md5 else None,
        md5_is_etag=is_md5,
    )


def _common_folder(paths: Iterable[str]) -> str:
    folders = [path.split("/")[:-1] for path in paths]
    shared = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    return "/".join(parts[0] for parts in shared)
