"""Another program's order, spacing and orientation of the same series: dcm2niix, read by nibabel."""

import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from orchestration.volumes import Series, find_series, open_frames
from tests.volumes.scans import acquisitions_of, volume_of, write

DCM2NIIX = Path(sys.executable).parent / "dcm2niix"
REAL_CT = "1.3.6.1.4.1.5962.1.1.0.0.0.1194734704.16302.0.6"


def converted(folder: Path, out: Path) -> nibabel.Nifti1Image:
    out.mkdir()
    subprocess.run([DCM2NIIX, "-z", "n", "-f", "image", "-o", out, folder], check=True, capture_output=True)
    (file,) = out.glob("*.nii")
    return nibabel.load(file)


def assert_agrees(series: Series, image: nibabel.Nifti1Image) -> None:
    """Every voxel has the value that the other program has at the same place of the patient."""
    stack = series.stack
    with open_frames(series) as frames:
        volume = np.stack([frames.values(number) for number in range(len(frames))]).reshape(series.shape)
    between, row, column = stack.spacing
    assert sorted(image.header.get_zooms()[:3]) == pytest.approx(sorted([between or 1, row, column]), rel=1e-4)
    data = image.get_fdata()
    to_voxel = np.linalg.inv(image.affine) @ np.diag([-1, -1, 1, 1])  # DICOM's left and posterior are negative there
    along_row, along_column = np.array(stack.orientation).reshape(2, 3)
    slices, rows, columns = series.shape[-3:]
    for number in range(slices):
        r, c = np.mgrid[:rows, :columns]
        place = np.array(stack.frames[number].plane.position)[:, None, None]
        place = place + along_row[:, None, None] * c * column + along_column[:, None, None] * r * row
        at = np.rint(np.tensordot(to_voxel[:3, :3], place, 1) + to_voxel[:3, 3, None, None]).astype(int)
        for entry in range(series.volumes):
            theirs = data[(*at, entry)] if series.volumes > 1 else data[tuple(at)]
            ours = volume[entry, number] if series.volumes > 1 else volume[number]
            np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_a_real_ct_lies_where_dcm2niix_puts_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    root = Path(str(get_testdata_file("DICOMDIR"))).parent
    files = [path for path in root.rglob("*") if path.is_file() and "TINY" not in path.as_posix()]
    for number, path in enumerate(files):
        if dcmread(path, stop_before_pixels=True, force=True).get("SeriesInstanceUID") == REAL_CT:
            shutil.copy(path, tmp_path / "in" / f"{number * 577 % 997}")
    (series,) = find_series(tmp_path / "in").series
    assert series.shape[0] == 5
    assert_agrees(series, converted(tmp_path / "in", tmp_path / "out"))


@pytest.mark.parametrize("turned", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)])
def test_acquisitions_of_an_mr_lie_where_dcm2niix_puts_them(turned: tuple[int, ...], tmp_path: Path) -> None:
    volumes = np.stack([volume_of(7, seed=seed, side=(12, 8)) for seed in range(3)])
    images = acquisitions_of(volumes, "TemporalPositionIdentifier")
    normal = np.cross(turned[:3], turned[3:])
    for number, image in enumerate(images):
        image.Manufacturer, image.SeriesNumber, image.RepetitionTime, image.EchoTime = "SIEMENS", 3, 2000, 30
        image.ScanningSequence, image.ImageType = "EP", ["ORIGINAL", "PRIMARY", "M", "ND"]
        image.ImageOrientationPatient = list(turned)
        image.ImagePositionPatient = [float(mm) for mm in 10 + 2.5 * (number % 7) * normal]
        image.InstanceNumber, image.AcquisitionNumber = number + 1, 1 + number // 7
    write(tmp_path / "in", images)
    (series,) = find_series(tmp_path / "in").series
    assert series.axes[0] == "time"
    assert_agrees(series, converted(tmp_path / "in", tmp_path / "out"))
