"""The label folders say exactly what the mart says: every finding its picture, and nothing else."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orchestration.labels import LABELS
from tests.training_set.conftest import MASS, Project, box, png


def test_every_finding_has_its_picture_under_its_label_and_nothing_else_lies_there(project: Project) -> None:
    for n, label in enumerate(LABELS):
        project.store.put(f"mmg/{n}.png", [png(n)])
        project.add(str(n), label=label)
    reports = project.build()
    assert set(project.files()) == {"manifest.parquet", *(f"{label}/{n}.png" for n, label in enumerate(LABELS))}
    assert [(r.findings, r.drawn, r.failures.count) for r in reports.values()] == [(1, 1, 0)] * 4


def test_all_four_folders_exist_where_nothing_matched(project: Project) -> None:
    project.build()
    assert sorted(path.name for path in project.training_set.iterdir()) == sorted([*LABELS, "manifest.parquet"])


def test_a_picture_is_the_scan_with_the_boxes_of_its_readers(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1", boxes=[box(x=20, y=90, width=40, height=50)])
    report = project.build()[MASS]
    assert (report.boxes_drawn, report.boxes_skipped) == (1, 0)
    drawn = np.asarray(Image.open(project.picture("1")).convert("RGB"))
    source = np.asarray(Image.open(io.BytesIO(png(1))).convert("RGB"))
    changed = (drawn != source).any(axis=2)
    assert changed[86:95, 20:60].any(axis=0).all(), "the upper stroke of the box"
    assert not changed[145:, :].any(), "below the box nothing is drawn"


def test_a_second_build_reads_no_image_and_draws_no_picture(project: Project) -> None:
    for n in range(5):
        project.store.put(f"mmg/{n}.png", [png(n)])
        project.add(str(n))
    project.build("first")
    before = {path: (project.training_set / path).stat().st_mtime_ns for path in project.files()}
    scans = project.retrieve("second")
    report = project.build("second")[MASS]
    assert (scans.fetched, scans.bytes_fetched, scans.already_here) == (0, 0, 5)
    assert (report.drawn, report.untouched, report.bytes_written) == (0, 5, 0)
    assert {path: (project.training_set / path).stat().st_mtime_ns for path in project.files()} == before


def test_a_finding_that_is_no_longer_matched_disappears(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.store.put("mmg/2.png", [png(2)])
    project.add("1")
    project.add("2")
    project.build()
    project.remove("1")
    assert project.build()[MASS].removed == 1
    assert [path for path in project.files() if path.endswith(".png")] == [f"{MASS}/2.png"]
    assert project.rows("select scan_id from doubleread.pictures") == [("2",)]


def test_only_a_finding_whose_hash_changed_is_drawn_again(project: Project) -> None:
    for n in (1, 2):
        project.store.put(f"mmg/{n}.png", [png(n)])
        project.add(str(n))
    project.build()
    before = project.files()
    project.add("1", boxes=[box(x=60)])
    report = project.build()[MASS]
    assert (report.drawn, report.untouched) == (1, 1)
    after = project.files()
    assert after[f"{MASS}/1.png"] != before[f"{MASS}/1.png"]
    assert after[f"{MASS}/2.png"] == before[f"{MASS}/2.png"]


def test_a_scan_with_other_pixels_under_the_same_path_is_drawn_again(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build()
    project.store.put("mmg/1.png", [png(2)])
    assert project.build()[MASS].drawn == 1


def test_a_scan_stored_again_with_the_same_pixels_is_not_drawn_again_but_its_version_is_noted(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build()
    (first,) = project.rows("select source_version from doubleread.pictures")
    project.store.put("mmg/1.png", [png(1)])
    assert project.build()[MASS].drawn == 0
    (second,) = project.rows("select source_version from doubleread.pictures")
    assert first != second


@pytest.mark.parametrize("harm", ["removed", "overwritten", "a link"])
def test_a_picture_that_was_touched_is_drawn_again(project: Project, harm: str) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build()
    right = project.files()
    picture = project.picture("1")
    if harm == "overwritten":
        picture.write_bytes(b"scribble")
    else:
        picture.unlink()
    if harm == "a link":
        picture.symlink_to(project.store_folder / "mmg/1.png")
    assert project.build()[MASS].drawn == 1
    assert project.files() == right
    assert not picture.is_symlink()


def test_files_that_are_no_findings_go_and_folders_stay_for_the_check(project: Project) -> None:
    folder = project.training_set / MASS
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "mine.txt").write_text("keep")
    (folder / "stray.png").write_bytes(b"stray")
    assert project.draw().removed == 1
    assert (folder / "notes" / "mine.txt").exists()


@pytest.mark.parametrize("content", [b"<html>503</html>", png(1)[:500], b"", b"\x89PNG\r\n\x1a\n"])
def test_a_scan_that_is_no_image_fails_its_own_findings_by_name_and_stops_nobody(
    project: Project, content: bytes
) -> None:
    project.store.put("mmg/bad.png", [content])
    project.store.put("mmg/good.png", [png(1)])
    project.add("bad")
    project.add("good")
    report = project.build()[MASS]
    assert (report.drawn, report.failures.count) == (1, 1)
    assert report.failures.shown[0].item == f"{MASS}/bad"
    assert set(project.files()) == {f"{MASS}/good.png", "manifest.parquet"}
    ((status, reason),) = project.rows("select status, reason from doubleread.pictures where scan_id = 'bad'")
    assert status == "failed"
    assert "can't be drawn" in reason


def test_a_missing_image_fails_its_own_findings_by_name_and_nothing_else(project: Project) -> None:
    project.store.put("mmg/good.png", [png(1)])
    project.add("gone", label="has_benign_mass")
    project.add("good")
    reports = project.build()
    assert (reports[MASS].drawn, reports[MASS].failures.count) == (1, 0)
    assert "not in the store (404)" in reports["has_benign_mass"].failures.shown[0].reason


def test_a_finding_mended_later_gets_its_picture(project: Project) -> None:
    project.add("1")
    assert project.build()[MASS].failures.count == 1
    project.store.put("mmg/1.png", [png(1)])
    report = project.build()[MASS]
    assert (report.drawn, report.failures.count) == (1, 0)
    assert project.rows("select status, reason from doubleread.pictures") == [("drawn", None)]


def test_a_picture_whose_scan_has_left_the_store_goes(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build()
    (project.store_folder / "mmg/1.png").unlink()
    assert project.build()[MASS].failures.count == 1
    assert not project.picture("1").exists()


@pytest.mark.parametrize(
    "scan_id",
    ["../../evil", "/etc/passwd", "..", ".hidden", "a/b", "a\\b", "tab\there", pytest.param("x" * 10_000, id="long")],
)
def test_a_scan_id_that_cannot_name_a_file_is_refused_by_name_and_writes_nothing(
    project: Project, scan_id: str
) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add(scan_id, image="mmg/1.png")
    project.add("good", image="mmg/1.png")
    report = project.build()[MASS]
    assert (report.drawn, report.failures.count) == (1, 1)
    assert report.failures.shown[0].reason.startswith("refused: ")
    assert len(report.failures.shown[0].item) < 200
    assert set(project.files()) == {f"{MASS}/good.png", "manifest.parquet"}
    assert not (project.training_set.parent / "evil.png").exists()


def test_a_damaged_copy_of_a_scan_is_noticed_and_retrieved_anew_by_the_next_run(project: Project) -> None:
    """A copy that changed under the same size and time is found by its checksum when it is read."""
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.retrieve()
    ((local_path,),) = project.rows("select local_path from doubleread.retrieved_scans")
    copy = Path(local_path)
    status = copy.stat()
    with copy.open("r+b") as file:
        file.seek(100)
        file.write(b"\0\0\0\0")
    os.utime(copy, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "was changed since" in project.draw().failures.shown[0].reason
    assert project.build()[MASS].drawn == 1


def test_many_findings_of_one_scan_share_one_retrieval(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    for label in LABELS:
        project.add("1", label=label)
    assert project.retrieve().images == 1
    assert [report.drawn for report in project.build().values()] == [1, 1, 1, 1]


def test_two_training_sets_of_one_database_do_not_disturb_each_other(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    project.build()
    first = project.files()
    project.training_set = project.training_set.with_name("other")
    assert project.build()[MASS].drawn == 1
    assert project.files().keys() == first.keys()


def test_what_a_killed_run_left_half_done_is_never_in_a_label_folder_and_goes(project: Project) -> None:
    project.store.put("mmg/1.png", [png(1)])
    project.add("1")
    partial = project.training_set / ".partial" / "killed"
    partial.mkdir(parents=True)
    (partial / "half.png").write_bytes(b"half")
    project.build()
    assert set(project.files()) == {f"{MASS}/1.png", "manifest.parquet"}
