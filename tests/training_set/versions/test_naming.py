"""A person finds the version that they mean, or is told why not."""

import shutil
from pathlib import Path

import pytest

from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.export.generation import HISTORY, GenerationError, Publication
from orchestration.training_set.versions.naming import VersionError, find_version, is_copy, open_copy, open_version
from tests.training_set.export.exporter import Exporter

ONE, OTHER, THIRD = "a" * 32, "ab" * 16, "c" * 32


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place with a history of three versions, whose files are gone."""
    place = open_place(tmp_path / "export", load_settings(), create=True)
    lines, before = [], None
    for version in (ONE, OTHER, THIRD, ONE):
        line = Publication(
            generation=version, previous=before, published_at="2026-01-01T00:00:00+00:00", run_id="run", doubleread="1"
        )
        lines.append(line.model_dump_json().encode() + b"\n")
        before = version
    place.put(HISTORY, lines)
    return place


@pytest.mark.parametrize(
    ("name", "version"), [(ONE, ONE), ("aa", ONE), ("ab", OTHER), ("c", THIRD), ("previous", THIRD)]
)
def test_the_first_digits_are_enough_where_no_other_version_has_them(place: Place, name: str, version: str) -> None:
    assert find_version(place, name) == version


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a", "a is the beginning of 2 versions: aaaaaaaaaaaa, abababababab; give more digits"),
        ("d", "has no version d; doubleread versions lists those that it has"),
        ("latest", "'latest' names no version: give an id or its beginning"),
        ("", "'' names no version"),
        ("../../etc", "names no version"),
        ("current", "holds no version; run: doubleread export"),
    ],
)
def test_what_names_no_version_or_several_is_told(place: Place, name: str, message: str) -> None:
    with pytest.raises(VersionError, match=message):
        find_version(place, name)


def test_a_place_with_one_version_has_none_before_it(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.export()
    assert find_version(exporter.place, "current") == exporter.generation.id
    with pytest.raises(VersionError, match="has no version before the current one"):
        find_version(exporter.place, "previous")


def test_a_version_whose_files_were_removed_is_told_how_to_get_again(place: Place) -> None:
    with pytest.raises(VersionError, match=f"version {THIRD} was removed .* doubleread rebuild {THIRD} --to FOLDER"):
        open_version(place, "c")


def test_a_copy_is_read_without_anything_else_and_not_believed(exporter: Exporter, tmp_path: Path) -> None:
    exporter.add("1")
    exporter.export()
    copy = tmp_path / "copy"
    shutil.copytree(exporter.folder, copy, symlinks=True)
    assert is_copy(str(copy))
    assert not is_copy("current")
    version = open_copy(open_place(copy, load_settings()))
    assert version.id == exporter.generation.id
    assert version.read("annotations/coco.json") == exporter.read("annotations/coco.json")
    (copy / "annotations" / "coco.json").write_bytes(b"{}")
    with pytest.raises(GenerationError, match=r"annotations/coco\.json in .* was changed since it was published"):
        version.read("annotations/coco.json")
    (copy / "annotations" / "coco.json").unlink()
    with pytest.raises(GenerationError, match="is missing in"):
        version.read("annotations/coco.json")
