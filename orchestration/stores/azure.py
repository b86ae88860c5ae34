"""Azure Blob: a container, and the MD5 stored with its blobs, which obstore does not show."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity import CredentialUnavailableError, DefaultAzureCredential
from azure.storage.blob import BlobProperties, BlobServiceClient, ContainerClient

from orchestration.settings import Settings
from orchestration.stores.azure_account import AzureAccount
from orchestration.stores.bucket import Bucket
from orchestration.stores.errors import RetryableStoreError, StoreError, StoreUnavailableError, from_status
from orchestration.stores.paths import check_path
from orchestration.stores.place import ObjectVersion, quoted
from orchestration.stores.retries import with_retries
from orchestration.stores.transport import CONNECT_SECONDS, READ_SECONDS

T = TypeVar("T")

LIST_PAGE = 5_000  # the most that Azure puts on one page
# Our own attempts are counted and reported; the SDK's would hide behind them.
SDK_OPTIONS: dict[str, Any] = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "retry_total": 0,
}


class Container(Bucket):
    """Blobs in an Azure container; versions carry the MD5 that Azure stores, which obstore does not show."""

    def __init__(self, url: str, settings: Settings, account: AzureAccount, container: str, prefix: str = "") -> None:
        super().__init__(url, settings, account.objects(container, prefix))
        self.container = container
        self._account = account
        self._client: ContainerClient = BlobServiceClient(
            account.blob_endpoint, credential=credential_of(account), **SDK_OPTIONS
        ).get_container_client(container)
        self._prefix = f"{prefix}/" if prefix else ""

    def check(self, setting: str = "") -> None:
        try:
            with_retries(lambda _attempt: self._ask())
        except (AzureError, CredentialUnavailableError, StoreError) as error:
            setting = setting or "AZURE_STORAGE_CONTAINER_NAME"
            raise unavailable(error, self._account, f"the container {self.container}", setting) from None

    def list(self, folder: str = "") -> Iterator[ObjectVersion]:
        start = self._prefix + (f"{folder}/" if folder else "")
        pages = self._client.list_blobs(start or None, results_per_page=LIST_PAGE).by_page()
        for page in pages_with_retries(pages):
            yield from map(self._version, page)

    def describe(self, path: str) -> ObjectVersion:
        def describe(_attempt: int) -> ObjectVersion:
            with _as_store_errors():
                return self._version(
                    self._client.get_blob_client(self._prefix + check_path(path)).get_blob_properties()
                )

        return with_retries(describe)

    def _ask(self) -> None:
        """Ask for the container; what a later attempt can mend is a StoreError, anything else the SDK's own."""
        try:
            self._client.get_container_properties()
        except HttpResponseError as error:
            failure = from_status(error.status_code or 0)
            raise failure if isinstance(failure, RetryableStoreError) else error from None

    def _version(self, blob: BlobProperties) -> ObjectVersion:
        md5 = blob.content_settings.content_md5
        return ObjectVersion(
            blob.name.removeprefix(self._prefix),
            blob.size,
            quoted(blob.etag),
            blob.last_modified,
            version_id=blob.version_id,
            md5=bytes(md5).hex() if md5 else None,
        )


def credential_of(account: AzureAccount) -> AzureNamedKeyCredential | AzureSasCredential | DefaultAzureCredential:
    """The account's credential as the Azure SDKs take it."""
    if account.key:
        return AzureNamedKeyCredential(account.name, account.key)
    if account.sas_token:
        return AzureSasCredential(account.sas_token)
    return DefaultAzureCredential()


@contextmanager
def _as_store_errors() -> Iterator[None]:
    try:
        yield
    except HttpResponseError as error:
        raise from_status(error.status_code or 0) from None
    except (ServiceRequestError, ServiceResponseError) as error:
        raise RetryableStoreError(f"the connection failed ({type(error).__name__})") from None


def pages_with_retries(pages: Iterator[Iterator[T]]) -> Iterator[Iterator[T]]:
    """The pages of an Azure listing, each tried again where a later attempt can mend it.

    A page iterator of the SDK's that failed asks for the same page when it is called again.

    Raises:
        StoreError: a page can't be read.
    """

    def next_page(_attempt: int) -> Iterator[T] | None:
        with _as_store_errors():
            return next(pages, None)

    while (page := with_retries(next_page)) is not None:
        yield page


def unavailable(
    error: AzureError | CredentialUnavailableError | StoreError, account: AzureAccount, what: str, setting: str
) -> StoreUnavailableError:
    """The error that says why ``what``, a container or table named by ``setting``, can't be used."""
    if isinstance(error, ResourceNotFoundError):
        return StoreUnavailableError(f"{what} does not exist in the Azure account {account.name} ({setting})")
    status = getattr(error, "status_code", None)
    if status in {401, 403} or isinstance(error, ClientAuthenticationError | CredentialUnavailableError):
        source = (
            "the machine's identity"
            if account.uses_identity
            else "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_CONNECTION_STRING"
        )
        message = f"Azure refused the credential for the account {account.name}: check {source}"
    elif isinstance(error, StoreError):
        return StoreUnavailableError(f"{what} in the Azure account {account.name} can't be used: {error}")
    else:
        message = (
            f"the Azure account {account.name} does not answer when asked for {what}: check "
            "AZURE_STORAGE_ACCOUNT_NAME or AZURE_STORAGE_CONNECTION_STRING"
        )
    return StoreUnavailableError(f"{message} ({status or type(error).__name__})")
