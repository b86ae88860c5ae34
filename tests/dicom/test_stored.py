"""Stored values and their rendering apart: together they are what ``read_image`` shows."""

import tracemalloc
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from pydicom.dataset import Dataset
from pydicom.pixels import get_encoder
from pydicom.uid import JPEG2000Lossless, JPEGLosslessSV1, RLELossless

from orchestration.dicom import stored as stored_module
from orchestration.imaging import (
    ImageError,
    encode_samples,
    read_image,
    read_samples,
    read_stored,
    render,
    stored_bytes,
)
from tests.dicom.dicoms import compressed, file_bytes, image_dataset

SHAPE = (16, 12)
TYPES = st.sampled_from([np.uint8, np.int8, np.uint16, np.int16])


def noise(seed: int, top: int = 4096) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, top, SHAPE, dtype=np.uint16)


def frames_of(stored: np.ndarray, **elements: Any) -> Dataset:
    dataset = image_dataset(stored[0], bits=12, NumberOfFrames=len(stored), **elements)
    dataset.PixelData = stored.tobytes()
    return dataset


def spacing_item(row: float, column: float) -> Dataset:
    measures, group = Dataset(), Dataset()
    measures.PixelSpacing = [row, column]
    group.PixelMeasuresSequence = [measures]
    return group


@given(stored=TYPES.flatmap(lambda kind: st_numpy.arrays(kind, SHAPE)), inverted=st.booleans(), windowed=st.booleans())
def test_stored_values_are_untouched_and_shown_as_read_image_shows_them(
    stored: np.ndarray, inverted: bool, windowed: bool
) -> None:
    window = {"WindowCenter": 40, "WindowWidth": 80} if windowed else {}
    data = file_bytes(image_dataset(stored, photometric="MONOCHROME1" if inverted else "MONOCHROME2", **window))
    image = read_stored(data)
    assert image.stored.dtype == stored.dtype
    np.testing.assert_array_equal(image.stored, stored)
    np.testing.assert_array_equal(render(image.stored, image.frames, image.tables), read_image(data))


@pytest.mark.parametrize("syntax", [JPEGLosslessSV1, JPEG2000Lossless, RLELossless], ids=lambda uid: uid.name)
def test_compressed_frames_are_the_values_that_were_compressed(syntax: str) -> None:
    encode = {
        JPEGLosslessSV1: lambda frame: imagecodecs.jpeg8_encode(frame, lossless=True, predictor=1, bitspersample=12),
        JPEG2000Lossless: lambda frame: imagecodecs.jpeg2k_encode(
            frame, level=0, reversible=True, codecformat="j2k", bitspersample=12
        ),
        RLELossless: lambda frame: get_encoder(RLELossless).encode(
            image_dataset(frame, bits=12), index=0, encoding_plugin="pydicom"
        ),
    }[syntax]
    stored = np.stack([noise(1), noise(2)])
    image = read_stored(file_bytes(compressed(frames_of(stored), syntax, [encode(frame) for frame in stored])))
    assert image.frames == 2
    np.testing.assert_array_equal(image.stored, stored)


def test_frames_share_a_window_and_without_one_their_range() -> None:
    stored = np.stack([np.full(SHAPE, 100, np.uint16), np.full(SHAPE, 300, np.uint16)])
    image = read_stored(file_bytes(frames_of(stored)))
    assert len(image.tables) == 1
    assert render(image.stored, 2, image.tables)[:, 0, 0].tolist() == [0, 255]
    image = read_stored(file_bytes(frames_of(stored, WindowCenter=200.5, WindowWidth=2)))
    assert render(image.stored, 2, image.tables)[:, 0, 0].tolist() == [0, 255]


def test_frames_with_windows_of_their_own_are_each_shown_through_it() -> None:
    groups = []
    for centre in (100, 300):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = centre, 20
        group.FrameVOILUTSequence = [window]
        groups.append(group)
    stored = np.full((2, *SHAPE), 200, np.uint16)
    image = read_stored(file_bytes(frames_of(stored, PerFrameFunctionalGroupsSequence=groups)))
    assert render(image.stored, 2, image.tables)[:, 0, 0].tolist() == [255, 0]


@pytest.mark.parametrize(
    ("elements", "spacing"),
    [
        ({"PixelSpacing": [0.1, 0.2], "ImagerPixelSpacing": [0.3, 0.4]}, (0.1, 0.2)),
        ({"ImagerPixelSpacing": [0.3, 0.4]}, (0.3, 0.4)),
        ({"NominalScannedPixelSpacing": [0.05, 0.05]}, (0.05, 0.05)),
        ({"SharedFunctionalGroupsSequence": [spacing_item(0.08, 0.09)]}, (0.08, 0.09)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.3, 0.4]}, (0.3, 0.4)),
        ({"PixelSpacing": None}, None),
        ({}, None),
    ],
)
def test_spacing_is_the_first_that_the_file_gives(
    elements: dict[str, Any], spacing: tuple[float, float] | None
) -> None:
    assert read_stored(file_bytes(image_dataset(noise(1), **elements))).pixel_spacing == spacing


@given(
    samples=st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda kind: st_numpy.arrays(kind, st.sampled_from([(70, 5), (1, 1), (3, 4, 3)]))
    )
)
def test_samples_written_as_they_are_come_back_from_libpng_and_from_here(samples: np.ndarray) -> None:
    data = encode_samples(samples)
    np.testing.assert_array_equal(imagecodecs.png_decode(data), samples)
    np.testing.assert_array_equal(read_samples(data)[0], samples)


def test_a_png_is_its_samples_and_a_grey_one_in_rgb_is_grey() -> None:
    image = read_stored(encode_samples(noise(1)))
    np.testing.assert_array_equal(image.stored, noise(1))
    np.testing.assert_array_equal(render(image.stored, 1, image.tables), read_image(encode_samples(noise(1))))
    assert read_stored(encode_samples(np.stack([noise(1)] * 3, -1))).stored.shape == SHAPE


def test_more_frames_than_memory_is_meant_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_bytes(frames_of(np.stack([noise(1)] * 3)))
    monkeypatch.setattr(stored_module, "MAX_STORED_BYTES", 1000)
    with pytest.raises(ImageError, match="at most 1,000 frames and 1,000 bytes"):
        read_stored(data)


@pytest.mark.parametrize("frames", [1_000_000, 4, -2])
def test_frames_that_are_declared_and_not_there_are_refused(frames: int) -> None:
    dataset = frames_of(np.stack([noise(1)] * 3))
    dataset.NumberOfFrames = frames
    with pytest.raises(ImageError):
        read_stored(file_bytes(dataset))


@pytest.mark.parametrize("frames", [1, 3])
@given(stored=TYPES.flatmap(lambda kind: st_numpy.arrays(kind, SHAPE)))
def test_the_bytes_of_stored_values_are_known_before_they_are_decoded(frames: int, stored: np.ndarray) -> None:
    dataset = image_dataset(stored)
    if frames > 1:
        dataset.NumberOfFrames, dataset.PixelData = frames, stored.tobytes() * frames
    data = file_bytes(dataset)
    assert stored_bytes(data) == read_stored(data).stored.nbytes == frames * stored.nbytes


@pytest.mark.parametrize(
    "samples", [noise(1), noise(1, 256).astype(np.uint8), np.stack([noise(1), noise(2), noise(3)], -1)]
)
def test_so_are_those_of_a_png(samples: np.ndarray) -> None:
    assert stored_bytes(encode_samples(samples)) == samples.nbytes


def test_so_are_those_of_a_jpeg() -> None:
    assert stored_bytes(imagecodecs.jpeg8_encode(noise(1, 256).astype(np.uint8))) == 16 * 12


def test_the_bytes_of_many_frames_are_told_without_a_copy_of_them() -> None:
    dataset = frames_of(np.zeros((100, 256, 256), np.uint16))
    data = file_bytes(dataset)
    stored_bytes(data)
    tracemalloc.start()
    assert stored_bytes(data) == 100 * 256 * 256 * 2
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_more_bytes_than_are_read_and_what_is_no_image_are_refused_before_decoding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = file_bytes(frames_of(np.stack([noise(1)] * 3)))
    monkeypatch.setattr(stored_module, "MAX_STORED_BYTES", 1000)
    with pytest.raises(ImageError, match="at most 1,000 frames and 1,000 bytes"):
        stored_bytes(data)
    with pytest.raises(ImageError, match="neither PNG, JPEG nor DICOM; it is empty"):
        stored_bytes(b"")


def test_colour_by_a_palette_is_refused() -> None:
    dataset = image_dataset(noise(1).astype(np.uint8), photometric="PALETTE COLOR")
    with pytest.raises(ImageError, match="palette"):
        read_stored(file_bytes(dataset))
