"""``doubleread dicom2hdf5`` and ``hdf52dicom``: what a person types, and what comes out."""

import json
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from pydicom import dcmread
from typer.testing import CliRunner, Result

from orchestration.cli.app import app
from orchestration.errors import DoublereadError
from tests.volumes.scans import SERIES, acquisitions_of, slices_of, volume_of, write


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_a_series_goes_to_hdf5_and_back_by_the_short_options(tmp_path: Path) -> None:
    write(tmp_path / "in", acquisitions_of(np.stack([volume_of(4, seed=seed) for seed in range(3)])))
    packed = run("dicom2hdf5", "-i", tmp_path / "in", "-h", "v.h5", "-j", "v.json")
    assert packed.exit_code == 0, packed.output
    assert f"{SERIES}: MR acquisition, slice, row, column: 3 x 4 x 6 x 4" in packed.output
    assert json.loads(Path("v.json").read_text())["spacing"] == [2.5, 0.5, 0.25]
    back = run("hdf52dicom", "-h", "v.h5", "-d", tmp_path / "in", "-o", "back", "--description", "As it was")
    assert back.exit_code == 0, back.output
    assert "12 DICOMs of series 2.25." in back.output
    assert {dcmread(path).DerivationDescription for path in Path("back").iterdir()} == {"As it was"}


def test_what_could_not_be_used_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    *_, broken = write(tmp_path / "in" / "b", slices_of(volume_of(3), SeriesInstanceUID="1.2.3"))
    broken.write_bytes(broken.read_bytes()[:-9])
    (tmp_path / "in" / "notes.txt").write_text("hello")
    result = run("dicom2hdf5", "-i", tmp_path / "in", "-h", "v.h5", "-j", "v.json")
    assert result.exit_code == 1
    assert "notes.txt: is no DICOM file" in result.output
    assert f"{broken.relative_to(tmp_path / 'in').as_posix()}: is a DICOM file that is cut short" in result.output
    assert "1.2.3: is not whole" in result.output
    with h5py.File("v.h5") as file:
        assert list(file) == [SERIES]


def test_help_is_by_its_long_option_since_h_is_the_hdf5_file() -> None:
    for command in ("dicom2hdf5", "hdf52dicom"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "-h" in result.output
        assert run(command, "-h").exit_code == 2, "an option without its value"


@pytest.mark.parametrize(
    "arguments",
    [("dicom2hdf5", "-i", ".", "-h", "v.h5", "-j", "v.json"), ("hdf52dicom", "-h", "v.h5", "-d", ".", "-o", "back")],
)
def test_without_h5py_a_sentence_says_what_to_install(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``main`` prints such an error and ends with status 2."""
    monkeypatch.setitem(sys.modules, "h5py", None)
    error = run(*arguments).exception
    assert isinstance(error, DoublereadError)
    assert "install 'doubleread[volumes]'" in str(error)


def test_a_folder_without_images_is_an_error_of_usage(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    error = run("dicom2hdf5", "-i", tmp_path / "in", "-h", "v.h5", "-j", "v.json").exception
    assert isinstance(error, DoublereadError)
    assert "holds no grey DICOM image" in str(error)
    assert {path.name for path in tmp_path.iterdir()} == {"in"}
