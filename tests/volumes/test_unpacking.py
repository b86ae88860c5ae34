"""Volumes back as derived DICOMs: identical pixels where nothing changed, valid headers in any case."""

import shutil
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGLSLossless

from orchestration.dicom.deriving import derived_uid
from orchestration.dicom.greys import Lut, Rescaling
from orchestration.dicom.quantising import StoredRange, full_range_rescaling, quantise
from orchestration.errors import DoublereadError
from orchestration.volumes import Derivation, SeriesError, find_series, write_derived
from orchestration.volumes.packing import Packing, pack
from orchestration.volumes.unpacking import UnpackReport, unpack
from tests.dicom.dicoms import lut
from tests.volumes.scans import (
    SAMPLES,
    SERIES,
    acquisitions_of,
    enhanced,
    sample,
    slices_of,
    stored_by_uid,
    volume_of,
    write,
)


def packed(folder: Path, *, stored: bool = False, **options: bool) -> Path:
    """Pack ``folder/in``; the HDF5 file."""
    out = folder / "volume.h5"
    pack(folder / "in", out, folder / "volume.json", packing=Packing(stored, **options), overwrite=True)
    return out


def back(folder: Path, **options: object) -> tuple[UnpackReport, list[Dataset]]:
    """Unpack to ``folder/out``; the report and the files."""
    report = unpack(folder / "volume.h5", folder / "in", folder / "out", **options)
    return report, [dcmread(path) for path in sorted((folder / "out").rglob("*.dcm"))]


def assert_same_pixels(folder: Path) -> None:
    """Every file of ``folder/out`` has the pixels of the one in ``folder/in`` that it names as its source."""
    sources, results = stored_by_uid(folder / "in"), stored_by_uid(folder / "out")
    assert len(results) == len(sources)
    for path in (folder / "out").rglob("*.dcm"):
        header = dcmread(path, stop_before_pixels=True)
        source = header.SourceImageSequence[0].ReferencedSOPInstanceUID
        np.testing.assert_array_equal(results[header.SOPInstanceUID], sources[source])
        assert results[header.SOPInstanceUID].dtype.newbyteorder("=") == sources[source].dtype.newbyteorder("=")


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_pydicoms_samples_come_back_with_identical_pixels(
    name: str, compress: bool, stored: bool, tmp_path: Path
) -> None:
    sample(tmp_path / "in", name)
    packed(tmp_path, stored=stored)
    report, (image,) = back(tmp_path, compress=compress)
    assert report.failed.count == 0
    assert_same_pixels(tmp_path)
    assert image.file_meta.TransferSyntaxUID == (JPEGLSLossless if compress else native_of(tmp_path / "in" / "image"))


def native_of(source: Path) -> str:
    syntax = dcmread(source, stop_before_pixels=True).file_meta.TransferSyntaxUID
    return syntax if syntax.is_implicit_VR else ExplicitVRLittleEndian


def test_sixty_positions_in_three_acquisitions_come_back_in_their_places(tmp_path: Path) -> None:
    volumes = np.stack([volume_of(60, seed=seed) for seed in range(3)])
    write(tmp_path / "in", acquisitions_of(volumes))
    with h5py.File(packed(tmp_path)) as file:
        assert file["data"].shape == (3, 60, 6, 4)
    back(tmp_path)
    assert_same_pixels(tmp_path)


@pytest.mark.parametrize("compress", [False, True])
def test_an_enhanced_object_comes_back_with_its_frames_in_its_own_order(compress: bool, tmp_path: Path) -> None:
    write(tmp_path / "in", [enhanced(np.stack([volume_of(4, seed=seed) for seed in range(2)]))])
    with h5py.File(packed(tmp_path)) as file:
        assert file["data"].shape == (2, 4, 6, 4)
    _, (image,) = back(tmp_path, compress=compress)
    assert_same_pixels(tmp_path)
    assert image.ImageType == ["DERIVED", "PRIMARY", "M", "NONE"]
    shared = image.SharedFunctionalGroupsSequence[0]
    assert shared.MRImageFrameTypeSequence[0].FrameType == ["DERIVED", "PRIMARY", "M", "NONE"]
    assert shared.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPClassUID == image.SOPClassUID


def test_the_header_is_that_of_the_template_but_for_what_no_longer_holds(tmp_path: Path) -> None:
    images = slices_of(volume_of(3), ImageType=["ORIGINAL", "PRIMARY", "M"], SmallestImagePixelValue=0)
    for image in images:
        image.PixelPaddingValue, image.InstanceCreationDate, image.WindowCenter, image.WindowWidth = (
            -1,
            "20200101",
            5,
            9,
        )
    write(tmp_path / "in", images)
    packed(tmp_path)
    _, results = back(tmp_path)
    assert len({image.SeriesInstanceUID for image in results}) == 1
    assert len({image.SOPInstanceUID for image in results}) == 3
    for image in results:
        assert image.SOPInstanceUID == image.file_meta.MediaStorageSOPInstanceUID
        assert UID(image.SOPInstanceUID).is_valid
        assert image.SeriesInstanceUID.startswith("2.25.")
        assert image.SeriesInstanceUID != SERIES
        assert (image.StudyInstanceUID, image.FrameOfReferenceUID) == (
            images[0].StudyInstanceUID,
            images[0].FrameOfReferenceUID,
        )
        assert image.ImageType == ["DERIVED", "SECONDARY", "M"]
        assert image.DerivationDescription
        assert (image.WindowCenter, image.WindowWidth, image.PatientName) == (5, 9, "Curie^Marie")
        assert not {"SmallestImagePixelValue", "PixelPaddingValue", "InstanceCreationDate"} & set(image.dir())


def test_the_same_run_twice_gives_the_same_bytes_and_another_volume_other_uids(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    packed(tmp_path)
    runs = []
    for _ in range(2):
        back(tmp_path, overwrite=True)
        runs.append({path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()})
    assert runs[0] == runs[1]
    with h5py.File(tmp_path / "volume.h5", "r+") as file:
        file["data"][0] = 0.5
    back(tmp_path, overwrite=True)
    assert not set(runs[0]) & {path.name for path in (tmp_path / "out").iterdir()}


def test_a_changed_volume_is_rounded_in_the_units_of_its_template(tmp_path: Path) -> None:
    volume = volume_of(3)
    images = slices_of(volume, RescaleSlope="2", RescaleIntercept="-24")
    write(tmp_path / "in", images)
    with h5py.File(packed(tmp_path), "r+") as file:
        file["data"][...] = 0.25 + file["data"][...] / 2
    back(tmp_path)
    low, high = int(volume.min()), int(volume.max())
    expected = np.rint(low + (0.25 + (volume.astype(np.float64) - low) / (high - low) / 2) * (high - low))
    by_source = {
        image.SourceImageSequence[0].ReferencedSOPInstanceUID: image
        for image in map(dcmread, (tmp_path / "out").iterdir())
    }
    found = np.stack([by_source[image.SOPInstanceUID].pixel_array for image in images])
    assert np.abs(found - expected).max() <= 1, "halves may round either way"
    assert (found == expected).mean() > 0.8


def test_the_full_range_is_spread_over_bits_stored_with_a_rescale_and_window_that_fit(tmp_path: Path) -> None:
    volume = np.clip(volume_of(3), 0, 2000)
    write(tmp_path / "in", slices_of(volume, bits=12, RescaleSlope="1", RescaleIntercept="-1024"))
    packed(tmp_path)
    _, results = back(tmp_path, full_range=True)
    stored = np.stack([image.pixel_array for image in results])
    assert (stored.min(), stored.max()) == (-2048, 2047)
    for image in results:
        source = stored_by_uid(tmp_path / "in")[image.SourceImageSequence[0].ReferencedSOPInstanceUID]
        values = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
        assert np.abs(values - (source - 1024.0)).max() <= float(image.RescaleSlope) / 2 + 1e-9
        assert image.WindowCenter - image.WindowWidth / 2 == pytest.approx(-1024)


def test_a_modality_lut_is_applied_and_undone(tmp_path: Path) -> None:
    volume = np.random.default_rng(0).integers(0, 64, (3, 6, 4)).astype(np.uint8)
    entries = [number * number for number in range(64)]
    images = slices_of(volume, bits=6)
    for image in images:
        item = lut(entries, 0)
        item.ModalityLUTType = "US"
        image.ModalityLUTSequence = [item]
    write(tmp_path / "in", images)
    with h5py.File(packed(tmp_path)) as file:
        assert file["data"].attrs["maximum"] == int(volume.max()) ** 2
        assert file["data"].attrs["exact"]
    back(tmp_path)
    assert_same_pixels(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.__setitem__((0, 0, 0), np.nan), "holds values that are no numbers"),
        (lambda data: data.__setitem__((1, 2, 2), np.inf), "holds values that are no numbers"),
        (lambda data: data.attrs.__setitem__("series_instance_uid", "1.2"), "does not hold series 1.2"),
        (lambda data: data.attrs.__setitem__("sop_instance_uids", ["1.2"] * 3), "are not those of the volume"),
    ],
)
def test_a_volume_that_cannot_be_written_is_named_and_leaves_nothing(change, message: str, tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    with h5py.File(packed(tmp_path), "r+") as file:
        change(file["data"])
    report, results = back(tmp_path)
    assert message in report.failed.shown[0].reason
    assert results == []
    assert {path.name for path in tmp_path.iterdir()} == {"in", "volume.h5", "volume.json"}


def test_a_bare_array_of_the_templates_shape_is_enough(tmp_path: Path) -> None:
    volume = volume_of(3)
    write(tmp_path / "in", slices_of(volume))
    scaled = (volume - float(volume.min())) / float(volume.max() - volume.min())
    with h5py.File(tmp_path / "volume.h5", "w") as file:
        file["data"] = scaled
    back(tmp_path)
    assert_same_pixels(tmp_path)
    with h5py.File(tmp_path / "volume.h5", "w") as file:
        file["data"] = scaled[:2]
    report, _ = back(tmp_path, overwrite=True)
    assert "the volume has the shape (2, 6, 4), its template (3, 6, 4)" in report.failed.shown[0].reason


def test_an_existing_folder_is_refused_and_then_replaced_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(3)))
    packed(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    with pytest.raises(DoublereadError, match="exists; --overwrite replaces it"):
        back(tmp_path)
    with h5py.File(tmp_path / "volume.h5", "r+") as file:
        file["data"][0, 0, 0] = np.nan
    back(tmp_path, overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]
    packed(tmp_path)
    back(tmp_path, overwrite=True)
    assert all(path.suffix == ".dcm" for path in (tmp_path / "out").iterdir())


def test_pixels_that_fail_half_way_leave_no_folder(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(5)))
    (series,) = find_series(tmp_path / "in").series
    pixels = np.zeros(series.shape)
    pixels[3, 0, 0] = np.inf
    with pytest.raises(SeriesError, match=r"the new frame 1 of .* holds values that are no numbers"):
        write_derived(series, pixels, tmp_path / "out", Derivation("test", "seed"))
    with pytest.raises(SeriesError, match=r"has the shape \(3, 4\), its source \(6, 4\)"):
        write_derived(series, pixels[:, :3], tmp_path / "out", Derivation("test", "seed"))
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_values_beyond_what_can_be_stored_are_clipped_and_counted(tmp_path: Path) -> None:
    write(tmp_path / "in", slices_of(volume_of(2)))
    (series,) = find_series(tmp_path / "in").series
    written = write_derived(series, np.full(series.shape, 1e6), tmp_path / "out", Derivation("test", "seed"))
    assert written.clipped == 2 * 6 * 4
    assert all((values == 32767).all() for values in stored_by_uid(tmp_path / "out").values())


@given(source=st.from_regex(r"1(\.[1-9][0-9]{0,8}){2,5}", fullmatch=True), seed=st.text())
def test_derived_uids_are_valid_and_follow_from_source_and_seed(source: str, seed: str) -> None:
    made = derived_uid(source, seed)
    assert UID(made).is_valid
    assert int(made.removeprefix("2.25.")) < 2**128
    assert made == derived_uid(source, seed) != derived_uid(source, seed + ".")


@given(
    stored=st.lists(st.integers(-2048, 2047), min_size=1, max_size=20),
    slope=st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3),
    intercept=st.floats(-1e4, 1e4),
)
def test_stored_values_come_back_from_what_the_rescale_makes_of_them(stored, slope, intercept) -> None:
    into = StoredRange("i2", -2048, 2047)
    values = np.array([stored], np.float64) * slope + intercept
    assert quantise(values, Rescaling(slope, intercept), into)[0].tolist() == [stored]
    spread = full_range_rescaling(into, float(values.min()), float(values.max()))
    assert np.abs(quantise(values, spread, into)[0] * spread.slope + spread.intercept - values).max() <= spread.slope


def test_the_nearest_entry_of_a_table_counts_and_the_first_of_equal_ones() -> None:
    table = Lut(np.array([0, 10, 10, 40], np.uint16), 0, 16)
    stored, beyond = quantise(np.array([[-3.0, 4, 6, 10, 26, 41]]), table, StoredRange("u1", 0, 3))
    assert stored.tolist() == [[0, 0, 1, 1, 3, 3]]
    assert beyond == 2


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("name", [*SAMPLES, "enhanced"])
def test_written_files_have_no_error_that_their_template_has_not_and_dcmtk_reads_them(
    name: str, compress: bool, full_range: bool, tmp_path: Path
) -> None:
    for program in ("dciodvfy", "dcmconv", "dcmdjpls"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} (Debian packages dicom3tools and dcmtk) is not installed")
    if name == "enhanced":
        write(tmp_path / "in", [enhanced(np.stack([volume_of(4, seed=seed) for seed in range(2)]))])
    else:
        sample(tmp_path / "in", name)
    packed(tmp_path)
    back(tmp_path, compress=compress, full_range=full_range)
    (template,) = (path for path in (tmp_path / "in").rglob("*") if path.is_file())
    (result,) = (tmp_path / "out").iterdir()
    assert errors(result) - errors(template) == set()
    program = "dcmdjpls" if compress else "dcmconv"
    subprocess.run([program, result, tmp_path / "read.dcm"], check=True, capture_output=True)
    np.testing.assert_array_equal(
        next(iter(stored_by_uid(tmp_path / "out").values())), dcmread(tmp_path / "read.dcm").pixel_array
    )


def errors(path: Path) -> set[str]:
    report = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True, check=False)
    return {line for line in report.stderr.splitlines() if line.startswith("Error")}
