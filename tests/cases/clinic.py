"""A hospital's account: a container of images and a table of reports of a test's own, in a real Azurite."""

import hashlib
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from azure.data.tables import TableClient
from azure.storage.blob import BlobServiceClient, ContainerClient, ContentSettings

from tests.services.azurite import Azurite

UPLOADS = 8


@dataclass
class Clinic:
    """What the tests put into the account, and the settings that lead there."""

    container_name: str
    table_name: str
    container: ContainerClient
    table: TableClient

    def settings(self, azure: Azurite) -> dict[str, str]:
        """The settings for this container and table, reached as ``azure`` says (maybe through a proxy)."""
        return {
            "AZURE_STORAGE_CONNECTION_STRING": azure.connection_string,
            "AZURE_STORAGE_CONTAINER_NAME": self.container_name,
            "AZURE_STORAGE_TABLE_NAME": self.table_name,
        }

    def put(self, *blobs: str, data: bytes = b"image") -> None:
        """Store the same bytes under each name, replacing what is there."""
        md5 = ContentSettings(content_md5=bytearray(hashlib.md5(data, usedforsecurity=False).digest()))
        with ThreadPoolExecutor(UPLOADS) as threads:
            uploads = [
                threads.submit(self.container.upload_blob, blob, data, overwrite=True, content_settings=md5)
                for blob in blobs
            ]
            for upload in uploads:
                upload.result()

    def report(self, key: str | None = None, /, **properties: object) -> None:
        """Store an entity with these properties, replacing the one of this key."""
        self.table.upsert_entity({"PartitionKey": "reports", "RowKey": key or uuid.uuid4().hex, **properties})


@contextmanager
def clinic_at(azure: Azurite) -> Iterator[Clinic]:
    """An empty container and an empty table."""
    name = uuid.uuid4().hex
    with (
        BlobServiceClient.from_connection_string(azure.connection_string) as service,
        TableClient.from_connection_string(azure.connection_string, f"t{name}") as table,
    ):
        table.create_table()
        yield Clinic(f"c{name}", f"t{name}", service.create_container(f"c{name}"), table)
