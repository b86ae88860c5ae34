"""Copies of every form are right: links kept, followed or lost; in a folder, in a store, or brought down from one."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.settings import load_settings
from orchestration.stores import StoreUnavailableError, open_place
from orchestration.training_set.export.generation import current_id
from orchestration.training_set.export.publishing import remove_old
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.verifying.files import FilesTask, FileToCheck
from orchestration.training_set.export.verifying.formats import FormatTask
from orchestration.training_set.export.verifying.label_folders import PicturesTask
from orchestration.training_set.export.verifying.locating import VerificationError, open_tree, read_copy
from orchestration.training_set.export.verifying.problems import Problem
from orchestration.training_set.export.verifying.shards import ShardTask
from orchestration.training_set.export.verifying.since import material_of_tables
from orchestration.training_set.export.verifying.tasks import given_up
from orchestration.training_set.export.verifying.verification import Verified, verify
from orchestration.workers import WorkerLostError, thread_workers
from tests.services.places import PlaceToTest
from tests.training_set.export.verifying.copies import MASS, copied, manifest, publish_scans, rows, scan, scans, sign

Look = Callable[..., Verified]
FORMATS = [
    "Parquet tables", "counts of the manifest", "links", "COCO", "YOLO", "imagefolder", "WebDataset",
]  # fmt: skip


def with_cp_a(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


def with_cp_rl(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-rL", source, target], check=True)


def with_tar(source: Path, target: Path) -> None:
    target.mkdir()
    subprocess.run(["tar", "-cf", target / "set.tar", "-C", source, "."], check=True)
    subprocess.run(["tar", "-xf", target / "set.tar", "-C", target], check=True)
    (target / "set.tar").unlink()


def with_rsync(source: Path, target: Path) -> None:
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed")
    subprocess.run(["rsync", "-a", f"{source}/", f"{target}/"], check=True)


@pytest.mark.parametrize("make_copy", [with_cp_a, with_cp_rl, with_tar, with_rsync])
@pytest.mark.parametrize("what", ["generation", "destination", "training set"])
def test_a_copy_is_right(
    make_copy: Callable[[Path, Path], None], what: str, originals: dict[str, Path], workshop: Path, look: Look
) -> None:
    make_copy(originals[what], workshop / "a copy")
    found = look(workshop / "a copy")
    assert found.problems == []
    assert found.compared == FORMATS
    assert found.generation is not None


def test_a_copy_that_lost_its_links_is_right_and_says_so(copy_of: Callable[[str], Path], look: Look) -> None:
    folder = copy_of("generation")
    for path in [path for path in folder.rglob("*") if path.is_symlink()]:
        path.unlink()
    found = look(folder)
    assert found.problems == []
    assert ["has none of its" in note.what for note in found.notes] == [True]


def test_damage_to_what_a_copy_made_of_a_link_is_named(originals: dict[str, Path], workshop: Path, look: Look) -> None:
    folder = workshop / "copy"
    with_cp_rl(originals["destination"], folder)
    (folder / "current" / "annotations" / "yolo" / "images" / "2A.png").write_bytes(b"x")
    (folder / "current" / "annotations" / "yolo" / "images" / "3A.png").unlink()
    generation = manifest(folder / "current")["id"]
    (folder / "generations" / generation / "annotations" / "yolo" / "images" / "besides.png").touch()
    found = {(one.kind, one.path) for one in look(folder).problems}
    assert found == {
        ("changed", "current/annotations/yolo/images/2A.png"),
        ("missing", "current/annotations/yolo/images/3A.png"),
        ("extra", "annotations/yolo/images/besides.png"),
    }


def test_the_folder_that_current_leads_to_is_a_generation(originals: dict[str, Path], look: Look) -> None:
    found = look(originals["destination"] / "current")
    assert (found.problems, found.notes) == ([], [])


def test_what_belongs_to_no_generation_is_worth_knowing_and_nothing_wrong(
    copy_of: Callable[[str], Path], look: Look
) -> None:
    folder = copy_of("destination")
    (folder / "readme.txt").touch()
    (folder / "out").symlink_to("/etc")
    (folder / ".partial").mkdir()
    (folder / ".partial" / "unfinished").touch()
    (folder / "generations" / ("1" * 32)).mkdir()
    (folder / "generations" / ("1" * 32) / "generation.json").write_text("{}")
    found = look(folder)
    assert found.problems == []
    notes = {note.path: note.what for note in found.notes}
    assert notes["readme.txt"] == "it belongs to no generation"
    assert notes["out"] == "it belongs to no generation, and leads out of the place"
    assert "did not end" in notes[".partial"]
    assert "another generation, whose manifest can't be used" in notes["generations/" + "1" * 32]


def test_an_object_that_no_generation_names_is_told_and_must_still_be_what_its_name_says(
    copy_of: Callable[[str], Path], look: Look
) -> None:
    folder = copy_of("destination")
    own = current_id(open_place(folder, load_settings()))
    for path in (folder / "generations").iterdir():
        if path.name != own:
            shutil.rmtree(path)
    found = look(folder)
    assert found.problems == []
    assert {note.what for note in found.notes} == {"an object that no generation names"}
    remove_old(open_place(folder, load_settings()), 1)
    assert look(folder).notes == []


def test_every_kind_of_place_is_verified_and_damage_there_is_named(place: PlaceToTest) -> None:
    destination = open_place(place.url, load_settings(), create=True)
    first = publish_scans(destination, scans()[8:])
    publish_scans(destination, scans()[6:])
    with thread_workers(2) as threads:
        found = verify(place.url, workers=threads, since=first)
        assert (found.problems, found.notes, found.compared) == ([], [], FORMATS)
        assert found.changes is not None
        assert len(found.changes.images_added) == 2
        generation = found.generation
        assert generation is not None
        path = f"generations/{generation.id}/annotations/coco.json"
        place.put(path, place.opened.read(path)[0].replace(b"U1", b"U9"))
        place.put("objects/notes.txt", b"notes")
        file = next(file for file in generation.files if file.path == "images/9A.png")
        image = file.object if destination.is_remote and file.object else f"generations/{generation.id}/{file.path}"
        place.delete(image)
        found = verify(place.url, workers=threads)
    assert {(one.kind, one.path) for one in found.problems} == {
        ("changed", "annotations/coco.json"),
        ("extra", "objects/notes.txt"),
        ("missing", "images/9A.png"),
    }


def test_a_store_brought_down_to_a_folder_is_verified_as_it_was(
    s3_place: PlaceToTest, workshop: Path, look: Look
) -> None:
    destination = open_place(s3_place.url, load_settings())
    publish_scans(destination, scans()[8:])
    for name in s3_place.names():
        path = workshop / "down" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(destination.read(name)[0])
    found = look(workshop / "down")
    assert (found.problems, found.notes) == ([], [])
    assert found.pictures_decoded > 10


def test_a_generation_is_chosen_by_its_id_and_compared_with_an_earlier_one(
    originals: dict[str, Path], look: Look
) -> None:
    destination = originals["destination"]
    (earlier,) = {path.name for path in (destination / "generations").iterdir()} - {
        (destination / "current").readlink().name
    }
    found = look(destination, generation_id=earlier)
    assert found.generation is not None
    assert (found.generation.id, found.problems) == (earlier, [])
    for since in (earlier, str(destination / "generations" / earlier)):
        changes = look(destination, since=since).changes
        assert changes is not None
        assert (changes.since, len(changes.images_added), changes.images_removed) == (earlier, 3, [])
        assert changes.moved == []
        assert len(changes.boxes_added) == len(changes.findings_added) * 3 - 2
    assert look(originals["training set"], since=earlier).changes == changes


def test_scans_that_moved_to_another_side_and_whatever_else_changed_are_told(
    originals: dict[str, Path], copy_of: Callable[[str], Path], look: Look
) -> None:
    folder = copy_of("generation")
    with rows(folder, "annotations/scans.parquet") as found:
        for row in found:
            if row["study_id"] == "study2":
                row |= {"side": "test" if row["side"] != "test" else "train", "sha256": "0" * 64, "role": "negative"}
        gone = found.pop()
    with rows(folder, "annotations/boxes.parquet") as boxes:
        boxes[0]["x"] += 0.5
        lost = boxes.pop(1)
    sign(folder)
    changes = look(originals["generation"], since=str(folder)).changes
    assert changes is not None
    assert [scan_id for scan_id, *_ in changes.moved] == ["2A", "2B"]
    assert all({before, after} <= {"train", "validation", "test"} for _, before, after in changes.moved)
    assert changes.images_changed == changes.roles_changed == ["2A", "2B"]
    assert changes.images_added == [gone["scan_id"]]
    assert [box.split()[0] for box in changes.boxes_added] == [str(lost["box_id"])]
    assert len(changes.boxes_changed) == 1


def test_where_no_patient_is_known_a_side_must_follow_from_the_salt(workshop: Path, look: Look) -> None:
    destination = open_place(workshop / "set", load_settings(), create=True)
    publish_scans(destination, [*scans(patients=False)], ExportOptions(negatives=True, hard_cases=True))
    assert look(workshop / "set").problems == []
    folder = copied((workshop / "set" / "current").resolve(), workshop / "copy")
    for path in ("annotations/scans.parquet", "annotations/boxes.parquet"):
        with rows(folder, path) as found:
            for row in found:
                if row["study_id"] == "study2":
                    row["side"] = "test" if row["side"] != "test" else "train"
    sign(folder)
    said = [one.what for one in look(folder).problems if one.path == "annotations/scans.parquet"]
    assert said == ["scan 2A: its side does not follow from the salt"]


def test_a_set_of_one_scan_without_boxes_and_an_empty_one_are_right(workshop: Path, look: Look) -> None:
    destination = open_place(workshop / "set", load_settings(), create=True)
    for selected in ([], [scan("1", ((MASS, ()),), study="S")]):
        publish_scans(destination, selected, ExportOptions())
        found = look(workshop / "set")
        assert (found.problems, found.notes) == ([], [])


@pytest.fixture
def odd(originals: dict[str, Path], workshop: Path) -> dict[str, Path]:
    """Places that can't be verified, beside those that can."""
    made = {name: workshop / name for name in ("empty", "set.tar", "pictures")}
    made["empty"].mkdir()
    made["set.tar"].touch()
    made["pictures"].mkdir()
    shutil.copy(originals["training set"] / "manifest.parquet", made["pictures"])
    return originals | made


@pytest.mark.parametrize(
    ("place", "asked", "message"),
    [
        ("nowhere", {}, "is no folder"),
        ("empty", {}, "holds no generation, no destination of exports and no manifest.parquet"),
        ("set.tar", {}, "unpack it first"),
        ("ftp://host/x", {}, "must start with"),
        ("generation", {"generation_id": "0" * 32}, "holds no other"),
        ("destination", {"generation_id": "latest"}, "32 hexadecimal digits"),
        ("destination", {"generation_id": "0" * 32}, "holds no generation 0000"),
        ("destination", {"since": "0" * 32}, "holds no generation 0000"),
        ("destination", {"since": "nowhere"}, "is no folder"),
        ("pictures", {"since": "0" * 32}, "no generation can be asked for"),
    ],
)
def test_what_cannot_be_verified_is_told_in_a_sentence(
    place: str, asked: dict[str, str], message: str, odd: dict[str, Path], look: Look
) -> None:
    with pytest.raises((VerificationError, StoreUnavailableError), match=message):
        look(odd.get(place, place), **asked)


def test_what_ends_the_process_that_reads_it_is_named(originals: dict[str, Path]) -> None:
    """Nothing at hand ends a worker, which is why they read what they can't trust."""
    copy = read_copy(open_tree(originals["generation"]), "")
    assert not isinstance(copy, Problem)
    material = material_of_tables(copy)
    shard = FileToCheck("webdataset/a.tar", "webdataset/a.tar", 1, "0" * 64)
    image = FileToCheck("images/1.png", "images/1.png", 1, "0" * 64, is_picture=True)
    for task, path in (
        (FilesTask(copy.tree.reader, (image, shard)), image.path),
        (FormatTask("COCO", material), "annotations/scans.parquet"),
        (ShardTask(material, shard, compared=False), shard.path),
        (PicturesTask(copy.tree.reader), "manifest.parquet"),
    ):
        problems = given_up(task, str(WorkerLostError()))
        assert problems[0].path == path
        assert "ended abruptly" in problems[0].what


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_named(copy_of: Callable[[str], Path], look: Look) -> None:
    folder = copy_of("generation")
    (folder / "images").chmod(0)
    assert ("unreadable", "images") in {(one.kind, one.path) for one in look(folder).problems}
