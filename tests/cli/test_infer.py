"""``doubleread infer``: a blur and a model from the command line, and how each says what went wrong."""

import json
import subprocess
import sys

import numpy as np
import pytest

from orchestration.database import open_database
from orchestration.settings import Settings
from tests.cli.conftest import Home, rows
from tests.inference.onnx_models import extremes, halving
from tests.inference.studies import PATIENT, contents, stored_volume, volume_of, write_study

UNSEEN = "import sys; sys.modules[{name!r}] = None; from orchestration.cli import main; main()"


def test_a_model_runs_over_a_folder_its_scores_are_recorded_and_the_marts_follow(own: Home) -> None:
    stored = volume_of(3, 6, 7)
    write_study(own.folder / "in" / "mr", stored, uid="1.2.1")
    write_study(own.folder / "in" / "ct", volume_of(2, 6, 7), uid="1.2.2", modality="CT")
    (own.folder / "in" / "[red]notes.txt").write_text("no DICOM")
    halving(own.folder / "half.onnx")
    (own.folder / "half.json").write_text('{"model": "half.onnx", "Modality": "MR"}')
    said = own.run("infer", "run", "onnx", "-i", "in", "-o", "out", "--config", "half.json", "--no-mart").stdout
    assert "1 series skipped:\n  series 1.2.2: the config asks for another Modality\n" in said
    assert "1 files passed over:\n  [red]notes.txt: " in said
    assert "1 series processed by onnx (onnxruntime " in said
    assert ": 3 DICOMs in out\n" in said
    assert np.abs(stored_volume(own.folder / "out") - stored / 2).max() <= 0.5
    extremes(own.folder / "extremes.onnx")
    (own.folder / "extremes.yaml").write_text("model: extremes.onnx\nscore_names: [low, high]\n")
    said = own.run("infer", "run", "onnx", "-i", "in", "-o", "scores", "--config", "extremes.yaml").stdout
    assert "2 series processed" in said
    assert ": 0 DICOMs, 10 scores in scores\n" in said
    assert set(contents(own.folder / "scores")) == {"predictions.csv"}
    names = rows(own.settings, "select score_name, count(*) from marts.inference_scores group by 1 order by 1")
    assert names == [("high", 5), ("low", 5)]
    assert rows(own.settings, "select count(*), count(model_sha256) from marts.inference_results") == [(3, 3)]


def test_what_fails_is_named_and_the_exit_status_tells_a_failure_from_wrong_usage(own: Home) -> None:
    write_study(own.folder / "in" / "a", volume_of(3, 4, 5), uid="1.2.1")
    write_study(own.folder / "in" / "b", volume_of(3, 4, 5), uid="1.2.2", PixelSpacing=None)

    def run(*arguments: str, status: int) -> str:
        result = own.run("infer", "run", "3dblur", "--no-mart", *arguments, status=status)
        assert PATIENT not in result.stdout + result.stderr
        return result.stdout + result.stderr

    said = run("-i", "in", "-o", "out", status=1)
    assert "1 series or files failed:\n  series 1.2.2: its header gives no spacing of rows and columns" in said
    assert "1 series processed by 3dblur (scipy " in said
    assert "out exists; --overwrite replaces it" in run("-i", "in", "-o", "out", status=2)
    run("-i", "in/a", "-o", "out", "--overwrite", status=0)
    assert "the job 3dblur processed no series: series 1.2.2" in run("-i", "in/b", "-o", "none", status=1)
    assert not (own.folder / "none").exists()
    assert "there is no folder nowhere" in run("-i", "nowhere", "-o", "none", status=2)
    (own.folder / "config.json").write_text('{"sigma": "much"}')
    assert "sigma must be a number" in run("-i", "in", "-o", "none", "--config", "config.json", status=2)
    assert (
        "no job is named nosuch; there are 3dblur, onnx"
        in own.run("infer", "run", "nosuch", "-i", "in", "-o", "none", status=2).stderr
    )
    statuses = rows(own.settings, "select status, count(*) from doubleread.inference_runs group by 1 order by 1")
    assert statuses == [("failed", 5), ("incomplete", 1), ("succeeded", 1)]


def test_without_a_database_of_ones_own_the_embedded_one_keeps_the_record(home: Home) -> None:
    write_study(home.folder / "in", volume_of(3, 4, 5))
    said = home.run("infer", "run", "3dblur", "-i", "in", "-o", "out", "--no-mart").stdout
    database = open_database(Settings(_env_file=None, doubleread_home=home.folder / ".doubleread"))
    with database.connect() as connection:
        ((run_id, status),) = connection.execute("select run_id, status from doubleread.inference_runs").fetchall()
    assert f"recorded as run {run_id}\n" in said
    assert status == "succeeded"


@pytest.mark.parametrize(("package", "job", "extra"), [("scipy", "3dblur", "volumes"), ("onnxruntime", "onnx", "onnx")])
def test_a_job_whose_extra_is_missing_says_what_to_install(own: Home, package: str, job: str, extra: str) -> None:
    write_study(own.folder / "in", volume_of(3, 4, 5))
    halving(own.folder / "half.onnx")
    (own.folder / "config.json").write_text('{"model": "half.onnx"}' if job == "onnx" else "{}")
    arguments = ["infer", "run", job, "-i", "in", "-o", "out", "--config", "config.json"]
    result = subprocess.run(
        [sys.executable, "-c", UNSEEN.format(name=package), *arguments],
        cwd=own.folder,
        env=own.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert f"install 'doubleread[{extra}]'" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_jobs_are_listed_with_where_they_come_from_and_their_config(home: Home) -> None:
    table = home.run("infer", "list").stdout
    assert "3dblur" in table
    assert '{"sigma": 1.0}' in table
    listed = json.loads(home.run("infer", "list", "--json").stdout)
    assert [(job["job"], job["from"]) for job in listed] == [("3dblur", "doubleread"), ("onnx", "doubleread")]
    assert all(job["description"].endswith(".") for job in listed)
