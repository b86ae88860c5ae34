"""The job onnx, with models that are made here: new series, scores, and what is refused before any work."""

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from orchestration.errors import DoublereadError
from orchestration.inference import InferenceError, InferencePipeline, JobConfigError, Scores, default_registry
from tests.inference.onnx_models import SLICES, VOLUME, extremes, halving, write_model
from tests.inference.studies import read_folder, stored_volume, volume_of, write_study

ONNX = default_registry()["onnx"]


def apply(volume: np.ndarray, **config: Any) -> Any:
    return ONNX.func(volume, {"spacing": (1, 1, 1)}, {name: _plain(value) for name, value in config.items()})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


@pytest.fixture
def volume() -> np.ndarray:
    return np.random.default_rng(0).random((5, 6, 7), np.float32)


@pytest.mark.parametrize(
    ("mode", "takes", "batch_size"),
    [
        ("slice", SLICES, 8),
        ("slice", SLICES, 2),
        ("slice", (1, 1, 6, 7), 8),
        ("slice", (3, 1, 6, 7), 8),  # the last batch has two slices and is filled
        ("slice", None, 2),
        ("volume", VOLUME, 8),
        ("volume", (1, 1, 5, 6, 7), 8),
    ],
)
def test_a_model_gets_slices_or_the_volume_and_gives_the_same_shape(
    tmp_path: Path, volume: np.ndarray, mode: str, takes: Any, batch_size: int
) -> None:
    model = halving(tmp_path / "half.onnx", takes=takes, gives=takes)
    given = apply(volume, model=model, mode=mode, batch_size=batch_size)
    assert np.array_equal(given, volume / 2)


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.FLOAT16])
def test_models_of_other_floating_point_types_run_too(tmp_path: Path, volume: np.ndarray, kind: int) -> None:
    model = write_model(tmp_path / "same.onnx", [("Identity", ("x",), "y")], kind=kind)
    assert np.allclose(apply(volume, model=model), volume, atol=1e-3)


def test_scores_come_for_each_slice_or_for_the_volume(tmp_path: Path, volume: np.ndarray) -> None:
    by_slice = apply(volume, model=extremes(tmp_path / "a.onnx"), batch_size=2, score_names=["low", "high"])
    assert isinstance(by_slice, Scores)
    assert by_slice.names == ("low", "high")
    assert np.array_equal(by_slice.values, np.stack([volume.min((1, 2)), volume.max((1, 2))], axis=1))
    model = extremes(tmp_path / "b.onnx", takes=VOLUME, axes=(2, 3, 4))
    assert np.array_equal(apply(volume, model=model, mode="volume").values, [[volume.min(), volume.max()]])


def test_scores_of_a_folder_are_predictions_about_the_images_that_hold_the_slices(tmp_path: Path) -> None:
    stored = volume_of(2, 3, 4, 5)
    study = write_study(tmp_path / "in", stored)
    config = {"model": str(extremes(tmp_path / "a.onnx")), "score_names": ["low", "high"]}
    report = InferencePipeline([ONNX]).execute("onnx", study, tmp_path / "out", config=config)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["predictions.csv"]
    with (tmp_path / "out" / "predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(report.predictions) == 2 * 3 * 2
    last = report.predictions[-1]
    assert (last.volume_index, last.slice_index, last.score_index, last.score_name) == (1, 2, 1, "high")
    images = {one.SOPInstanceUID: one.pixel_array / 4000 for one in read_folder(study).values()}
    for row in rows:
        place, time = int(row["slice_index"]), int(row["volume_index"])
        image = images[row["sop_instance_uid"]]
        assert np.array_equal(image, stored[time, place] / 4000)
        expected = image.min() if row["score_name"] == "low" else image.max()
        assert float(row["score"]) == pytest.approx(expected, abs=1e-6)


def test_a_model_over_a_folder_makes_a_new_series(tmp_path: Path) -> None:
    stored = volume_of(5, 6, 7)
    config = {"model": str(halving(tmp_path / "half.onnx"))}
    report = InferencePipeline([ONNX]).execute(
        "onnx", write_study(tmp_path / "in", stored), tmp_path / "out", config=config
    )
    assert np.abs(stored_volume(tmp_path / "out") - stored / 2).max() <= 0.5
    assert report.provenance.runtime.startswith("onnxruntime ")
    assert report.provenance.provider == "CPUExecutionProvider"


def test_a_series_of_another_size_than_the_model_takes_fails_by_name_before_any_is_read(tmp_path: Path) -> None:
    write_study(tmp_path / "in" / "a", volume_of(2, 6, 7), uid="1.2.1")
    write_study(tmp_path / "in" / "b", volume_of(2, 5, 7), uid="1.2.2")
    config = {"model": str(halving(tmp_path / "half.onnx", takes=("n", 1, 6, 7), gives=("n", 1, 6, 7)))}
    report = InferencePipeline([ONNX]).execute("onnx", tmp_path / "in", tmp_path / "out", config=config)
    assert [one.status for one in report.series] == ["processed", "failed"]
    assert report.series[1].reason == "the model takes (any, 1, 6, 7), its volume is (any, 1, 5, 7)"


def several_inputs(path: Path) -> Path:
    model = onnx.load(halving(path))
    model.graph.input.append(onnx.helper.make_tensor_value_info("z", TensorProto.FLOAT, SLICES))
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("make", "config", "message"),
    [
        (lambda path: path, {}, "cannot be read"),
        (lambda path: path.write_bytes(b"no model") and path, {}, "onnxruntime .* cannot load the model"),
        (lambda path: halving(path, outside=True), {}, "weights must be in its own file"),
        (several_inputs, {}, "must have one input"),
        (lambda path: halving(path, takes=("n", 3, "r", "c"), gives=("n", 3, "r", "c")), {}, "channels, must be 1"),
        (halving, {"mode": "volume"}, "with mode volume a model takes 5 axes"),
        (halving, {"mode": "voxel"}, "mode must be one of slice, volume"),
        (halving, {"batch_size": 0}, "batch_size must be"),
        (halving, {"output": "z"}, "no output of this name"),
        (halving, {"provider": "NoSuchProvider"}, "no provider NoSuchProvider here"),
        (halving, {"score_names": "mass"}, "score_names must be a list"),
        (halving, {"modle": "x"}, "no entry modle; there are batch_size, mode, model"),
        (lambda path: halving(path, takes=(9999, 1, "r", "c"), gives=None), {}, "at most 1024 slices"),
    ],
)
def test_a_model_or_config_that_does_not_fit_is_refused_and_its_path_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Any, config: dict[str, Any], message: str
) -> None:
    monkeypatch.chdir(tmp_path)  # where onnxruntime would look for weights in other files
    model = make(tmp_path / "Curie_Marie.onnx")
    with pytest.raises(JobConfigError, match=message) as raised:
        apply(np.zeros((2, 6, 7), np.float32), model=model, **config)
    assert "Curie" not in str(raised.value)


def test_a_config_without_a_model_says_how_it_is_given() -> None:
    with pytest.raises(JobConfigError, match=r'the config names no model: \{"model": "PATH"\}'):
        apply(np.zeros((2, 6, 7), np.float32))


def test_what_a_model_gives_is_checked_though_it_declares_no_shape(tmp_path: Path) -> None:
    halved = [("Slice", ("x", "starts", "ends", "axes"), "y")]
    constants = {name: np.array([value]) for name, value in {"starts": 0, "ends": 2, "axes": 3}.items()}
    model = write_model(tmp_path / "narrow.onnx", halved, gives=None, constants=constants)
    study = write_study(tmp_path / "in", volume_of(3, 6, 7))
    with pytest.raises(InferenceError, match=r"the model gave \(3, 1, 6, 2\); \(3, 1, 6, 7\) or scores"):
        InferencePipeline([ONNX]).execute("onnx", study, tmp_path / "out", config={"model": str(model)})
    logarithm = write_model(tmp_path / "log.onnx", [("Log", ("x",), "y")])
    with pytest.raises(InferenceError, match="NaN or infinity"):
        InferencePipeline([ONNX]).execute("onnx", study, tmp_path / "out", config={"model": str(logarithm)})
    assert not (tmp_path / "out").exists()


def test_without_onnxruntime_the_job_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DoublereadError, match=r"install 'doubleread\[onnx\]'"):
        apply(np.zeros((2, 6, 7), np.float32), model=halving(tmp_path / "half.onnx"))
