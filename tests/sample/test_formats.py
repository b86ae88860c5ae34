"""The sample's files hold the same greys in each format, and nothing about a person."""

import shutil
import subprocess
from io import BytesIO

import numpy as np
import pydicom
import pytest
from PIL import Image

from orchestration.sample.anatomy import VIEWS
from orchestration.sample.formats import dicom, png8, png16

GREY = (np.arange(96 * 64, dtype=np.uint16).reshape(96, 64) * 7) % 4096


def as_dicom(view):
    return dicom(GREY, view, 0.07, study=1003, number=1)


def test_an_eight_bit_png_holds_the_greys_rounded():
    pixels = np.asarray(Image.open(BytesIO(png8(GREY))))
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - GREY * (255 / 4095)).max() <= 0.5


def test_a_sixteen_bit_png_holds_the_greys_as_they_are():
    assert (np.asarray(Image.open(BytesIO(png16(GREY)))) == GREY).all()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_dicom_image_holds_the_greys_inverted_where_it_says_so(view):
    dataset = pydicom.dcmread(BytesIO(as_dicom(view)))
    inverse = view.projection == "CC"
    assert dataset.PhotometricInterpretation == ("MONOCHROME1" if inverse else "MONOCHROME2")
    assert dataset.file_meta.TransferSyntaxUID.is_compressed is not inverse
    assert (dataset.pixel_array == (4095 - GREY if inverse else GREY)).all()
    assert (dataset.ImageLaterality, dataset.ViewPosition) == view


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_dicom_image_names_nobody(view):
    dataset = pydicom.dcmread(BytesIO(as_dicom(view)), stop_before_pixels=True)
    group_10 = [element for element in dataset if element.tag.group == 0x10]
    assert group_10
    assert all(element.value in ("", None) for element in group_10)
    assert all(element.value in ("", None) for element in dataset if element.VR in ("PN", "DA", "TM", "DT"))


def test_a_dicom_image_is_the_same_bytes_each_time():
    assert as_dicom(VIEWS[1]) == as_dicom(VIEWS[1])


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (Debian package dicom3tools) is not installed")
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_an_independent_validator_finds_no_error_in_a_dicom_image(view, tmp_path):
    file = tmp_path / "image.dcm"
    file.write_bytes(as_dicom(view))
    report = subprocess.run(["dciodvfy", "-new", file], capture_output=True, text=True, check=False)
    assert "MammographyImageForPresentation" in report.stderr
    assert [line for line in report.stderr.splitlines() if line.startswith("Error")] == []
