"""An Azure storage account: its endpoints and its credential, from the settings.

Nothing here imports Azure's SDK, which takes a quarter of a second that only those with blobs or tables there need.
"""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from obstore.store import AzureStore

from orchestration.settings import Settings, connection_string_fields
from orchestration.stores.errors import StoreUnavailableError
from orchestration.stores.transport import NO_RETRIES, client_options

if TYPE_CHECKING:
    from obstore.store import AzureConfig


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

    def objects(self, container: str, prefix: str = "") -> AzureStore:
        """A container of the account as obstore has it; not asked whether it is there."""
        from obstore.auth.azure import AzureCredentialProvider  # noqa: PLC0415  it imports Azure's SDK

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
