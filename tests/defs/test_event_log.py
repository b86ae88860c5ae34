"""Dagster's log of events with connections that last: what Dagster's own reads and writes, in the same files."""

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import dagster as dg
import pytest

from orchestration.cli.instance import DAGSTER_YAML, open_instance
from orchestration.defs import event_log
from orchestration.defs.event_log import EventLog
from orchestration.settings import load_settings


@dg.asset(check_specs=[dg.AssetCheckSpec("is_there", asset="number")])
def number():
    return dg.MaterializeResult(
        metadata={"rows": 3}, tags={"a": "b"}, check_results=[dg.AssetCheckResult(check_name="is_there", passed=True)]
    )


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], dg.DagsterInstance]:
    """Opens Dagster's records below a home with such a ``dagster.yaml``."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    def open_with(yaml: str) -> dg.DagsterInstance:
        (tmp_path / "dagster.yaml").write_text(yaml)
        return dg.DagsterInstance.get()

    return open_with


def run_of(instance: dg.DagsterInstance) -> str:
    result = dg.materialize([number], instance=instance)
    assert result.success
    return result.run_id


def read(instance: dg.DagsterInstance, run_id: str) -> tuple[list[str], object, object]:
    """What the page shows of a run: its events, what it made last, and the outcome of the check."""
    events = [
        entry.get_dagster_event().event_type_value for entry in instance.all_logs(run_id) if entry.is_dagster_event
    ]
    made = instance.get_latest_materialization_event(dg.AssetKey("number"))
    check = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey("number"), "is_there"), limit=1
    )
    assert made is not None
    assert made.asset_materialization is not None
    return events, made.asset_materialization.metadata, [record.status for record in check]


@pytest.mark.parametrize(("written_by", "read_by"), [(DAGSTER_YAML, ""), ("", DAGSTER_YAML)], ids=["ours", "Dagster's"])
def test_either_log_reads_what_the_other_wrote(
    opened: Callable[[str], dg.DagsterInstance], written_by: str, read_by: str
) -> None:
    with opened(written_by) as instance:
        run_id = run_of(instance)
        expected = read(instance, run_id)
    assert "ASSET_CHECK_EVALUATION" in expected[0]
    with opened(read_by) as instance:
        assert read(instance, run_id) == expected
        assert run_of(instance) != run_id


def test_a_new_home_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("DOUBLEREAD_HOME", str(tmp_path))
    with open_instance(load_settings()) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        run_id = run_of(instance)
    assert (tmp_path / "dagster" / "history" / "runs" / f"{run_id}.db").exists()


def test_a_file_is_opened_once_however_many_events_there_are(opened: Callable[[str], dg.DagsterInstance]) -> None:
    with opened(DAGSTER_YAML) as instance:
        run_of(instance)
        with mock.patch.object(event_log.sa, "create_engine", wraps=event_log.sa.create_engine) as made:
            run_of(instance)
    assert made.call_count == 1, "the new run's; that over all runs is open"


def test_few_files_are_open_at_a_time(
    opened: Callable[[str], dg.DagsterInstance], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log, "FILES_OPEN", 2)
    with opened(DAGSTER_YAML) as instance:
        runs = [run_of(instance) for _ in range(3)]
        assert all(instance.all_logs(run_id) for run_id in runs)
        files = {Path("/proc/self/fd", fd).resolve() for fd in map(str, _open_files())}
    assert sum(file.parent.name == "runs" and file.suffix == ".db" for file in files) == 2


def _open_files() -> list[int]:
    return [int(path.name) for path in Path("/proc/self/fd").iterdir()]


def test_events_that_are_wiped_are_gone(opened: Callable[[str], dg.DagsterInstance]) -> None:
    with opened(DAGSTER_YAML) as instance:
        run_id = run_of(instance)
        instance.event_log_storage.wipe()
        assert instance.all_logs(run_id) == []
        assert instance.get_latest_materialization_event(dg.AssetKey("number")) is None
        assert read(instance, run_of(instance))
