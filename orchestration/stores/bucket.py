"""A bucket or container as a place, through obstore."""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import obstore
from obstore.store import ObjectStore, S3Store

from orchestration.settings import Settings
from orchestration.stores.errors import (
    OBSTORE_ERRORS,
    MissingObjectError,
    ObjectChangedError,
    RetryableStoreError,
    StoreError,
    StoreUnavailableError,
    from_obstore,
)
from orchestration.stores.paths import check_path
from orchestration.stores.place import ObjectVersion, Parts, Place, ReadAt
from orchestration.stores.retries import with_retries
from orchestration.stores.transport import NO_RETRIES, client_options
from orchestration.workers import thread_workers

LIST_PAGE = 1000
MOST_IN_ONE_REQUEST = 256 << 20  # S3 takes 5 GiB, Azure 5,000 MiB; what fails has to be sent again
STREAM_CHUNK_BYTES = 1 << 20
# A page of a listing names 1,000 (S3) to 5,000 (Azure) objects for the price of one request. Below this many objects
# a request each is quicker; while listing, the search gives up when it has seen this many objects for each wanted one.
FEW_OBJECTS = 16
LISTED_FOR_EACH_WANTED = 50
DESCRIBE_CONCURRENCY = 32
WHERE_TO_LOOK = "credentials, AWS_REGION and AWS_ENDPOINT_URL come from the environment"
_MODIFIED = "modified "  # begins the ETag of ours for an object that has none

T = TypeVar("T")


class Bucket(Place):
    """Objects in a bucket; an object is there when its request, or the last of its parts, has succeeded."""

    is_remote = True

    def __init__(self, url: str, settings: Settings, store: ObjectStore) -> None:
        super().__init__(url, settings)
        self._store = store

    def check(self, setting: str = "") -> None:
        try:
            _tried(lambda: next(iter(obstore.list(self._store, chunk_size=1)), None))
        except MissingObjectError:
            reason = "no such bucket"
        except StoreError as error:
            reason = str(error)
        else:
            return
        where = f"{setting}; {WHERE_TO_LOOK}" if setting else WHERE_TO_LOOK
        raise StoreUnavailableError(f"{self.url} can't be used: {reason} ({where})")

    def list(self, folder: str = "") -> Iterator[ObjectVersion]:
        for page in self._pages(folder):
            yield from map(_version, page)

    def describe(self, path: str) -> ObjectVersion:
        return _version(_tried(lambda: obstore.head(self._store, check_path(path))))

    def describe_all(self, paths: Sequence[str]) -> dict[str, ObjectVersion | StoreError]:
        """What the place says about each of many objects, or why it says nothing.

        Few objects cost a request each; many are looked up in a listing of their common folder, and by a request each
        where the folder turns out to hold far more than what is wanted.
        """
        wanted = set(paths)
        found: dict[str, ObjectVersion | StoreError] = {}
        if len(wanted) > FEW_OBJECTS:
            found.update(self._look_up_in_listing(wanted))
        rest = [path for path in paths if path not in found]
        with thread_workers(min(DESCRIBE_CONCURRENCY, max(1, len(rest)))) as workers:
            for path, described in workers.run(self._described, ((path, path) for path in rest), in_order=True):
                if isinstance(described, Exception) and not isinstance(described, StoreError):
                    raise described
                found[path] = described
        return found

    def read(self, path: str) -> tuple[bytes, str]:
        def read() -> tuple[bytes, str]:
            response = obstore.get(self._store, check_path(path))
            return bytes(response.bytes()), response.meta["e_tag"] or ""

        return _tried(read)

    def read_range(self, path: str, start: int, length: int) -> bytes:
        return self._range(path, start, length, {})

    @contextmanager
    def reader(self, path: str, etag: str) -> Iterator[ReadAt]:
        condition = {} if etag.startswith(_MODIFIED) else {"if_match": etag}
        yield lambda offset, length: self._range(path, offset, length, condition)

    def stream(self, version: ObjectVersion) -> Iterator[bytes]:
        options: Any = {} if version.etag.startswith(_MODIFIED) else {"if_match": version.etag}
        try:
            response = obstore.get(self._store, check_path(version.path), options=options)
            yield from response.stream(min_chunk_size=STREAM_CHUNK_BYTES)
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    def put(self, path: str, parts: Parts) -> str:
        """Make ``parts`` the object: by one request where that is possible, so that the store keeps a checksum."""
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        multipart = len(data) > MOST_IN_ONE_REQUEST
        return _tried(lambda: obstore.put(self._store, check_path(path), data, use_multipart=multipart))["e_tag"] or ""

    def replace(self, path: str, data: bytes, etag: str | None) -> str:
        mode: Any = "create" if etag is None else {"e_tag": etag}

        def put() -> str:
            try:
                return obstore.put(self._store, check_path(path), data, mode=mode, use_multipart=False)["e_tag"] or ""
            except (obstore.exceptions.PreconditionError, obstore.exceptions.AlreadyExistsError):
                raise ObjectChangedError from None

        try:
            return _tried(put)
        except ObjectChangedError:
            # An attempt whose answer was lost may have been the one that put it.
            found, found_etag = self.read(path)
            if found != data:
                raise
            return found_etag

    def remove(self, path: str) -> None:
        with suppress(MissingObjectError):
            _tried(lambda: obstore.delete(self._store, check_path(path)))

    def _pages(self, folder: str) -> Iterator[Sequence[Any]]:
        """The pages of a listing; after a failure it goes on behind the last object that was listed."""
        pages: Iterator[Sequence[Any]] | None = None
        last: str | None = None

        def next_page() -> Sequence[Any] | None:
            nonlocal pages
            listing = pages or iter(obstore.list(self._store, folder or None, offset=last, chunk_size=LIST_PAGE))
            pages = None  # one that fails can't go on
            page = next(listing, None)
            pages = listing
            return page

        while page := _tried(next_page):
            last = page[-1]["path"]
            yield page

    def _look_up_in_listing(self, wanted: set[str]) -> dict[str, ObjectVersion]:
        """Those of ``wanted`` that a listing names before it becomes dearer than a request for each.

        A listing that fails is given up: a credential may be allowed to read and not to list, and what is not found
        here is asked for one by one.
        """
        found: dict[str, ObjectVersion] = {}
        try:
            for seen, version in enumerate(self.list(_common_folder(wanted))):
                if version.path in wanted:
                    found[version.path] = version
                if seen >= LISTED_FOR_EACH_WANTED * len(wanted) or len(found) == len(wanted):
                    break
        except StoreError:
            pass
        return found

    def _range(self, path: str, start: int, length: int, condition: dict[str, str]) -> bytes:
        if not length:
            return b""

        def read() -> bytes:
            options: Any = {"range": (start, start + length), **condition}
            data = bytes(obstore.get(self._store, check_path(path), options=options).bytes())
            if len(data) != length:
                raise RetryableStoreError(f"{length:,} bytes at {start:,} were asked for, {len(data):,} came")
            return data

        return _tried(read)


def s3_bucket(name: str, prefix: str) -> S3Store:
    """A bucket, not asked whether it is there; all but its name comes from the ``AWS_*`` variables."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return S3Store(
        name,
        prefix=prefix or None,
        config={"endpoint": endpoint} if endpoint else None,
        client_options=client_options(endpoint or ""),
        retry_config=NO_RETRIES,
    )


def _version(meta: "obstore.ObjectMeta") -> ObjectVersion:
    plain = (meta["e_tag"] or "").strip('"')
    is_md5 = len(plain) == 32 and all(c in "0123456789abcdef" for c in plain)
    return ObjectVersion(
        meta["path"],
        meta["size"],
        meta["e_tag"] or f"{_MODIFIED}{meta['last_modified'].isoformat()}",
        meta["last_modified"],
        version_id=meta["version"],
        md5=plain if is_md5 else None,
        md5_is_etag=is_md5,
    )


def _common_folder(paths: Iterable[str]) -> str:
    folders = [path.split("/")[:-1] for path in paths]
    shared = itertools.takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))
    return "/".join(parts[0] for parts in shared)


def _tried(action: Callable[[], T]) -> T:
    """What ``action`` returns, tried again where that can help; what obstore raises becomes a StoreError."""

    def attempt(_number: int) -> T:
        try:
            return action()
        except StoreError:
            raise
        except OBSTORE_ERRORS as error:
            raise from_obstore(error) from error

    return with_retries(attempt)
