"""A deployment's dagster.yaml loads, with records in PostgreSQL and compute logs in Azure."""

from pathlib import Path

import dagster as dg
import pytest
from dagster_azure.blob import AzureBlobComputeLogManager

from orchestration.database import Database

DEPLOYMENT = Path(__file__).parents[1] / "deploy" / "dagster.yaml"


def test_the_deployments_instance_keeps_runs_in_postgresql_and_logs_in_azure(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = database.libpq_environment
    url = f"postgresql://{where['PGUSER']}@/{where['PGDATABASE']}?host={where['PGHOST']}&port={where['PGPORT']}"
    monkeypatch.setenv("DAGSTER_PG_URL", url)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    monkeypatch.setenv("DAGSTER_LOGS_CONTAINER", "logs")
    (tmp_path / "dagster.yaml").write_text(DEPLOYMENT.read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert isinstance(instance.compute_log_manager, AzureBlobComputeLogManager)
        assert not instance.telemetry_enabled
        run = dg.materialize([_something], instance=instance)
        assert instance.get_run_by_id(run.run_id) is not None
    with database.connect() as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (1,)


@dg.asset
def _something() -> None: ...
