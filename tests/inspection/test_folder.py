"""Every entry of a folder is listed once, whatever its name, its kind and its depth."""

import os
import subprocess
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.inspection import folder
from orchestration.inspection.errors import InspectionError
from orchestration.inspection.folder import list_folder
from orchestration.outcomes import Failures

names = st.binary(min_size=1, max_size=20).filter(
    lambda name: not {0, ord("/")} & set(name) and name not in {b".", b".."}
)


@given(st.dictionaries(names, st.binary(max_size=9) | st.sets(names, max_size=3), max_size=6))
def test_names_of_any_bytes_are_listed_in_their_order(tmp_path_factory: pytest.TempPathFactory, tree) -> None:
    root = tmp_path_factory.mktemp("f")
    expected: dict[str, tuple[str, int | None]] = {}
    for name, content in tree.items():
        path = root / os.fsdecode(name)
        if isinstance(content, bytes):
            path.write_bytes(content)
            expected[path.name] = ("file", len(content))
        else:
            path.mkdir()
            expected[path.name] = ("directory", None)
            for below in content:
                (path / os.fsdecode(below)).touch()
                expected[f"{path.name}/{os.fsdecode(below)}"] = ("file", 0)
    found = list(list_folder(root, recursive=True))
    assert {
        entry.name: (entry.kind, None if entry.kind == "directory" else entry.size_bytes) for entry in found
    } == expected
    assert len(found) == len(expected)
    top = [entry.name for entry in list_folder(root)]
    assert top == sorted(name for name in expected if "/" not in name)


def test_links_are_listed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "f").write_bytes(b"abc")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "nowhere").symlink_to("nosuch")
    os.mkfifo(tmp_path / "pipe")
    found = {entry.name: entry.kind for entry in list_folder(tmp_path, recursive=True)}
    assert found == {"real": "directory", "real/f": "file", "loop": "link", "nowhere": "link", "pipe": "other"}
    assert [entry.name for entry in list_folder(tmp_path / "loop" / "real")] == ["f"]


def test_folders_deeper_than_pythons_stack(tmp_path: Path) -> None:
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    found = sum(1 for _ in list_folder(tmp_path, recursive=True))
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # pytest's own removal is not as deep
    assert found == 1500


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_listed(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "f").touch()
    failures = Failures()
    entries = list_folder(tmp_path, recursive=True, failures=failures)
    listed = [next(entries)]
    (tmp_path / "gone").rmdir()
    listed += entries
    assert [entry.name for entry in listed] == ["gone", "there", "there/f"]
    assert [(failure.item, failure.reason) for failure in failures.shown] == [("gone", "No such file or directory")]


@pytest.mark.parametrize(("name", "said"), [("nosuch", "there is no such folder"), ("file", "is no folder")])
def test_what_is_no_folder_is_refused_at_once(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InspectionError, match=said):
        list_folder(tmp_path / name)


def test_more_entries_take_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "SORTED_AT_A_TIME", 200)
    peaks = []
    for count in (1_000, 4_000):
        for number in range(count):
            (tmp_path / f"{number:05}").touch()
        tracemalloc.start()
        assert sum(1 for _ in list_folder(tmp_path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]
