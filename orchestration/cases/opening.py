"""From the settings to the container of clinical images and the table of reports, each checked to be there."""

from typing import TYPE_CHECKING, cast

from orchestration.settings import Settings
from orchestration.stores import open_place
from orchestration.stores.azure_account import azure_account

if TYPE_CHECKING:
    from orchestration.cases.report_table import ReportTable
    from orchestration.stores.azure import Container


def open_container(settings: Settings) -> "Container":
    """The container ``AZURE_STORAGE_CONTAINER_NAME``.

    Raises:
        StoreUnavailableError: a :class:`ConnectionError` that names the account, the container that does not exist,
            or the credential that was refused.
    """
    url = f"az://{settings.azure_storage_container_name}"
    return cast("Container", open_place(url, settings, setting="AZURE_STORAGE_CONTAINER_NAME"))


def open_report_table(settings: Settings) -> "ReportTable":
    """The table ``AZURE_STORAGE_TABLE_NAME``.

    Raises:
        StoreUnavailableError: a :class:`ConnectionError` that names the account, the table that does not exist, or
            the credential that was refused.
    """
    from orchestration.cases.report_table import ReportTable  # noqa: PLC0415  it imports Azure's SDK

    return ReportTable(azure_account(settings), settings.azure_storage_table_name)
