"""A deployment's dagster.yaml works, with records in PostgreSQL and compute logs in Azure."""

from pathlib import Path

import dagster as dg
import pytest
from azure.storage.blob import BlobServiceClient

from orchestration.database import Database
from tests.services.azurite import Azurite

DEPLOYMENT = Path(__file__).parents[1] / "deploy" / "dagster.yaml"


@dg.asset
def _speaking() -> None:
    print("a line for the compute log")


def test_a_deployment_keeps_runs_in_postgresql_and_logs_in_azure(
    database: Database, azure: Azurite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = database.libpq_environment
    url = f"postgresql://{where['PGUSER']}@/{where['PGDATABASE']}?host={where['PGHOST']}&port={where['PGPORT']}"
    container = azure.create_container()
    monkeypatch.setenv("DAGSTER_PG_URL", url)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", azure.account_name)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", azure.account_key)
    monkeypatch.setenv("DAGSTER_LOGS_CONTAINER", container)
    # The log manager knows accounts under core.windows.net only; everything else about it is as deployed.
    asked_for: list[str] = []

    def client_of_the_emulator(account: str, key: str, _suffix: str) -> BlobServiceClient:
        asked_for.append(account)
        return BlobServiceClient(azure.blob_endpoint, credential=key)

    monkeypatch.setattr("dagster_azure.blob.compute_log_manager.create_blob_client", client_of_the_emulator)
    (tmp_path / "dagster.yaml").write_text(DEPLOYMENT.read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        run_id = dg.materialize([_speaking], instance=instance).run_id
    assert asked_for == [azure.account_name]
    with database.connect() as connection:
        assert connection.execute("select run_id, status from runs").fetchall() == [(run_id, "SUCCESS")]
    with BlobServiceClient.from_connection_string(azure.connection_string) as service:
        logs = [blob.name for blob in service.get_container_client(container).list_blobs()]
    assert any(name.startswith(f"dagster/storage/{run_id}") and name.endswith(".out") for name in logs)
