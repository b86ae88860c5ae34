"""What the HDF5 file and the JSON file of a series hold."""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from orchestration.dicom.greys import Rescaling
from orchestration.errors import DoublereadError
from orchestration.volumes.chunks import decode_chunk, encode_chunk
from orchestration.volumes.packing import Packing, PackReport, pack
from orchestration.volumes.scaling import scaled
from tests.volumes.scans import FRAME_OF_REFERENCE, SERIES, STUDY, acquisitions_of, slices_of, volume_of, write


def packed(folder: Path, packing: Packing | None = None, **options: object) -> PackReport:
    """Pack ``folder/in`` to ``folder/out.h5`` and ``folder/out.json``."""
    return pack(folder / "in", folder / "out.h5", folder / "out.json", packing=packing or Packing(), **options)


def test_values_after_the_modality_lut_go_from_0_to_1_in_chunks_of_a_frame(tmp_path: Path) -> None:
    volumes = np.stack([volume_of(5, seed=seed) for seed in range(3)])
    images = acquisitions_of(volumes)
    for image in images:
        image.RescaleSlope, image.RescaleIntercept = 2, -1000
    write(tmp_path / "in", images)
    packed(tmp_path)
    values = volumes * 2.0 - 1000
    expected = (values - values.min()) / (values.max() - values.min())
    with h5py.File(tmp_path / "out.h5") as file:
        data, said = file["data"], file["data"].attrs
        assert (data.dtype, data.shape, data.chunks) == (np.float32, (3, 5, 6, 4), (1, 1, 6, 4))
        np.testing.assert_array_equal(data[:], expected.astype(np.float32))
        assert list(said["axes"]) == ["acquisition", "slice", "row", "column"]
        assert (said["minimum"], said["maximum"]) == (values.min(), values.max())
        assert list(said["spacing"]) == [2.5, 0.5, 0.25]
        assert list(said["image_orientation_patient"]) == [1, 0, 0, 0, 1, 0]
        np.testing.assert_array_equal(said["image_positions_patient"][0, :, 2], [-30, -27.5, -25, -22.5, -20])
        assert said["sop_instance_uids"].reshape(-1).tolist() == [image.SOPInstanceUID for image in images]
        uids = ("series_instance_uid", "study_instance_uid", "frame_of_reference_uid")
        assert [said[name] for name in uids] == [SERIES, STUDY, FRAME_OF_REFERENCE]
        assert said["stored_dtype"] == "int16"
        assert (said["rescale_slope"] == 2).all()
        assert (said["rescale_intercept"] == -1000).all()
    described = json.loads((tmp_path / "out.json").read_text())
    assert (described["spacing"], described["description"], described["modality"]) == (
        [2.5, 0.5, 0.25],
        "T1 axial",
        "MR",
    )
    assert b"Curie" not in (tmp_path / "out.h5").read_bytes() + (tmp_path / "out.json").read_bytes()


@pytest.mark.parametrize("compress", [True, False])
def test_stored_integers_are_kept_where_that_is_asked_for(tmp_path: Path, compress: bool) -> None:
    volume = volume_of(5)
    write(tmp_path / "in", slices_of(volume))
    packed(tmp_path, Packing(stored=True, compress=compress))
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].compression == ("gzip" if compress else None)
        assert not file["data"].attrs["scaled"]
        np.testing.assert_array_equal(file["data"][:], volume)


def test_a_constant_volume_is_0_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(np.full((3, 6, 4), 42, np.int16)))
    packed(tmp_path)
    with h5py.File(tmp_path / "out.h5") as file:
        assert not file["data"][:].any()
        assert file["data"].attrs["minimum"] == file["data"].attrs["maximum"] == 42


def test_each_of_several_series_has_a_group_and_a_broken_one_stops_no_other(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    write(tmp_path / "in" / "second", slices_of(volume_of(4, seed=1), SeriesInstanceUID="1.2.3"))
    gap = slices_of(volume_of(5, seed=2), SeriesInstanceUID="1.2.4")
    write(tmp_path / "in" / "third", [*gap[:2], *gap[3:]])
    report = packed(tmp_path)
    assert set(report.packed) == {SERIES, "1.2.3"}
    assert "is not whole: 5 mm between slices where 2.5 mm are usual" in report.failed.shown[0].reason
    with h5py.File(tmp_path / "out.h5") as file:
        assert {name: file[name]["data"].shape for name in file} == {SERIES: (3, 6, 4), "1.2.3": (4, 6, 4)}
    assert set(json.loads((tmp_path / "out.json").read_text())) == {SERIES, "1.2.3"}
    packed(tmp_path, series=["1.2.3"], overwrite=True)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].shape == (4, 6, 4)


def test_gaps_that_are_allowed_are_in_the_json_without_names_of_files(tmp_path: Path) -> None:
    images = slices_of(volume_of(5))
    write(tmp_path / "in", [*images[:2], *images[3:]])
    packed(tmp_path, Packing(allow_gaps=True))
    described = json.loads((tmp_path / "out.json").read_text())
    assert described["gaps"] == ["5 mm between slices where 2.5 mm are usual, at -27.5 mm"]


def test_two_studies_in_a_folder_are_not_packed_together_unless_they_are_named(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    write(tmp_path / "in" / "b", slices_of(volume_of(3), SeriesInstanceUID="1.2.3", StudyInstanceUID="1.2.9"))
    with pytest.raises(DoublereadError, match=r"mixes 2 studies: .*--series"):
        packed(tmp_path)
    assert set(packed(tmp_path, series=["1.2.3"]).packed) == {"1.2.3"}


def test_an_existing_file_is_refused_and_then_replaced_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    (tmp_path / "out.json").write_text("mine")
    with pytest.raises(DoublereadError, match=r"out\.json exists; --overwrite replaces it"):
        packed(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out.json"}
    packed(tmp_path, overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out.json", "out.h5"}


def test_where_no_series_can_be_packed_nothing_is_written(tmp_path: Path) -> None:
    images = slices_of(volume_of(5))
    write(tmp_path / "in", [*images[:2], *images[3:]])
    assert packed(tmp_path).failed.count == 1
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_steps_finer_than_float32_holds_are_said(tmp_path: Path) -> None:
    images = slices_of(volume_of(2))
    images[0].RescaleSlope, images[1].RescaleSlope = "0.000001", "1000"
    for image in images:
        image.RescaleIntercept = 0
    write(tmp_path / "in", images)
    packed(tmp_path)
    assert json.loads((tmp_path / "out.json").read_text())["exact"] is False


def test_the_attributes_of_thousands_of_frames_have_room(tmp_path: Path) -> None:
    images = slices_of(np.zeros((3000, 1, 1), np.int16), between=0.1)
    for number, image in enumerate(images):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.2.840.99999.{10**40 + number}"
    write(tmp_path / "in", images)
    packed(tmp_path)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["data"].attrs["sop_instance_uids"].shape == (3000,)


@given(arrays.arrays(st.sampled_from([np.uint8, np.int16, np.float32]), (17, 300), elements={"allow_nan": False}))
@settings(max_examples=30)
def test_a_chunk_comes_back_as_it_was(frame: np.ndarray) -> None:
    data, mask = encode_chunk(frame, compress=True)
    np.testing.assert_array_equal(decode_chunk(bytes(data), mask, frame.dtype, frame.shape), frame)


def test_a_table_scales_large_frames_as_each_value_is_scaled_in_small_ones() -> None:
    stored = np.random.default_rng(0).integers(-2000, 2000, (512, 512)).astype(np.int16)
    step = Rescaling(0.37, -11)
    values = (stored * 0.37 - 11 - -1000) / (3000.5 - -1000)
    np.testing.assert_array_equal(scaled(stored, step, -1000, 3000.5), values.astype(np.float32))


PROGRAM = """
import resource, signal, sys
from pathlib import Path
from orchestration.errors import DoublereadError
from orchestration.volumes.packing import Packing, pack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
folder = Path(sys.argv[1])
try:
    pack(folder / "in", folder / "out.h5", folder / "out.json", packing=Packing(compress=False, workers=1))
except DoublereadError as error:
    print(error)
"""


def test_a_disk_without_room_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    """A limit of the size of a file stands for a full disk: the system refuses to write in the same way."""
    write(tmp_path / "in", slices_of(volume_of(8, side=(64, 64))))
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=True, timeout=120
    )
    assert "out.h5 cannot be written" in result.stdout
    assert "nothing was left there" in result.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


LARGE = """
import sys
from pathlib import Path
from orchestration.volumes.packing import Packing, pack
from tests.services.memory import peak_megabytes
folder = Path(sys.argv[1])
before = peak_megabytes()
pack(folder / "in", folder / "out.h5", folder / "out.json", packing=Packing(compress=False, workers=2))
print(peak_megabytes() - before)
"""


def test_a_volume_takes_the_memory_of_a_few_of_its_frames(tmp_path: Path) -> None:
    """A volume of 100 MB as float32, in frames of 2 MB: read whole, it would take at least that."""
    write(tmp_path / "in", slices_of(volume_of(50, side=(1024, 512))))
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", LARGE, tmp_path], capture_output=True, text=True, check=True, timeout=300, cwd=root
    )
    assert (tmp_path / "out.h5").stat().st_size > 100_000_000
    assert float(result.stdout) < 60
