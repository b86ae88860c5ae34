"""Series are found by what files hold; every file that makes no image of them is named."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from orchestration.errors import DoublereadError
from orchestration.volumes import find_series, input_digest, open_frames, pixel_digest, read_volume
from tests.volumes.scans import acquisitions_of, slices_of, volume_of, write


def test_an_empty_folder_holds_no_series_and_one_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert find_series(tmp_path).series == ()
    with pytest.raises(DoublereadError, match="does not exist"):
        find_series(tmp_path / "nowhere")


def test_what_is_no_image_is_passed_over_by_name_and_does_no_harm(tmp_path: Path) -> None:
    write(tmp_path, slices_of(volume_of(3)))
    (tmp_path / "notes.dcm").write_text("no DICOM, whatever it is called")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    shutil.copy(str(get_testdata_file("test-SR.dcm")), tmp_path / "report")
    search = find_series(tmp_path)
    assert [series.shape for series in search.series] == [(3, 6, 4)]
    assert {failure.item for failure in search.passed_over.shown} == {"notes.dcm", "empty", "pipe", "report"}
    assert search.failed.count == 0


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_searched(tmp_path: Path) -> None:
    """A path of more than 4,096 bytes, which the system opens for nobody."""
    write(tmp_path, slices_of(volume_of(3)))
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("d" * 250, dir_fd=folder)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    search = find_series(tmp_path)
    assert [failure.reason for failure in search.failed.shown] == ["cannot be read (File name too long)"]
    assert [series.shape for series in search.series] == [(3, 6, 4)]


def test_an_identical_copy_is_named_and_counts_once(tmp_path: Path) -> None:
    path, *_ = write(tmp_path, slices_of(volume_of(3)))
    shutil.copy(path, tmp_path / "copy")
    search = find_series(tmp_path)
    assert search.series[0].shape == (3, 6, 4)
    assert [failure.reason for failure in search.passed_over.shown] == [
        f"is an identical copy of {min(path.relative_to(tmp_path).as_posix(), 'copy')}, which counts"
    ]


def test_another_image_under_the_same_uid_is_an_error_of_its_series(tmp_path: Path) -> None:
    images = slices_of(volume_of(3))
    path, *_ = write(tmp_path, images)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    (tmp_path / "other").write_bytes(data)
    search = find_series(tmp_path)
    assert "has the same SOP Instance UID as" in search.failed.shown[0].reason
    assert "has the same SOP Instance UID as" in (search.series[0].problem or "")


def test_a_series_with_a_broken_file_is_not_taken_for_whole_though_the_rest_would_do(tmp_path: Path) -> None:
    """The last slice leaves no gap: without its header nothing would show that it is missing."""
    *_, last = write(tmp_path, slices_of(volume_of(4)))
    last.write_bytes(last.read_bytes()[:-8])
    search = find_series(tmp_path)
    name = last.relative_to(tmp_path).as_posix()
    assert search.failed.shown[0].item == name
    assert f"{name} is a DICOM file that is cut short" in (search.series[0].problem or "")
    assert find_series(tmp_path, allow_gaps=True).series[0].shape == (3, 6, 4)


def test_elements_that_are_asked_for_come_with_all_their_values(tmp_path: Path) -> None:
    images = slices_of(volume_of(2), Modality="MR")
    images[1].ProtocolName = "late"
    write(tmp_path, images)
    (series,) = find_series(tmp_path, keywords=["Modality", "ProtocolName", "ImageOrientationPatient"]).series
    assert series.elements["Modality"] == ("MR",)
    assert set(series.elements["ProtocolName"]) == {"", "late"}
    assert series.elements["ImageOrientationPatient"] == ("1.0\\0.0\\0.0\\0.0\\1.0\\0.0",)
    with pytest.raises(DoublereadError, match="no DICOM keyword"):
        find_series(tmp_path, keywords=["Modalty"])


def test_each_volume_of_a_series_is_read_after_the_modality_lut(tmp_path: Path) -> None:
    volumes = np.stack([volume_of(3, seed=seed) for seed in range(2)])
    images = acquisitions_of(volumes)
    for image in images:
        image.RescaleSlope, image.RescaleIntercept = "0.5", "-7"
    write(tmp_path, images)
    (series,) = find_series(tmp_path).series
    assert series.volumes == 2
    for number, volume in enumerate(volumes):
        np.testing.assert_array_equal(read_volume(series, number), volume * np.float32(0.5) - 7)
    with pytest.raises(IndexError):
        read_volume(series, 2)


def test_digests_depend_on_the_content_and_not_on_names_or_order(tmp_path: Path) -> None:
    digests = set()
    for seed in range(2):
        write(tmp_path / str(seed), slices_of(volume_of(3)), seed=seed)
        (series,) = find_series(tmp_path / str(seed)).series
        with open_frames(series) as frames:
            digests.add((input_digest(series), pixel_digest(frames)))
    assert len(digests) == 1
    write(tmp_path / "other", slices_of(volume_of(3, seed=5)))
    (series,) = find_series(tmp_path / "other").series
    assert input_digest(series) not in {files for files, _ in digests}
