"""From a URL to an image store that answers."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.store import LocalStore, S3Store

from orchestration.stores.azure import AzureAccount, AzureImageStore
from orchestration.stores.errors import OBSTORE_ERRORS, PermanentStoreError, StoreUnavailableError, from_obstore
from orchestration.stores.image_store import ImageStore
from orchestration.stores.transport import NO_RETRIES, client_options


def open_image_store(url: str, azure: AzureAccount | None = None) -> ImageStore:
    """Open the image store at ``url`` and check that it is there.

    Args:
        url: ``file:///folder``, ``az://container/prefix`` or ``s3://bucket/prefix``. S3 takes its credentials, region
            and endpoint from the usual ``AWS_*`` variables.
        azure: the account of an ``az://`` URL.

    Raises:
        StoreUnavailableError: the folder, container or bucket does not exist or refuses the credential.
    """
    parts = urlsplit(url)
    prefix = unquote(parts.path).strip("/")
    if parts.scheme == "file":
        return _open_folder(url, Path(unquote(parts.path)))
    if parts.scheme == "az":
        if azure is None:
            raise StoreUnavailableError("DOUBLEREAD_IMAGES is in Azure, but no account is named")
        return AzureImageStore(url, azure, parts.netloc, prefix)
    if parts.scheme == "s3":
        return _open_bucket(url, parts.netloc, prefix)
    raise StoreUnavailableError(f"DOUBLEREAD_IMAGES: no store of the kind {parts.scheme}://")


def _open_folder(url: str, folder: Path) -> ImageStore:
    if not folder.is_dir():
        raise StoreUnavailableError(f"the image folder {folder} does not exist (DOUBLEREAD_IMAGES)")
    return ImageStore(url, LocalStore(folder))


def _open_bucket(url: str, bucket: str, prefix: str) -> ImageStore:
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    store = S3Store(
        bucket,
        prefix=prefix or None,
        config={"endpoint": endpoint} if endpoint else None,
        client_options=client_options(endpoint or ""),
        retry_config=NO_RETRIES,
    )
    try:
        next(iter(obstore.list(store, chunk_size=1)), None)
    except OBSTORE_ERRORS as error:
        failure = from_obstore(error)
        raise StoreUnavailableError(
            f"the S3 bucket {bucket} can't be used: {'no such bucket' if '404' in str(failure) else failure} "
            "(DOUBLEREAD_IMAGES; credentials, AWS_REGION and AWS_ENDPOINT_URL come from the environment)"
        ) from (None if isinstance(failure, PermanentStoreError) else error)
    return ImageStore(url, store)
