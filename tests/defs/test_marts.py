"""A run of dbt leaves a record of which tables it made, and a record that can't be kept fails no build."""

import inspect
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.defs.marts.assets import archive_index_models, reassembly_models
from orchestration.settings import load_settings
from orchestration.transformations import project_variables

MART = "measurements_by_device_and_day"
EXPLAINED = "every_indexed_uid_is_reassembled_or_explained"
MODELS = ("stg_measurements__devices", "stg_measurements__elements", "int_measured_elements", MART)


@pytest.fixture
def home(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database and a home that the settings name."""
    for name, value in {**database.libpq_environment, "DOUBLEREAD_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def forget_a_uid(database: Database) -> None:
    """Let there be an indexed UID that is in no DICOM though its partition was made."""
    with database.connect() as connection:
        connection.execute("insert into doubleread.archive_members values (1, 0, 1, '2.25.1', '00')")
        connection.execute("insert into doubleread.reassembled_partitions values ('00', 'dicoms', 0, 0, now())")


def build(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = definitions(load_settings()).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(name) for name in MODELS])


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


@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
@pytest.mark.usefixtures("home")
def test_what_only_a_test_reads_makes_dbt_test_again(database: Database) -> None:
    job = definitions(load_settings()).resolve_implicit_global_asset_job_def()
    indexed = job.get_subset(asset_selection={*archive_index_models.keys})
    explained = job.get_subset(asset_selection={*reassembly_models.keys})
    with dg.DagsterInstance.ephemeral() as instance:
        assert indexed.execute_in_process(instance=instance).success
        assert explained.execute_in_process(instance=instance).success
        with database.connect() as connection:
            runs = connection.execute("select count(*) from doubleread.model_runs").fetchone()
        assert explained.execute_in_process(instance=instance).success
        with database.connect() as connection:
            assert connection.execute("select count(*) from doubleread.model_runs").fetchone() == runs
        forget_a_uid(database)
        run = explained.execute_in_process(instance=instance, raise_on_error=False)
    failed = {check.check_name for check in run.get_asset_check_evaluations() if not check.passed}
    assert failed == {EXPLAINED}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
@pytest.mark.usefixtures("home")
def test_a_test_that_is_run_by_itself_sees_what_changed(database: Database) -> None:
    job = definitions(load_settings()).resolve_implicit_global_asset_job_def()
    index = job.get_subset(asset_selection={*archive_index_models.keys})
    explained = job.get_subset(asset_selection={*reassembly_models.keys})
    (key,) = (key for key in reassembly_models.check_keys if key.name == EXPLAINED)
    test = job.get_subset(asset_selection=set(), asset_check_selection={key})
    with dg.DagsterInstance.ephemeral() as instance:
        assert index.execute_in_process(instance=instance).success
        assert explained.execute_in_process(instance=instance).success
        assert test.execute_in_process(instance=instance).success
        forget_a_uid(database)
        run = test.execute_in_process(instance=instance, raise_on_error=False)
    assert [check.passed for check in run.get_asset_check_evaluations()] == [False]


@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
@pytest.mark.usefixtures("home")
def test_all_models_have_the_lineage_of_their_columns_which_one_thread_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = threading.Lock()
    in_two_threads: list[str] = []
    read = inspect.getfullargspec

    def read_slowly(function: Callable[..., Any]) -> inspect.FullArgSpec:
        if not reading.acquire(blocking=False):
            in_two_threads.append(repr(function))
            return read(function)
        try:
            time.sleep(0.001)
            return read(function)
        finally:
            reading.release()

    monkeypatch.setattr(inspect, "getfullargspec", read_slowly)
    with dg.DagsterInstance.ephemeral() as instance:
        events = build(instance).get_asset_materialization_events()
    made = [event.step_materialization_data.materialization for event in events]
    assert {one.asset_key.path[-1] for one in made if "dagster/column_lineage" in one.metadata} == set(MODELS)
    assert not in_two_threads
