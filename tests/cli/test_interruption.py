"""Killed at any moment, or run twice at once: the result is that of an undisturbed run, and nothing partial shows."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.database import Database, load_raw_tables
from orchestration.transformations import expected_raw_tables
from tests.cli.conftest import Home, stop_embedded_server, write_data

STUDIES = 8


def results(home: Home) -> dict[str, bytes]:
    """Every picture, and the manifest of the current generation of the export, which follows from its content."""
    manifest = home.training_set / "export" / "current" / "generation.json"
    return home.pictures() | ({"generation.json": manifest.read_bytes()} if manifest.exists() else {})


def clean_images(home: Home) -> int:
    return sum(1 for _ in (home.training_set / "export" / "objects").glob("*/*.png"))


def copies(home: Home) -> int:
    return sum(1 for path in (home.folder / ".doubleread" / "scans").glob("[0-9a-f][0-9a-f]/*"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough pixels that drawing them takes more than a moment."""
    return write_data(tmp_path_factory.mktemp("data"), STUDIES, width=1000, height=1300)


@pytest.fixture
def loaded(own: Home, database: Database, data: Path) -> Home:
    """A home whose database holds the raw tables, and whose image store is the folder of the data."""
    load_raw_tables(database, data, schema="public", tables=expected_raw_tables())
    own.settings["DOUBLEREAD_IMAGES"] = (data / "blobs").as_uri()
    return own


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """What a build leaves that nobody disturbed."""
    home = Home(tmp_path_factory.mktemp("u"))
    home.run("load", str(data))
    home.run("build")
    yield results(home)
    stop_embedded_server(home.folder / ".doubleread" / "postgres")


@pytest.mark.parametrize(
    "moment",
    [
        lambda home: (home.folder / ".doubleread" / "dbt" / "run_results.json").exists(),
        lambda home: copies(home) >= 5,
        lambda home: len(home.pictures()) >= 3,
        lambda home: clean_images(home) >= 3,
    ],
    ids=["at the models", "while retrieving", "while drawing", "while exporting"],
)
def test_a_killed_build_shows_nothing_partial_and_the_next_ends_as_if_undisturbed(
    loaded: Home, undisturbed: dict[str, bytes], moment: Callable[[Home], bool]
) -> None:
    process = loaded.start("build")
    deadline = time.monotonic() + 300
    while not moment(loaded):
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.communicate()
    visible = results(loaded)
    assert visible.items() <= undisturbed.items(), "what can be seen is whole"
    loaded.run("build")
    assert results(loaded) == undisturbed
    assert [path.name for path in loaded.training_set.iterdir() if path.name.startswith(".")] == []


def test_two_builds_at_once_both_end_well_and_the_result_is_right(loaded: Home, undisturbed: dict[str, bytes]) -> None:
    first, second = loaded.start("build"), loaded.start("build")
    for process in (first, second):
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
    assert results(loaded) == undisturbed
