"""The job over a folder as Dagster runs it: its config, what its metadata show, and how it fails."""

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.settings import load_settings
from tests.dbt.project import rows
from tests.inference.onnx_models import extremes, halving
from tests.inference.studies import PATIENT, stored_volume, volume_of, write_study

RUNS = dg.AssetKey(["raw", "inference_runs"])


@pytest.fixture
def instance(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance beside a database that the settings name."""
    for name, value in database.libpq_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOUBLEREAD_HOME", str(tmp_path / "home"))
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        yield instance


def run(instance: dg.DagsterInstance, job: str, study: Path, output: Path, **more: Any) -> dg.ExecuteInProcessResult:
    config = {"job": job, "input": str(study), "output": str(output), **more}
    return (
        definitions(load_settings())
        .resolve_job_def("inference_job")
        .execute_in_process(
            instance=instance, run_config={"ops": {"inference": {"config": config}}}, raise_on_error=False
        )
    )


def made(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetMaterialization]:
    found = [event.materialization for event in result.get_asset_materialization_events()]
    return {one.asset_key.path[-1]: one for one in found}


def pictures(markdown: str) -> list[np.ndarray]:
    data = re.findall(r"\(data:image/jpeg;base64,([^)]+)\)", markdown)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(one)))) for one in data]


def test_a_run_shows_its_result_its_digests_and_a_slice_before_and_after(
    instance: dg.DagsterInstance, database: Database, tmp_path: Path
) -> None:
    stored = np.zeros((3, 40, 60), np.uint16)
    stored[:, 10:30, 20:40] = 4000
    study = write_study(tmp_path / "in", stored)
    result = run(instance, "3dblur", study, tmp_path / "out", config={"sigma": 2.5, "Modality": "MR"})
    assert result.success
    metadata = {name: value.value for name, value in made(result)["inference_runs"].metadata.items()}
    assert (metadata["job"], metadata["processed"], metadata["DICOMs"], metadata["failed"]) == ("3dblur", 1, 3, 0)
    assert metadata["config"] == {"sigma": 2.5, "Modality": "MR"}
    (row,) = rows(database, "select * from doubleread.inference_runs")
    assert (row["run_id"], row["status"]) == (result.run_id, "succeeded")
    for what in ("input", "pixels", "config", "code", "output"):
        assert metadata[f"SHA-256 of {what}"] == row[f"{what}_sha256"]
    before, after = pictures(metadata["before and after"])
    assert before.shape == after.shape == (40, 60, 3)
    assert before[20, 19, 0] < 40, "the edge is sharp"
    assert 60 < after[20, 19, 0] < 200, "the edge is blurred"
    series = made(result)["inference_series"].metadata["series"].value.records
    assert [(one.data["series"], one.data["status"]) for one in series] == [("1.2.3", "processed")]
    (check,) = result.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("every_series_was_processed", True)
    assert PATIENT not in str(metadata)
    assert stored_volume(tmp_path / "out").shape == stored.shape


def test_a_model_makes_a_series_and_scores(instance: dg.DagsterInstance, database: Database, tmp_path: Path) -> None:
    stored = volume_of(3, 6, 7)
    study = write_study(tmp_path / "in", stored)
    config = {"model": str(halving(tmp_path / "half.onnx"))}
    assert run(instance, "onnx", study, tmp_path / "halved", config=config).success
    assert np.abs(stored_volume(tmp_path / "halved") - stored / 2).max() <= 0.5
    result = run(instance, "onnx", study, tmp_path / "scores", config={"model": str(extremes(tmp_path / "a.onnx"))})
    assert made(result)["predictions"].metadata["scores"].value == 6
    assert len(rows(database, f"select from doubleread.predictions where run_id = '{result.run_id}'")) == 6


def test_a_series_that_fails_turns_the_check_red_and_the_run_ends_well(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    write_study(tmp_path / "in" / "a", volume_of(2, 3, 4), uid="1.2.1")
    write_study(tmp_path / "in" / "b", volume_of(2, 3, 4), uid="1.2.2", PixelSpacing=None)
    result = run(instance, "3dblur", tmp_path / "in", tmp_path / "out")
    assert result.success
    (check,) = result.get_asset_check_evaluations()
    assert not check.passed
    assert [record.data["item"] for record in check.metadata["failures"].value.records] == ["series 1.2.2"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"job": "3dblur"}, "in holds no DICOM image"),
        ({"job": "nosuch"}, "no job is named nosuch"),
        ({"job": "3dblur", "config": {"sigma": -1}}, "sigma must be a number"),
    ],
)
def test_a_run_of_which_nothing_came_fails_with_its_reason(
    instance: dg.DagsterInstance, database: Database, tmp_path: Path, asked: dict[str, Any], reason: str
) -> None:
    (tmp_path / "in").mkdir()
    result = run(instance, study=tmp_path / "in", output=tmp_path / "out", **asked)
    assert not result.success
    (failure,) = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert failure.user_failure_data is not None
    assert reason in str(failure.user_failure_data.description)
    (row,) = rows(database, "select status, reason from doubleread.inference_runs")
    assert row["status"] == "failed"
    assert reason in row["reason"]
    assert not (tmp_path / "out").exists()


# dagster-dbt's own use of what Dagster deprecates.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
def test_the_marts_follow_in_a_job_of_their_own(
    instance: dg.DagsterInstance, database: Database, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "in", volume_of(2, 3, 4))
    first = run(instance, "3dblur", study, tmp_path / "out")
    models = definitions(load_settings()).resolve_job_def("inference_models_job")
    assert models.execute_in_process(instance=instance).success
    (result,) = rows(database, "select run_id, job, series_instance_uid from marts.inference_results")
    assert result == {"run_id": first.run_id, "job": "3dblur", "series_instance_uid": "1.2.3"}
    assert rows(database, "select * from quality.failed_inferences") == []
