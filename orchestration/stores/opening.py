"""From a URL to an image store that answers."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore

from orchestration.stores.azure import AzureAccount, AzureImageStore
from orchestration.stores.errors import StoreUnavailableError
from orchestration.stores.image_store import ImageStore
from orchestration.stores.places import AWS_SOURCES, bucket, check_that_it_answers


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
        store = bucket(parts.netloc, prefix)
        check_that_it_answers(store, f"the S3 bucket {parts.netloc}", f" (DOUBLEREAD_IMAGES; {AWS_SOURCES})")
        return ImageStore(url, store)
    raise StoreUnavailableError(f"DOUBLEREAD_IMAGES: no store of the kind {parts.scheme}://")


def _open_folder(url: str, folder: Path) -> ImageStore:
    if not folder.is_dir():
        raise StoreUnavailableError(f"the image folder {folder} does not exist (DOUBLEREAD_IMAGES)")
    return ImageStore(url, LocalStore(folder))
