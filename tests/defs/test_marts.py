"""A run of dbt leaves a record of which tables it made, and a record that can't be kept fails no build."""

from pathlib import Path

import dagster as dg
import pytest

from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.settings import load_settings
from orchestration.transformations import project_variables

MART = "measurements_by_device_and_day"


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database and a home that the settings name."""
    for name, value in {**database.libpq_environment, "DOUBLEREAD_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def build(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = definitions(load_settings()).resolve_implicit_global_asset_job_def()
    names = ("stg_measurements__devices", "stg_measurements__elements", "int_measured_elements", MART)
    return job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(name) for name in names])


# dagster-dbt's own use of what Dagster deprecates.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
@pytest.mark.usefixtures("home")
def test_a_run_is_recorded_where_that_can_be_done_and_succeeds_where_it_can_not(database: Database) -> None:
    columns = "run_id, status, relations, variables, ended_at > started_at"
    query = f"select {columns}, to_regclass('marts.{MART}')::oid::bigint from doubleread.model_runs"
    with dg.DagsterInstance.ephemeral() as instance:
        first = build(instance)
        with database.connect() as connection:
            ((run_id, status, relations, variables, in_order, oid),) = connection.execute(query.encode()).fetchall()
            assert (run_id, status, in_order) == (first.run_id, "succeeded", True)
            assert relations[f"marts.{MART}"] == oid
            assert relations.keys() >= {"staging.stg_measurements__devices", "staging.stg_measurements__elements"}
            assert variables == project_variables()
            connection.execute("alter table doubleread.model_runs add column wanted text not null default 'x'")
            connection.execute("alter table doubleread.model_runs alter column wanted drop default")
            connection.execute("insert into doubleread.devices (name) values ('CT SCAN')")
        assert build(instance).success
    with database.connect() as connection:
        assert connection.execute("select run_id from doubleread.model_runs").fetchall() == [(first.run_id,)]
        assert connection.execute(f"select to_regclass('marts.{MART}')::oid::bigint".encode()).fetchone() != (oid,)
