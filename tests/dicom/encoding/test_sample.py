"""Twenty real headers and pixels from archives become files that pydicom, dcmtk and dicom3tools take."""

import io
import shutil
import subprocess
import tarfile

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian

from orchestration.dicom.encoding import assemble, parse_header
from tests.dicom.encoding.oracle import file_of

SOURCES = {"CT": "CT_small.dcm", "MR": "MR_small.dcm"}


@pytest.fixture(scope="module")
def pairs(shared_data):
    """Header and pixels by UID."""
    folder = shared_data / "hai-archives"
    headers, pixels = members(folder / "text"), members(folder / "images")
    assert headers.keys() == pixels.keys()
    return {uid: (headers[uid], pixels[uid]) for uid in headers}


def members(folder):
    contents = {}
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as archive:
            for member in archive:
                contents[member.name.rpartition(".")[0]] = archive.extractfile(member).read()
    return contents


@pytest.fixture(scope="module")
def files(pairs, tmp_path_factory):
    """Assembled files by UID."""
    folder = tmp_path_factory.mktemp("assembled")
    for uid, (header, pixels) in pairs.items():
        (folder / uid).write_bytes(file_of(assemble(parse_header(header), pixels)))
    return {uid: folder / uid for uid in pairs}


def test_all_pairs_have_the_pixels_of_their_source(files):
    assert len(files) == 20
    for uid, path in files.items():
        dataset = dcmread(path)
        source = dcmread(get_testdata_file(SOURCES[dataset.Modality]))
        assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID == uid
        assert dataset.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
        np.testing.assert_array_equal(dataset.pixel_array, source.pixel_array)


def test_all_pairs_keep_every_element_and_those_that_are_private_unchanged(files):
    for path in files.values():
        dataset = dcmread(path)
        source = dcmread(get_testdata_file(SOURCES[dataset.Modality]))
        assert dataset.keys() == source.keys()
        kept = [element for element in source if element.tag.is_private or element.VR == "SQ"]
        assert len(kept) > 100 or dataset.Modality == "MR"
        assert [dataset[element.tag] for element in kept] == kept


def test_no_pair_needs_pydicom(pairs):
    assert not any(assemble(parse_header(header), pixels).through_pydicom for header, pixels in pairs.values())


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="dcmdump (Debian package dcmtk) is not installed")
def test_dcmtk_reads_the_files_without_a_remark(files):
    for uid, path in files.items():
        report = subprocess.run(["dcmdump", "--quote-nonascii", path], capture_output=True, text=True, check=True)
        assert f"[{uid}]" in report.stdout
        assert "PixelData" in report.stdout
        assert not report.stderr


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is not installed")
def test_dicom3tools_finds_no_more_than_in_the_source(files):
    known = {modality: findings(get_testdata_file(name)) for modality, name in SOURCES.items()}
    for path in files.values():
        modality = dcmread(io.BytesIO(path.read_bytes())).Modality
        assert findings(path) <= known[modality]


def findings(path):
    report = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
    assert report.stderr
    return {line for line in report.stderr.splitlines() if line.startswith(("Error", "Warning"))}
