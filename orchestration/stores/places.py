"""From a URL to the objects below it: what every kind of place has in common."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from filelock import FileLock, Timeout
from obstore.store import LocalStore, ObjectStore, S3Store

from orchestration.settings import Settings
from orchestration.stores.azure import azure_account
from orchestration.stores.errors import (
    OBSTORE_ERRORS,
    MissingObjectError,
    PermanentStoreError,
    PlaceBusyError,
    StoreUnavailableError,
    from_obstore,
)
from orchestration.stores.transport import NO_RETRIES, client_options

LOCK = ".lock"
AWS_SOURCES = "credentials, AWS_REGION and AWS_ENDPOINT_URL come from the environment"
_AZURE_SOURCES = "the account is that of AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"


def location(url: str | Path) -> str:
    """The URL in its one form: a path becomes ``file://``, no slash at the end.

    Raises:
        StoreUnavailableError: it is no place that can be opened, or holds credentials.
    """
    text = str(url)
    if "://" not in text:
        return Path(text).expanduser().absolute().as_uri()
    parts = urlsplit(text)
    if parts.username or parts.password or parts.query:
        raise StoreUnavailableError("a URL must hold no credentials; they have settings of their own")
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return Path(unquote(parts.path)).as_uri()
    if parts.scheme in {"s3", "az"} and parts.netloc:
        return text.rstrip("/")
    raise StoreUnavailableError(
        f"{text}: must be a folder, file:///folder, s3://bucket/prefix or az://container/prefix"
    )


def local_folder(url: str) -> Path | None:
    """The folder of a ``file://`` URL; None for another."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def open_objects(url: str, settings: Settings, *, create: bool = False) -> ObjectStore:
    """Open the place at ``url``, as :func:`location` gives it, and check that it answers.

    Args:
        url: of the place. S3 takes its credentials, region and endpoint from the usual ``AWS_*`` variables.
        settings: name the account of an ``az://`` URL.
        create: make a local folder that is missing.

    Raises:
        StoreUnavailableError: the folder, container or bucket does not exist or refuses the credential.
    """
    folder = local_folder(url)
    if folder is not None:
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        if not folder.is_dir():
            raise StoreUnavailableError(f"the folder {folder} does not exist")
        return LocalStore(folder)
    parts = urlsplit(url)
    prefix = unquote(parts.path).strip("/")
    is_s3 = parts.scheme == "s3"
    store = bucket(parts.netloc, prefix) if is_s3 else azure_account(settings).objects(parts.netloc, prefix)
    check_that_it_answers(store, url, f"; {AWS_SOURCES if is_s3 else _AZURE_SOURCES}")
    return store


@contextmanager
def alone_at(url: str) -> Iterator[bool]:
    """Keep other runs out of a place while the block runs, which works in a folder; yields whether it did.

    Raises:
        PlaceBusyError: another run is there.
    """
    folder = local_folder(url)
    if folder is None:
        yield False
        return
    try:
        with FileLock(folder / LOCK, timeout=0):
            yield True
    except Timeout:
        raise PlaceBusyError(f"another run is at work in {folder}; run again when it is done") from None


def check_that_it_answers(store: ObjectStore, what: str, where_to_look: str) -> None:
    """Ask for one object's name; the arguments begin and end the message of the error.

    Raises:
        StoreUnavailableError: there is no such bucket or container, or it refuses the credential.
    """
    try:
        next(iter(obstore.list(store, chunk_size=1)), None)
    except OBSTORE_ERRORS as error:
        failure = from_obstore(error)
        reason = "no such bucket or container" if isinstance(failure, MissingObjectError) else failure
        raise StoreUnavailableError(f"{what} can't be used: {reason}{where_to_look}") from (
            None if isinstance(failure, PermanentStoreError) else error
        )


def bucket(name: str, prefix: str) -> S3Store:
    """A bucket, not asked whether it is there; all but its name comes from the ``AWS_*`` variables."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    return S3Store(
        name,
        prefix=prefix or None,
        config={"endpoint": endpoint} if endpoint else None,
        client_options=client_options(endpoint or ""),
        retry_config=NO_RETRIES,
    )
