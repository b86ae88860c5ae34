"""Runs that are recorded: what was given, what came out, and why nothing did."""

import hashlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestration.database import Database
from orchestration.errors import DoublereadError
from orchestration.inference import (
    InferenceError,
    InferencePipeline,
    JobEntry,
    RunRequest,
    default_registry,
    read_volume,
    run_job,
    write_dicoms,
)
from tests.dbt.project import rows
from tests.inference.onnx_models import extremes
from tests.inference.studies import PATIENT, contents, volume_of, write_study


@pytest.fixture
def pipeline() -> InferencePipeline:
    return InferencePipeline(default_registry())


def recorded(database: Database, run_id: str) -> dict[str, Any]:
    (row,) = rows(database, f"select * from doubleread.inference_runs where run_id = '{run_id}'")
    return row


def test_a_run_is_recorded_with_what_is_needed_to_believe_it(
    database: Database, pipeline: InferencePipeline, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "in", volume_of(3, 4, 5))
    write_study(tmp_path / "in" / "ct", volume_of(2, 4, 5), uid="1.2.4", modality="CT")
    model = extremes(tmp_path / "Curie.onnx")
    config = {"model": str(model), "Modality": "MR", "PatientID": "P1"}
    run_job(database, pipeline, RunRequest("r1", "onnx", study, tmp_path / "out", config))
    row = recorded(database, "r1")
    assert (row["job"], row["status"], row["reason"]) == ("onnx", "succeeded", None)
    assert (row["input_dir"], row["output_dir"]) == (str(study), str(tmp_path / "out"))
    assert (row["series_processed"], row["series_skipped"], row["series_failed"]) == (1, 1, 0)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    assert row["model_sha256"] == sha256
    assert row["config"] == {
        "mode": "slice",
        "model": f"sha256:{sha256}",
        "Modality": "MR",
        "PatientID": "withheld",
    }
    assert row["runtime"].startswith("onnxruntime ")
    assert row["provider"] == "CPUExecutionProvider"
    assert row["code_version"].startswith("doubleread ")
    assert len(row["code_sha256"]) == len(row["input_sha256"]) == len(row["output_sha256"]) == 64
    assert row["started_at"] <= row["ended_at"]
    series = rows(
        database, "select series_instance_uid, status, score_count from doubleread.inference_series order by 1"
    )
    assert [tuple(one.values()) for one in series] == [("1.2.3", "processed", 6), ("1.2.4", "skipped", 0)]
    scores = rows(
        database, "select slice_index, score_index, score from doubleread.predictions where run_id = 'r1' order by 1, 2"
    )
    assert len(scores) == 6
    assert scores[0]["score"] == 0.0
    assert scores[-1]["score"] == 1.0
    assert PATIENT not in str(rows(database, "select * from doubleread.inference_runs")) + str(series)


def test_digests_are_those_of_files_and_pixels_whatever_the_files_are_called(
    database: Database, pipeline: InferencePipeline, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "in", volume_of(3, 4, 5))
    renamed = tmp_path / "renamed"
    renamed.mkdir()
    for number, data in enumerate(contents(study).values()):
        (renamed / f"IM{number}").write_bytes(data)
    for run_id, folder in (("a", study), ("b", renamed)):
        run_job(database, pipeline, RunRequest(run_id, "3dblur", folder, tmp_path / run_id))
    a, b = recorded(database, "a"), recorded(database, "b")
    for digest in ("input_sha256", "pixels_sha256", "config_sha256", "code_sha256"):
        assert a[digest] == b[digest]
    (series,) = rows(database, "select pixels_sha256 from doubleread.inference_series where run_id = 'a'")
    volume = (volume_of(3, 4, 5) / np.float32(4000)).astype(np.float32)
    expected = hashlib.sha256(f"{volume.shape} {volume.dtype.str}\n".encode() + volume.tobytes()).hexdigest()
    assert series["pixels_sha256"] == expected


def test_a_run_that_failed_says_why_and_keeps_what_became_of_each_series(
    database: Database, pipeline: InferencePipeline, tmp_path: Path
) -> None:
    study = write_study(tmp_path / "in", volume_of(2, 3, 4), PixelSpacing=None)
    with pytest.raises(InferenceError):
        run_job(database, pipeline, RunRequest("r1", "3dblur", study, tmp_path / "out"))
    row = recorded(database, "r1")
    assert (row["status"], row["series_failed"], row["output_sha256"]) == ("failed", 1, None)
    assert "its header gives no spacing" in row["reason"]
    (series,) = rows(database, "select status, reason from doubleread.inference_series")
    assert series == {"status": "failed", "reason": row["reason"].partition("series 1.2.3: ")[2]}
    for run_id, job, config in (("r2", "nosuch", {}), ("r3", "3dblur", {"sigma": -1})):
        with pytest.raises(DoublereadError):
            run_job(database, pipeline, RunRequest(run_id, job, study, tmp_path / "out", config))
    assert recorded(database, "r2")["reason"] == "no job is named nosuch; there are 3dblur, onnx"
    assert recorded(database, "r3")["reason"] == "sigma must be a number of millimetres, 0 or more"


def test_a_run_of_which_some_series_failed_is_incomplete(
    database: Database, pipeline: InferencePipeline, tmp_path: Path
) -> None:
    write_study(tmp_path / "in" / "a", volume_of(2, 3, 4), uid="1.2.1")
    write_study(tmp_path / "in" / "b", volume_of(2, 3, 4), uid="1.2.2", PixelSpacing=None)
    run_job(database, pipeline, RunRequest("r1", "3dblur", tmp_path / "in", tmp_path / "out"))
    assert recorded(database, "r1")["status"] == "incomplete"


def test_a_run_shows_while_it_runs_and_one_that_was_killed_is_found_out(database: Database, tmp_path: Path) -> None:
    seen = []

    def func(volume: np.ndarray, *_: Any) -> np.ndarray:
        seen.extend(rows(database, "select run_id, status, ended_at from doubleread.inference_runs order by 1"))
        return volume

    study = write_study(tmp_path / "in", volume_of(2, 3, 4))
    with database.tables("inference") as connection:
        connection.execute(
            "insert into doubleread.inference_runs (run_id, job, status, input_dir, output_dir) "
            "values ('killed', 'job', 'running', '/in', %s)",
            [str(tmp_path / "out")],
        )
    entry = JobEntry("job", {}, read_volume, write_dicoms, func)
    run_job(database, InferencePipeline([entry]), RunRequest("r1", "job", study, tmp_path / "out"))
    assert [(row["run_id"], row["status"]) for row in seen] == [("killed", "failed"), ("r1", "running")]
    assert recorded(database, "killed")["reason"] == "its process ended before it did; run it again"


def test_runs_that_write_to_one_folder_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    study = write_study(tmp_path / "in", volume_of(2, 3, 4))
    inside, waits = threading.Event(), threading.Event()

    def func(volume: np.ndarray, *_: Any) -> np.ndarray:
        inside.set()
        assert waits.wait(60)
        return volume

    pipeline = InferencePipeline([JobEntry("job", {}, read_volume, write_dicoms, func)])
    first = threading.Thread(
        target=run_job, args=(database, pipeline, RunRequest("r1", "job", study, tmp_path / "out"))
    )
    first.start()
    assert inside.wait(60)
    with pytest.raises(DoublereadError, match="--overwrite replaces it"):
        run_job(
            database,
            pipeline,
            RunRequest("r2", "job", study, tmp_path / "out"),
            on_wait=lambda _name: waits.set(),
        )
    first.join()
    assert [recorded(database, run)["status"] for run in ("r1", "r2")] == ["succeeded", "failed"]


def test_a_program_that_fails_or_is_stopped_leaves_a_record_that_says_so(database: Database, tmp_path: Path) -> None:
    def func(*_: Any) -> np.ndarray:
        raise KeyboardInterrupt

    study = write_study(tmp_path / "in", volume_of(2, 3, 4))
    pipeline = InferencePipeline([JobEntry("job", {}, read_volume, write_dicoms, func)])
    with pytest.raises(KeyboardInterrupt):
        run_job(database, pipeline, RunRequest("r1", "job", study, tmp_path / "out"))
    assert recorded(database, "r1")["reason"] == "it was stopped, or the program failed; run it again"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
