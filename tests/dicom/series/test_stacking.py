"""Which images make a volume, and in which order: by where they lie, never by what their files are called."""

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from orchestration.dicom.series import Stack, StackError, read_instance, stack
from tests.volumes.scans import (
    acquisitions_of,
    enhanced,
    slice_of,
    slices_of,
    volume_of,
    write,
)


def stacked(images: list[Dataset], *, allow_gaps: bool = False) -> Stack:
    """The stack of images that are written in another order."""
    with TemporaryDirectory() as folder:
        paths = write(Path(folder), images)
        instances = [read_instance(path, path.name) for path in sorted(paths)]
        return stack([one for one in instances if one], allow_gaps=allow_gaps)


def uids(found: Stack) -> list[str]:
    return [frame.instance.sop_instance_uid for frame in found.frames]


@given(
    angles=st.tuples(*[st.floats(-np.pi, np.pi)] * 3),
    between=st.floats(0.05, 20),
    slices=st.integers(2, 6),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
)
@settings(max_examples=25)
def test_slices_of_any_orientation_are_sorted_along_their_normal(angles, between, slices, origin) -> None:
    """The oracle is how the positions were made: origin + number * spacing * normal, in any order of files."""
    x, y, z = angles
    turned = (
        np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
        @ np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
        @ np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    )
    row, column, normal = turned.T
    orientation = [float(f"{number:.9f}") for number in (*row, *column)]
    images = [
        slice_of(stored, np.array(origin) + number * between * normal, ImageOrientationPatient=orientation)
        for number, stored in enumerate(volume_of(slices))
    ]
    found = stacked(images)
    assert uids(found) == [image.SOPInstanceUID for image in images]
    assert found.axes == ("slice", "row", "column")
    assert found.shape == (slices, 6, 4)
    assert found.spacing == pytest.approx((between, 0.5, 0.25), abs=1e-4)


@pytest.mark.parametrize(
    ("keyword", "axis"),
    [
        ("AcquisitionNumber", "acquisition"),
        ("TemporalPositionIdentifier", "time"),
        ("EchoTime", "echo"),
        ("DiffusionBValue", "b_value"),
        ("TriggerTime", "phase"),
        ("InversionTime", "inversion"),
    ],
)
def test_several_images_at_one_position_become_a_named_axis(keyword: str, axis: str) -> None:
    images = acquisitions_of(np.stack([volume_of(4, seed=seed) for seed in range(3)]), keyword)
    found = stacked(random.Random(3).sample(images, len(images)))
    assert found.axes == (axis, "slice", "row", "column")
    assert found.shape == (3, 4, 6, 4)
    assert uids(found) == [image.SOPInstanceUID for image in images]
    assert found.marks == (keyword,)
    assert found.mark_values == ((1.0,), (2.0,), (3.0,))
    assert found.spacing[0] == pytest.approx(2.5)


def test_times_that_differ_from_slice_to_slice_order_the_images_at_each_position() -> None:
    volumes = np.stack([volume_of(3, seed=seed) for seed in range(2)])
    images = [
        slice_of(volumes[time, at], (0, 0, 5 * at), AcquisitionTime=f"1200{10 * time + at:02d}", InstanceNumber=1)
        for time in range(2)
        for at in range(3)
    ]
    found = stacked(images)
    assert found.axes[0] == "acquisition"
    assert uids(found) == [image.SOPInstanceUID for image in images]
    assert found.marks == ()


def test_two_elements_together_tell_images_apart_where_one_does_not() -> None:
    images = [
        slice_of(volume_of(1, seed=10 * echo + part)[0], (0, 0, at), EchoTime=echo, ImageType=["ORIGINAL", "PRIMARY", kind])
        for echo in (10, 20)
        for part, kind in enumerate("MP")
        for at in range(3)
    ]  # fmt: skip
    found = stacked(images)
    assert found.axes[0] == "echo_component"
    assert found.mark_values == ((10.0, "M"), (10.0, "P"), (20.0, "M"), (20.0, "P"))
    assert uids(found) == [image.SOPInstanceUID for image in images]


def test_frames_of_an_enhanced_object_are_sorted_by_their_functional_groups() -> None:
    found = stacked([enhanced(np.stack([volume_of(3, seed=seed) for seed in range(2)]))])
    assert found.axes == ("time", "slice", "row", "column")
    assert found.spacing == pytest.approx((3.0, 0.5, 0.25))
    places = [(frame.plane.marks["TemporalPositionIndex"], frame.plane.position) for frame in found.frames]
    assert places == [(time, (0, 0, 3.0 * at)) for time in (1, 2) for at in range(3)]


def test_slice_location_counts_only_where_positions_are_missing() -> None:
    images = slices_of(volume_of(4))
    for number, image in enumerate(images):
        image.SliceLocation = -number
    assert uids(stacked(images)) == [image.SOPInstanceUID for image in images]
    for image in images:
        del image.ImagePositionPatient
    assert uids(stacked(images)) == [image.SOPInstanceUID for image in reversed(images)]


def test_images_that_say_nothing_of_their_place_are_frames_without_a_spacing_between_them() -> None:
    images = [slice_of(stored, None, InstanceNumber=number) for number, stored in enumerate(volume_of(3))]
    found = stacked(images)
    assert found.axes == ("frame", "row", "column")
    assert found.spacing == (None, 0.5, 0.25)
    assert uids(found) == [image.SOPInstanceUID for image in images]


def test_a_missing_slice_is_an_error_that_names_its_neighbours_unless_gaps_are_allowed() -> None:
    images = slices_of(volume_of(6))
    del images[2]
    with pytest.raises(StackError, match=r"5 mm between slices where 2.5 mm are usual, at -27.5 mm \(\d+, \d+\)"):
        stacked(images)
    found = stacked(images, allow_gaps=True)
    assert (found.shape[0], found.spacing[0], len(found.gaps)) == (5, 2.5, 1)


def test_an_acquisition_that_lacks_a_slice_is_named_and_its_position_left_out_where_gaps_are_allowed() -> None:
    images = acquisitions_of(np.stack([volume_of(5, seed=seed) for seed in range(3)]))
    del images[9]  # the last slice of the second acquisition
    with pytest.raises(StackError, match=r"2 of 3 images at -20 mm \(\d+, \d+\)"):
        stacked(images)
    found = stacked(images, allow_gaps=True)
    assert found.shape[:2] == (3, 4)
    assert len(found.left_out) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"StudyInstanceUID": "1.2.9"}, "mixes studies: "),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]}, "mixes orientations: "),
        ({"PixelSpacing": [0.5, 0.5]}, "mixes pixel spacings: "),
        ({"FrameOfReferenceUID": "1.2.9"}, "mixes frames of reference: "),
        ({"ImagePositionPatient": None}, "has images without Image Position"),
        ({"ImagePositionPatient": [90, 20, -30]}, "has images beside one another in one plane"),
        ({"ImagePositionPatient": [-10, 20, -30]}, "has 2 images at one position that no element tells apart"),
    ],
)
def test_what_does_not_belong_together_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    images = slices_of(volume_of(3))
    other = slice_of(volume_of(1, seed=9)[0], (-10, 20, -22.5), **changes)
    with pytest.raises(StackError, match=message) as refused:
        stacked([*images, other])
    assert any(character.isdigit() for character in str(refused.value).split(message)[-1]), "files are named"


def test_images_of_other_sizes_are_refused_by_name() -> None:
    images = [*slices_of(volume_of(3)), slice_of(volume_of(1, side=(5, 4))[0], (-10, 20, -22.5))]
    with pytest.raises(StackError, match=r"mixes sizes: .*6 x 4 in .*"):
        stacked(images)
