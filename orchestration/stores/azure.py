"""Azure Blob: an account by its credentials, and its stored MD5, which obstore does not show."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import urlsplit

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
from obstore.auth.azure import AzureCredentialProvider
from obstore.store import AzureStore

from orchestration.settings import Settings, connection_string_fields
from orchestration.stores.bucket import Bucket
from orchestration.stores.errors import RetryableStoreError, StoreError, StoreUnavailableError, from_status
from orchestration.stores.paths import check_path
from orchestration.stores.place import ObjectVersion
from orchestration.stores.retries import with_retries
from orchestration.stores.transport import CONNECT_SECONDS, NO_RETRIES, READ_SECONDS, client_options

if TYPE_CHECKING:
    from obstore.store import AzureConfig

T = TypeVar("T")

LIST_PAGE = 5_000  # the most that Azure puts on one page
# Our own attempts are counted and reported; the SDK's would hide behind them.
SDK_OPTIONS: dict[str, Any] = {
    "connection_timeout": CONNECT_SECONDS,
    "read_timeout": READ_SECONDS,
    "retry_total": 0,
}


@dataclass(frozen=True)
class AzureAccount:
    """A storage account: its endpoints and, unless the machine's identity serves, a key or a SAS token."""

    blob_endpoint: str
    name: str
    key: str | None = field(default=None, repr=False)
    sas_token: str | None = field(default=None, repr=False)
    table_endpoint: str | None = None

    @classmethod
    def at(cls, blob_endpoint: str, *, key: str | None = None, sas_token: str | None = None) -> Self:
        """The account at an endpoint: named by the host, or by the path where the host is an emulator's address."""
        parts = urlsplit(blob_endpoint)
        host = parts.hostname or ""
        is_emulator = host == "localhost" or not host.strip("0123456789.:")
        name = parts.path.strip("/") if is_emulator else host.partition(".")[0]
        return cls(blob_endpoint.rstrip("/"), name, key, sas_token)

    @property
    def uses_identity(self) -> bool:
        """Whether the machine's identity is the credential."""
        return not (self.key or self.sas_token)

    @property
    def credential(self) -> AzureNamedKeyCredential | AzureSasCredential | DefaultAzureCredential:
        """The credential as the Azure SDKs take it."""
        if self.key:
            return AzureNamedKeyCredential(self.name, self.key)
        if self.sas_token:
            return AzureSasCredential(self.sas_token)
        return DefaultAzureCredential()

    def blob_service(self) -> BlobServiceClient:
        """A client of the account."""
        return BlobServiceClient(self.blob_endpoint, credential=self.credential, **SDK_OPTIONS)

    def objects(self, container: str, prefix: str = "") -> AzureStore:
        """A container of the account as obstore has it; not asked whether it is there."""
        return AzureStore(
            container,
            prefix=prefix or None,
            config=self.obstore_config(),
            client_options=client_options(self.blob_endpoint),
            retry_config=NO_RETRIES,
            credential_provider=AzureCredentialProvider() if self.uses_identity else None,
        )

    def obstore_config(self) -> "AzureConfig":
        """The account as obstore takes it."""
        config: dict[str, Any] = {"account_name": self.name, "endpoint": self.blob_endpoint}
        if self.key:
            config["account_key"] = self.key
        elif self.sas_token:
            config["sas_key"] = self.sas_token
        return config  # type: ignore[return-value]


def azure_account(settings: Settings) -> AzureAccount:
    """The account that the settings name.

    Raises:
        StoreUnavailableError: they name none.
    """
    if settings.azure_storage_connection_string:
        return account_of_connection_string(settings.azure_storage_connection_string.get_secret_value())
    if not settings.azure_storage_account_name:
        raise StoreUnavailableError(
            "AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME must name an account"
        )
    key = settings.azure_storage_account_key
    name = settings.azure_storage_account_name
    return AzureAccount(
        f"https://{name}.blob.core.windows.net",
        name,
        key.get_secret_value() if key else None,
        table_endpoint=f"https://{name}.table.core.windows.net",
    )


def account_of_connection_string(text: str) -> AzureAccount:
    """The account of an Azure storage connection string.

    Raises:
        ValueError: a part has no ``=``; the message does not repeat the text.
    """
    fields = connection_string_fields(text)
    suffix = fields.get("endpointsuffix", "core.windows.net")
    protocol = fields.get("defaultendpointsprotocol", "https")
    endpoint = fields.get("blobendpoint") or f"{protocol}://{fields['accountname']}.blob.{suffix}"
    sas_token = fields.get("sharedaccesssignature", "").lstrip("?") or None
    account = AzureAccount.at(endpoint, key=fields.get("accountkey"), sas_token=sas_token)
    name = fields.get("accountname", account.name)
    table_endpoint = fields.get("tableendpoint") or f"{protocol}://{name}.table.{suffix}"
    return replace(account, name=name, table_endpoint=table_endpoint)


class Container(Bucket):
    """Blobs in an Azure container; versions carry the MD5 that Azure stores, which obstore does not show."""

    def __init__(self, url: str, settings: Settings, account: AzureAccount, container: str, prefix: str = "") -> None:
        super().__init__(url, settings, account.objects(container, prefix))
        self.container = container
        self._account = account
        self._client: ContainerClient = account.blob_service().get_container_client(container)
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


def quoted(etag: str) -> str:
    """An ETag as If-Match wants it (RFC 9110, 13.1.1): Azure's listings give it bare, requests for one blob quoted."""
    return etag if etag.startswith('"') else f'"{etag}"'


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
