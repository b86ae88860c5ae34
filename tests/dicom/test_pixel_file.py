"""Frames read from files whose headers are unusual, or say what is not so."""

from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from orchestration.dicom import frames
from orchestration.dicom.frames import read_frame
from orchestration.dicom.series import BrokenInstanceError, NoVolumeError, read_instance
from orchestration.images import ImageError
from tests.dicom.dicoms import compressed, file_bytes, image_dataset
from tests.volumes.scans import slice_of, volume_of

STORED = (volume_of(1, side=(64, 48))[0] + 1000).astype(np.uint16)
CODECS = {
    JPEGLSLossless: imagecodecs.jpegls_encode,
    JPEG2000Lossless: lambda stored: imagecodecs.jpeg2k_encode(stored, level=0, reversible=True, codecformat="j2k"),
    JPEGLosslessSV1: lambda stored: imagecodecs.jpeg8_encode(stored, lossless=True, predictor=1, bitspersample=16),
    RLELossless: lambda stored: get_encoder(RLELossless).encode(
        slice_of(stored, (0, 0, 0)), index=0, encoding_plugin="pydicom"
    ),
}


def first_frame(data: bytes, folder: Path) -> np.ndarray:
    path = folder / "image"
    path.write_bytes(data)
    instance = read_instance(path, "image")
    assert instance is not None
    return read_frame(path, instance.description, instance.pixels, 0)


@pytest.mark.parametrize("actual", CODECS)
@pytest.mark.parametrize("declared", [*CODECS, JPEGExtended12Bit, ExplicitVRLittleEndian])
def test_a_transfer_syntax_that_lies_does_not_change_the_pixels(actual: str, declared: str, tmp_path: Path) -> None:
    image = compressed(slice_of(STORED, (0, 0, 0)), actual, [CODECS[actual](STORED)])
    data = renamed(file_bytes(image), actual, declared)
    np.testing.assert_array_equal(first_frame(data, tmp_path), STORED)


def renamed(data: bytes, actual: str, declared: str) -> bytes:
    """The file with another transfer syntax in its file meta information, whose length is made right."""
    dataset = dcmread(BytesIO(data))
    old = element(actual)
    assert data.count(old) == 1
    length = dataset.file_meta.FileMetaInformationGroupLength + len(element(declared)) - len(old)
    changed = data.replace(old, element(declared))
    return changed[:140] + length.to_bytes(4, "little") + changed[144:]


def element(syntax: str) -> bytes:
    value = syntax.encode() + b"\0" * (len(syntax) % 2)
    return b"\x02\x00\x10\x00UI" + len(value).to_bytes(2, "little") + value


@pytest.mark.parametrize("with_preamble", [True, False])
def test_of_two_meta_headers_the_pixels_decide(with_preamble: bool, tmp_path: Path) -> None:
    """A decoder of another package returned a constant frame for such a file, and said nothing."""
    data = file_bytes(compressed(slice_of(STORED, (0, 0, 0)), JPEGLosslessSV1, [CODECS[JPEGLosslessSV1](STORED)]))
    other = file_bytes(slice_of(STORED, (0, 0, 0)))
    meta = other[: 144 + dcmread(BytesIO(other)).file_meta.FileMetaInformationGroupLength]
    np.testing.assert_array_equal(first_frame(meta + (data if with_preamble else data[132:]), tmp_path), STORED)


def test_a_constant_frame_of_a_long_codestream_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_bytes(compressed(slice_of(STORED, (0, 0, 0)), JPEGLosslessSV1, [CODECS[JPEGLosslessSV1](STORED)]))
    monkeypatch.setattr(frames, "decode_frame", lambda _: np.zeros_like(STORED))
    with pytest.raises(ImageError, match="two decoders read its pixels differently"):
        first_frame(data, tmp_path)


@pytest.mark.parametrize("syntax", CODECS)
def test_a_constant_frame_is_believed_where_its_codestream_is_short(syntax: str, tmp_path: Path) -> None:
    constant = np.full((512, 512), 7, np.uint16)
    data = file_bytes(compressed(slice_of(constant, (0, 0, 0)), syntax, [CODECS[syntax](constant)]))
    np.testing.assert_array_equal(first_frame(data, tmp_path), constant)


def test_frames_of_several_fragments_are_told_apart_by_offsets_or_by_how_codestreams_begin(tmp_path: Path) -> None:
    stored = [STORED, STORED[::-1].copy(), STORED[:, ::-1].copy()]
    coded = [CODECS[JPEGLSLossless](one) for one in stored]
    for has_offsets in (True, False):
        image = compressed(slice_of(STORED, (0, 0, 0)), JPEGLSLossless, coded)
        image.add_new("PixelData", "OB", encapsulate(coded, fragments_per_frame=2, has_bot=has_offsets))
        image["PixelData"].is_undefined_length = True
        path = tmp_path / "image"
        path.write_bytes(file_bytes(image))
        instance = read_instance(path, "image")
        assert instance is not None
        for number, expected in enumerate(stored):
            np.testing.assert_array_equal(read_frame(path, instance.description, instance.pixels, number), expected)


@pytest.mark.parametrize(
    "name", ["MR_small_bigendian.dcm", "MR_small_implicit.dcm", "image_dfl.dcm", "JPGExtended.dcm"]
)
def test_pydicoms_own_samples_of_unusual_encodings_are_read_as_pydicom_reads_them(name: str, tmp_path: Path) -> None:
    from orchestration.dicom.codecs import register  # noqa: PLC0415 - for pydicom, which has no decoder of 12 bits

    register()
    path = Path(str(get_testdata_file(name)))
    np.testing.assert_array_equal(first_frame(path.read_bytes(), tmp_path), dcmread(path).pixel_array)


def test_bits_beyond_bits_stored_do_not_count(tmp_path: Path) -> None:
    values = (STORED & 0x0FFF).astype(np.uint16)
    image = slice_of(values | np.uint16(0x8000), (0, 0, 0))
    image.BitsStored, image.HighBit = 12, 11
    np.testing.assert_array_equal(first_frame(file_bytes(image), tmp_path), values)


@pytest.mark.parametrize("keep", [0.4, 0.8, 0.98])
@pytest.mark.parametrize("syntax", [None, JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_a_file_that_is_cut_short_is_refused_and_never_read_in_part(syntax, keep: float, tmp_path: Path) -> None:
    image = slice_of(STORED, (0, 0, 0))
    data = file_bytes(image if syntax is None else compressed(image, syntax, [CODECS[syntax](STORED)]))
    with pytest.raises(ImageError, match="cut short|damaged"):
        first_frame(data[: int(keep * len(data))], tmp_path)


def test_the_series_of_a_broken_file_is_known_where_its_header_is_whole(tmp_path: Path) -> None:
    image = slice_of(STORED, (0, 0, 0))
    (tmp_path / "image").write_bytes(file_bytes(image)[:-100])
    with pytest.raises(BrokenInstanceError) as broken:
        read_instance(tmp_path / "image", "image")
    assert broken.value.series_instance_uid == image.SeriesInstanceUID


def test_colour_is_of_a_kind_that_no_volume_is_made_of(tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(file_bytes(image_dataset(np.zeros((4, 4, 3), np.uint8), photometric="RGB")))
    with pytest.raises(NoVolumeError, match="colour"):
        read_instance(tmp_path / "image", "image")
