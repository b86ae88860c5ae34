"""From a URL to the place there."""

from pathlib import Path

from orchestration.settings import Settings
from orchestration.stores.azure_account import AzureAccount, azure_account
from orchestration.stores.bucket import Bucket, s3_bucket
from orchestration.stores.errors import StoreUnavailableError
from orchestration.stores.folder import Folder
from orchestration.stores.place import Place
from orchestration.urls import parse_url, place_url


def open_place(
    url: str | Path,
    settings: Settings,
    *,
    create: bool = False,
    setting: str = "",
    account: AzureAccount | None = None,
) -> Place:
    """Open the place at a URL and check that it answers.

    Args:
        url: a folder, ``file:///folder``, ``az://container/prefix`` or ``s3://bucket/prefix``. S3 takes its
            credentials, region and endpoint from the usual ``AWS_*`` variables.
        settings: name the account of an ``az://`` URL.
        create: make a local folder that is missing.
        setting: to look at when the place can't be used.
        account: of an ``az://`` URL, in place of the settings'.

    Raises:
        StoreUnavailableError: the URL is not one of a place, or the folder, container or bucket does not exist, refuses
            the credential or does not answer.
    """
    place = place_at(url, settings, account)
    if create and isinstance(place, Folder):
        place.make()
    place.check(setting)
    return place


def place_at(url: str | Path, settings: Settings, account: AzureAccount | None = None) -> Place:
    """The place at a URL, without asking whether it is there; see :func:`open_place`."""
    try:
        place = place_url(url)
        scheme, container, path = parts = parse_url(place)
    except ValueError as error:
        raise StoreUnavailableError(f"the URL of a place {error}, or be a folder") from None
    if parts.folder is not None:
        return Folder(place, settings, parts.folder)
    if scheme == "az":
        from orchestration.stores.azure import Container  # noqa: PLC0415  it imports Azure's SDK, in 0.3 s

        return Container(place, settings, account or azure_account(settings), container, path)
    return Bucket(place, settings, s3_bucket(container, path))
