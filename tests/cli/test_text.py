"""Deciding of scans with text, as a person does it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.cli.conftest import Home
from tests.imaging.text.planting import ground, write

Studies = Callable[..., Path]


def test_a_person_looks_at_a_scan_with_text_and_accepts_it(own: Home, write_studies: Studies) -> None:
    data = write_studies(1)
    Image.fromarray(write(ground(), "DOE JANE 1952", 4, 4)).save(data / "blobs" / "mmg" / "0001" / "1.png")
    own.settings |= {"DOUBLEREAD_EXPORT_CHECK_TEXT": "true"}
    own.run("load", str(data))
    told = own.run("build", status=1).stdout
    assert "1 scans left out of the export" in told
    listed = own.run("text", "list").stdout
    assert "1 scans with text, 1 wait for a decision" in listed
    assert "waits" in listed

    shown = own.run("text", "show", "11").stdout
    picture = Path(shown.removeprefix("11: ").strip())
    assert picture.parent == own.folder / ".doubleread" / "text_review"
    assert picture.stat().st_mode & 0o077 == 0, "it may show a name"
    assert np.asarray(Image.open(picture)).shape[2] == 3
    for path in own.training_set.rglob("*"):
        assert path.suffix != ".png" or "11" not in path.name or path.parent.name.startswith("has_"), "not exported"

    assert "1 scans accepted by Curie" in own.run("text", "accept", "11", "--by", "Curie").stdout
    assert not picture.exists()
    assert "4 scans (4 with findings)" in own.run("export").stdout
    assert "accepted by Curie" in own.run("text", "list").stdout
    own.run("text", "refuse", "11", "--by", "Curie")
    assert "11: text found top left; refused by Curie" in own.run("export", status=1).stdout
    assert "no text was found on it" in own.run("text", "accept", "12", status=1).stdout


def test_before_anything_was_built_there_is_nothing_to_decide_of(own: Home) -> None:
    assert "run: doubleread build" in own.run("text", "list", status=2).stderr
