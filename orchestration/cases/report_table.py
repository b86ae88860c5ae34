"""The Azure table of reports, read whole, page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import AzureError
from azure.data.tables import TableClient, TableEntity
from azure.identity import CredentialUnavailableError

from orchestration.stores.azure import SDK_OPTIONS, credential_of, pages_with_retries, unavailable
from orchestration.stores.azure_account import AzureAccount
from orchestration.stores.errors import StoreUnavailableError

# A report may have 64 KiB, and a page lies in memory whole.
ENTITIES_A_PAGE = 250
PROPERTIES = ["PartitionKey", "RowKey", "Timestamp", "id", "year", "report"]


@dataclass(frozen=True)
class ReportEntity:
    """An entity of the table as it lies there: ``id``, ``year`` and ``report`` may be missing or of any type."""

    key: str
    id: object
    year: object
    report: object
    etag: str
    modified: datetime | None


class ReportTable:
    """A table of entities with the properties ``id``, ``year`` and ``report``."""

    def __init__(self, account: AzureAccount, name: str) -> None:
        if account.table_endpoint is None:
            raise StoreUnavailableError(f"the Azure account {account.name} has no endpoint for tables")
        self.name = name
        self._client = TableClient(account.table_endpoint, name, credential=credential_of(account), **SDK_OPTIONS)
        try:
            next(self._client.list_entities(results_per_page=1, select="PartitionKey"), None)
        except (AzureError, CredentialUnavailableError) as error:
            raise unavailable(error, account, f"the table {name}", "AZURE_STORAGE_TABLE_NAME") from None

    def entities(self) -> Iterator[ReportEntity]:
        """Every entity, in the order of their keys; a page that fails is asked for again.

        Raises:
            StoreError: a page cannot be read.
        """
        pages = self._client.list_entities(results_per_page=ENTITIES_A_PAGE, select=PROPERTIES).by_page()
        for page in pages_with_retries(pages):
            yield from map(_entity, page)


def _entity(entity: TableEntity) -> ReportEntity:
    modified = entity.metadata["timestamp"]
    return ReportEntity(
        key=f"{entity['PartitionKey']}/{entity['RowKey']}",
        id=_plain(entity.get("id")),
        year=_plain(entity.get("year")),
        report=_plain(entity.get("report")),
        etag=entity.metadata["etag"] or str(modified),
        modified=modified,
    )


def _plain(value: object) -> object:
    """The value without its type where the SDK gives both, as for 64-bit integers."""
    return getattr(value, "value", value)
