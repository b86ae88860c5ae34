"""Whether a folder holds DICOM, and arrays that lie in a file where they would fill the memory."""

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from orchestration.inference import (
    InferenceError,
    InferencePipeline,
    JobEntry,
    JobError,
    holds_dicom,
    read_volume,
    write_dicoms,
)
from orchestration.volumes.packing import Packing, pack
from tests.inference.studies import SPACING, stored_volume, volume_of, write_study

SAME = JobEntry("same", {}, read_volume, write_dicoms, lambda volume, *_: volume)


def is_mapped(array: np.ndarray) -> bool:
    return isinstance(array, np.memmap) or (array.base is not None and is_mapped(array.base))


def test_a_folder_holds_dicom_when_a_file_anywhere_below_it_is_dicom_whatever_its_name(tmp_path: Path) -> None:
    assert not holds_dicom(tmp_path / "nowhere")
    assert not holds_dicom(tmp_path)
    (tmp_path / "a.dcm").write_text("no DICOM, in spite of its name" * 9)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    assert not holds_dicom(tmp_path)
    study = write_study(tmp_path / "b" / "c", volume_of(1, 3, 4))
    (study / "000.dcm").rename(study / "IM1")
    assert holds_dicom(tmp_path)


def test_a_series_that_would_fill_the_memory_is_mapped_from_a_file_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.inference.memory.MAPPED_BYTES", 1)
    stored = volume_of(3, 4, 5, 6)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    seen = []
    entry = SAME._replace(func=lambda volume, *_: seen.append(is_mapped(volume)) or volume)
    InferencePipeline([entry]).execute("same", write_study(tmp_path / "in", stored), tmp_path / "out")
    assert seen == [True] * 3
    assert np.array_equal(stored_volume(tmp_path / "out"), stored)
    assert not list(temporary.iterdir())


@pytest.mark.parametrize(("limit", "size"), [("MAX_VOLUME_BYTES", 479), ("MAX_SERIES_BYTES", 1439)])
def test_a_series_that_is_too_large_fails_by_name_before_memory_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, size: int
) -> None:
    monkeypatch.setattr(f"orchestration.inference.memory.{limit}", size)
    study = write_study(tmp_path / "in", volume_of(3, 4, 5, 6))
    with pytest.raises(InferenceError, match="its volume of 3 x 4 x 5 x 6 is too large"):
        InferencePipeline([SAME]).execute("same", study, tmp_path / "out")


def test_what_jobs_read_and_write_with_works_without_a_pipeline(tmp_path: Path) -> None:
    stored = volume_of(2, 3, 4, 5)
    study = write_study(tmp_path / "in", stored)
    write_study(study / "ct", volume_of(2, 3, 4), uid="1.2.9", modality="CT")
    with pytest.raises(JobError, match="holds 2 series that the config chooses; it must hold one"):
        read_volume(study, {})
    volume, meta_data = read_volume(study, {"Modality": "MR", "sigma": 1})
    assert np.allclose(volume, stored / 4000, atol=1e-7)
    assert meta_data == {
        "spacing": SPACING,
        "axes": ("time", "slice", "row", "column"),
        "minimum": 0,
        "maximum": 4000,
        "modality": "MR",
        "series_instance_uid": "1.2.3",
        "study_instance_uid": "1.2",
    }
    write_dicoms(1 - volume, write_study(tmp_path / "alone", stored), tmp_path / "out")
    assert np.array_equal(stored_volume(tmp_path / "out"), 4000 - stored)


def test_a_job_gets_the_very_numbers_that_a_model_was_trained_on(tmp_path: Path) -> None:
    study = write_study(tmp_path / "in", volume_of(2, 3, 4, 5, highest=3001), RescaleSlope=0.37, RescaleIntercept=-7)
    pack(study, tmp_path / "out.h5", tmp_path / "out.json", packing=Packing())
    volume, _ = read_volume(study, {})
    with h5py.File(tmp_path / "out.h5") as file:
        assert np.array_equal(file["data"][:], volume)
