"""Killed at any moment, or run twice at once: the result is that of an undisturbed run, and nothing partial shows."""

import io
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from orchestration.database import Database
from tests.cli.conftest import Home

Studies = Callable[..., Path]
STUDIES = 8
PICTURES = 4 * STUDIES


def copies(home: Home) -> int:
    return sum(1 for path in (home.folder / ".doubleread" / "scans").glob("[0-9a-f][0-9a-f]/*"))


def assert_whole(pictures: dict[str, bytes]) -> None:
    for data in pictures.values():
        with Image.open(io.BytesIO(data)) as image:
            image.load()


@pytest.fixture
def own(home: Home, database: Database) -> Home:
    return replace(home, settings=dict(database.libpq_environment))


@pytest.fixture
def loaded(own: Home, write_studies: Studies) -> Home:
    """Enough pixels that drawing them takes some seconds."""
    own.run("load", str(write_studies(STUDIES, width=2000, height=2600)))
    return own


@pytest.mark.parametrize(
    "moment",
    [
        lambda home: (home.folder / ".doubleread" / "dbt" / "run_results.json").exists(),
        lambda home: copies(home) >= 5,
        lambda home: len(home.pictures()) >= 3,
        lambda home: len(home.pictures()) >= PICTURES - 3,
    ],
    ids=["at the models", "while retrieving", "while drawing", "near the end"],
)
def test_a_killed_build_shows_nothing_partial_and_the_next_ends_as_if_undisturbed(
    loaded: Home, moment: Callable[[Home], bool]
) -> None:
    process = loaded.start("build")
    deadline = time.monotonic() + 120
    while not moment(loaded):
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.communicate()
    visible = loaded.pictures()
    assert_whole(visible)
    loaded.run("build")
    finished = loaded.pictures()
    assert len(finished) == PICTURES
    assert visible.items() <= finished.items()
    undisturbed = replace(loaded, folder=loaded.folder / "undisturbed")
    undisturbed.folder.mkdir()
    undisturbed.settings["DOUBLEREAD_IMAGES"] = (loaded.folder / ".doubleread" / "images").as_uri()
    undisturbed.run("build")
    assert undisturbed.pictures() == finished
    assert [path.name for path in loaded.training_set.iterdir() if path.name.startswith(".")] == []


def test_two_builds_at_once_both_end_well_and_the_result_is_right(loaded: Home) -> None:
    first, second = loaded.start("build"), loaded.start("build")
    for process in (first, second):
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0, output
    pictures = loaded.pictures()
    assert len(pictures) == PICTURES
    assert_whole(pictures)
    loaded.run("build")
    assert loaded.pictures() == pictures
