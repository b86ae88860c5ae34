"""The devices' folder in Dagster: a sensor that misses no file, a job to the mart, a check that stays red."""

import json
import os
from pathlib import Path

import dagster as dg
import pytest

from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.settings import load_settings

GOLDEN = ["54 26 34 47 95 23 79 41 97 55", "75 87 75 89 81 45 52 51 79 32", "71 8 67 9 12 97 18 59 58 17"]


def put(path: Path, **rows: list[str]) -> None:
    """A file of elements, written an hour ago."""
    elements = {id_: {"id": id_, "data": data, "deviceName": "CT SCAN"} for id_, data in rows.items()}
    path.write_text(json.dumps(elements))
    when = path.stat().st_mtime - 3600
    os.utime(path, (when, when))


@pytest.fixture
def devices(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of devices that the settings name, with a database and a home."""
    folder = tmp_path / "devices"
    folder.mkdir()
    for name, value in database.libpq_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOUBLEREAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOUBLEREAD_MEASUREMENTS", str(folder))
    return folder


def look(instance: dg.DagsterInstance, cursor: str | None) -> tuple[list[dg.RunRequest], str | None]:
    """What a tick of the sensor asks for, and its new cursor."""
    defs = definitions(load_settings())
    sensor, resources = defs.resolve_sensor_def("new_device_files"), defs.resources or {}
    needed = {name: resources[name] for name in sensor.required_resource_keys}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=needed) as context:
        told = sensor.evaluate_tick(context)
    return list(told.run_requests or []), told.cursor


def run(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    return definitions(load_settings()).resolve_job_def("measurements_job").execute_in_process(instance=instance)


# dagster-dbt's own use of what Dagster deprecates.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
def test_files_lead_to_the_mart_and_what_failed_keeps_the_check_red(devices: Path, database: Database) -> None:
    put(devices / "1.json", golden=GOLDEN, small=["1 3"], zero=["0"])
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(instance)
        checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
        assert not checks["no_element_left_failed"].passed
        assert "1 elements failed" in (checks["no_element_left_failed"].description or "")
        put(devices / "1.json", golden=GOLDEN, small=["1 3"], zero=["0 4"])
        checks = {check.check_name: check for check in run(instance).get_asset_check_evaluations()}
        assert all(check.passed for check in checks.values())
    with database.connect() as connection:
        (row,) = connection.execute("select * from marts.measurements_by_device_and_day").fetchall()
    device, _, elements, values, before, after, lowest, highest = row
    assert (device, elements, values, lowest) == ("CT SCAN", 3, 34, 2.0)
    assert before == pytest.approx((30 * 54.43333333 + 4 + 4) / 34)
    assert after == pytest.approx((30 * 0.56116838 + 4 / 3 + 1) / 34)
    assert highest == pytest.approx(54.43333333)


def test_the_sensor_asks_once_a_file_was_the_same_at_two_looks_and_until_it_is_measured(devices: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert look(instance, None)[0] == []
        put(devices / "1.json", a=["1"])
        asked, cursor = look(instance, None)
        assert asked == []
        put(devices / "1.json", a=["1"], b=["2"])  # it grew
        asked, cursor = look(instance, cursor)
        assert asked == []
        (first,), cursor = look(instance, cursor)
        (again,), cursor = look(instance, cursor)
        assert first.run_key is not None
        assert again.run_key is not None
        assert first.run_key.partition("-")[0] == again.run_key.partition("-")[0], "one run for the same files"
        put(devices / "2.json", c=["3"])
        (other,), cursor = look(instance, cursor)
        assert (other.run_key or "").partition("-")[0] == first.run_key.partition("-")[0], "the new file may grow"
        (other,), cursor = look(instance, cursor)
        assert (other.run_key or "").partition("-")[0] != first.run_key.partition("-")[0]
        definitions(load_settings()).resolve_implicit_global_asset_job_def().execute_in_process(
            instance=instance, asset_selection=[dg.AssetKey("measured_elements")]
        )
        assert look(instance, cursor) == ([], "{}")


def test_without_a_folder_the_sensor_says_what_to_set(devices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    devices.rmdir()
    with dg.DagsterInstance.ephemeral() as instance:
        assert look(instance, None) == ([], None)
    monkeypatch.delenv("DOUBLEREAD_MEASUREMENTS")
    defs = definitions(load_settings())
    sensor, resources = defs.resolve_sensor_def("new_device_files"), defs.resources or {}
    needed = {name: resources[name] for name in sensor.required_resource_keys}
    with dg.build_sensor_context(resources=needed) as context:
        assert "DOUBLEREAD_MEASUREMENTS must be set" in (sensor.evaluate_tick(context).skip_message or "")


def test_files_that_were_asked_for_are_asked_for_again_when_the_run_did_not_measure_them() -> None:
    from orchestration.defs.measurements.sensors import AGAIN_SECONDS, run_key  # noqa: PLC0415  needs the manifest
    from orchestration.measurements.folder import FileState  # noqa: PLC0415

    files = {"1.json": FileState(1, 2)}
    assert run_key(files, 0) == run_key(files, AGAIN_SECONDS - 1)
    assert run_key(files, 0) != run_key(files, AGAIN_SECONDS)
