"""A reader is known by a colour: stable between pictures, different within one, and never a grey."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.imaging.colours import COLOURS, reader_colours

# Linear RGB to XYZ (IEC 61966-2-1), and to what red and green blindness make of it (Machado et al. 2009).
XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
VISION = {
    "full": np.eye(3),
    "red-blind": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green-blind": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


def cielab(colours: np.ndarray, vision: str) -> np.ndarray:
    scaled = np.asarray(colours) / 255
    linear = np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.transpose(VISION[vision]), 0, 1)
    xyz = seen @ np.transpose(XYZ) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


@pytest.mark.parametrize(("vision", "least"), [("full", 50), ("red-blind", 30), ("green-blind", 30)])
def test_any_two_colours_are_far_apart_for_every_eye(vision, least):
    lab = cielab(COLOURS, vision)
    distances = np.linalg.norm(lab[:, None] - lab, axis=2)[~np.eye(len(COLOURS), dtype=bool)]
    assert distances.min() >= least


def test_every_colour_is_light_and_far_from_every_grey():
    lab = cielab(COLOURS, "full")
    assert lab[:, 0].min() > 50
    assert np.hypot(lab[:, 1], lab[:, 2]).min() > 45


names = st.text(max_size=8)


@given(st.sets(names, max_size=len(COLOURS)))
def test_up_to_eight_readers_have_eight_colours_whatever_their_order(readers):
    colours = reader_colours(sorted(readers))
    assert len(set(colours.values())) == len(readers)
    assert colours == reader_colours(sorted(readers, reverse=True)) == reader_colours([*readers, *readers])


@given(st.sets(names, min_size=9, max_size=30))
def test_more_readers_than_colours_share_them(readers):
    assert set(reader_colours(readers).values()) == set(range(len(COLOURS)))


@given(st.sets(names, min_size=1, max_size=8))
def test_the_first_reader_has_the_same_colour_in_every_picture(readers):
    first = min(readers)
    assert reader_colours(readers)[first] == reader_colours([first])[first]


def test_another_process_with_another_hash_seed_chooses_the_same_colours():
    code = "from orchestration.imaging.colours import reader_colours as c; print(c(['U1', 'U2', 'Zoë', '\\ud800']))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
