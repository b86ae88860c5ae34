"""Verification looks at the files, not at what the records say of them."""

import os

import pytest

from orchestration.training_set.verification import find_orphans
from tests.training_set.conftest import MASS, Project, png


@pytest.fixture
def built(project: Project) -> Project:
    for n in (1, 2):
        project.store.put(f"mmg/{n}.png", [png(n)])
        project.add(str(n))
    project.build()
    return project


def test_pictures_as_they_were_drawn_pass_and_are_read_once(built: Project) -> None:
    first, second = built.verify(), built.verify()
    assert (first.findings, first.read, first.failures.count) == (2, 2, 0)
    assert (second.findings, second.read, second.failures.count) == (2, 0, 0)
    assert built.verify(everything=True).read == 2


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_picture_changed_under_any_name_and_size_is_found(built: Project, when: str) -> None:
    if when == "after":
        built.verify()
    picture = built.picture("1")
    data = bytearray(picture.read_bytes())
    data[-20] ^= 1
    picture.write_bytes(data)
    report = built.verify()
    assert [failure.item for failure in report.failures.shown] == [f"{MASS}/1.png"]


def test_a_change_that_keeps_size_and_time_is_found_when_everything_is_read(built: Project) -> None:
    built.verify()
    picture = built.picture("1")
    status = picture.stat()
    data = bytearray(picture.read_bytes())
    data[-20] ^= 1
    picture.write_bytes(data)
    os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert built.verify().failures.count == 0
    assert built.verify(everything=True).failures.count == 1


def test_a_missing_picture_a_stale_one_and_one_never_drawn_are_each_named(built: Project) -> None:
    built.picture("1").unlink()
    built.add("2", boxes=[])
    built.add("3")
    reasons = {failure.item: failure.reason for failure in built.verify().failures.shown}
    assert "can't be read" in reasons[f"{MASS}/1.png"]
    assert "earlier state" in reasons[f"{MASS}/2.png"]
    assert "no picture" in reasons[f"{MASS}/3.png"]


def test_whatever_is_no_findings_picture_is_an_orphan(built: Project) -> None:
    assert find_orphans(built.database, built.training_set) == []
    (built.training_set / MASS / "folder").mkdir()
    (built.training_set / "has_benign_mass" / "stray.png").write_bytes(b"")
    built.remove("1")
    assert find_orphans(built.database, built.training_set) == [
        "has_benign_mass/stray.png",
        f"{MASS}/1.png",
        f"{MASS}/folder",
    ]
