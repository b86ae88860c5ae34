"""An export from the marts to a published generation, in every kind of place."""

import io
import json
import shutil
import zlib
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from orchestration.imaging import read_image
from orchestration.settings import load_settings
from orchestration.stores import Place
from orchestration.training_set.export.exporting import NotWrittenError
from orchestration.training_set.export.generation import GenerationError, current_id, history, read_generation
from orchestration.training_set.export.publishing import link_beside_label_folders, remove_old
from orchestration.training_set.export.records import failed_images
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.verifying.verification import verify
from orchestration.workers import thread_workers
from tests.imaging.pngs import png as grey_png
from tests.services.faults import Script, Status
from tests.services.places import PlaceToTest
from tests.training_set.conftest import Project, box, png
from tests.training_set.export.exporter import Exporter


def scan_pixels(exporter: Exporter, scan: str) -> np.ndarray:
    return read_image((exporter.project.store_folder / "mmg" / f"{scan}.png").read_bytes())


def files(place: Place) -> dict[str, bytes]:
    """Everything that lies in a place."""
    return {version.path: place.read(version.path)[0] for version in place.list()}


def test_each_scan_is_exported_once_without_paint_however_many_labels_it_has(exporter_anywhere: Exporter) -> None:
    exporter = exporter_anywhere
    exporter.add("1", labels=["has_benign_mass", "has_malign_mass"])
    exporter.add("2")
    report = exporter.export()
    assert (report.changed, report.scans, report.images_made, report.failures.count) == (True, 2, 2, 0)
    images = [file.path for file in exporter.generation.files if file.path.endswith(".png")]
    assert images == ["images/1.png", "images/2.png"]
    for scan in ("1", "2"):
        with Image.open(io.BytesIO(exporter.read(f"images/{scan}.png"))) as image:
            assert image.mode == "L"
            assert (np.asarray(image) == scan_pixels(exporter, scan)).all()
    assert len(json.loads(exporter.read("annotations/coco.json"))["annotations"]) == 6


def test_images_are_the_same_whether_drawing_looked_at_their_scans_or_not(exporter: Exporter) -> None:
    exporter.add("plain", image=png(1))
    pixels = zlib.compress(b"".join(b"\0" + bytes(range(60)) for _ in range(50)))
    data = pixels + b"Curie^Marie" + pixels[-4:]
    exporter.add("hiding", image=grey_png(np.tile(np.arange(60, dtype=np.uint8), (50, 1))[..., None], 8, 0, data=data))
    exporter.project.build()
    assert exporter.project.rows("select distinct source_keepable from doubleread.pictures") == [(True,)]
    exporter.export()
    after_drawing = exporter.generation
    elsewhere = replace(exporter, url=f"{exporter.url}-elsewhere")
    with elsewhere.project.database.connect() as connection:
        connection.execute("delete from doubleread.pictures")
    elsewhere.export()
    assert elsewhere.generation == after_drawing
    assert not any(b"Curie" in data for data in files(exporter.place).values())


def test_running_again_writes_nothing_and_a_change_shares_what_did_not_change(exporter_anywhere: Exporter) -> None:
    exporter = exporter_anywhere
    for scan in ("1", "2", "3"):
        exporter.add(scan)
    first = exporter.export()
    before = {version.path: version.token for version in exporter.place.list()}
    again = exporter.export()
    assert (again.changed, again.images_made, again.bytes_written) == (False, 0, 0)
    assert again.generation == first.generation
    assert {version.path: version.token for version in exporter.place.list()} == before

    exporter.project.add("2", boxes=[box(x=1)])
    exporter.add("4")
    second = exporter.export()
    assert second.generation != first.generation
    assert (second.changed, second.images_made, second.images_kept) == (True, 1, 3)
    after = {version.path: version.token for version in exporter.place.list()}
    kept = {path: token for path, token in before.items() if not path.startswith(("current", "history"))}
    assert {path: after[path] for path in kept} == kept, "nothing of the first generation was written again"
    lines = history(exporter.place)
    assert [line.generation for line in lines] == [first.generation, second.generation]
    assert [line.previous for line in lines] == [None, first.generation]
    assert lines[0].published_at <= lines[1].published_at


def test_content_gives_the_id_in_every_kind_of_place_and_old_content_its_old_id(
    exporter_anywhere: Exporter, exporter: Exporter
) -> None:
    exporter_anywhere.add("1")
    exporter_anywhere.add("2")
    first = exporter_anywhere.export()
    assert exporter.export().generation == first.generation
    exporter_anywhere.remove("2")
    assert exporter_anywhere.export().generation != first.generation
    exporter_anywhere.add("2")
    assert exporter_anywhere.export().generation == first.generation
    assert current_id(exporter_anywhere.place) == first.generation


def test_a_reader_goes_on_reading_its_generation_while_the_next_ones_are_made(exporter_anywhere: Exporter) -> None:
    exporter = exporter_anywhere
    exporter.add("1")
    exporter.export()
    opened, place = exporter.generation, exporter.place
    seen = {file.path: place.read(opened.location(file, is_remote=place.is_remote))[0] for file in opened.files}
    exporter.add("1b", image=png(7))
    exporter.remove("1")
    exporter.export()
    assert exporter.generation.id != opened.id
    for file in opened.files:
        assert place.read(opened.location(file, is_remote=place.is_remote))[0] == seen[file.path]


def test_old_generations_go_when_asked_to_and_with_them_what_only_they_held(exporter_anywhere: Exporter) -> None:
    exporter = exporter_anywhere
    exporter.add("kept")
    ids = []
    for number in range(3):
        exporter.add(f"scan{number}", image=png(number))
        ids.append(exporter.export().generation)
        exporter.remove(f"scan{number}")
    assert remove_old(exporter.place, 2) == [ids[0]]
    with pytest.raises(GenerationError, match="holds no generation"):
        read_generation(exporter.place, ids[0])
    kept = [read_generation(exporter.place, one) for one in ids[1:]]
    objects = {file.object for generation in kept for file in generation.files if file.object}
    assert {version.path for version in exporter.place.list("objects")} == objects
    assert len(objects) == 3
    exporter.add("scan0", image=png(0))
    assert exporter.export().failures.count == 0, "what was removed is made again"


def test_an_image_that_was_touched_is_made_again_in_the_same_generation(exporter: Exporter) -> None:
    exporter.add("1")
    first = exporter.export()
    image = exporter.folder / "images" / "1.png"
    whole = image.read_bytes()
    image.write_bytes(whole[:-10])
    second = exporter.export()
    assert (second.generation, second.changed, second.images_made) == (first.generation, True, 1)
    assert image.read_bytes() == whole


@pytest.mark.parametrize("path", ["annotations/coco.json", "generation.json", "annotations/yolo/labels/1.txt"])
def test_a_file_that_is_gone_or_was_changed_is_there_again_after_an_export(exporter: Exporter, path: str) -> None:
    exporter.add("1")
    exporter.export()
    whole = (exporter.folder / path).read_bytes()
    (exporter.folder / path).unlink()
    assert exporter.export().changed
    (exporter.folder / path).write_bytes(whole[::-1])
    assert exporter.export().changed
    assert (exporter.folder / path).read_bytes() == whole
    assert not exporter.export().changed


def test_a_current_that_is_not_ours_is_left_alone_and_an_export_works_once_it_was_moved_away(
    exporter: Exporter, tmp_path: Path
) -> None:
    exporter.add("1")
    exporter.export()
    generation, folder = exporter.generation, exporter.folder
    current = folder.parents[1] / "current"
    current.unlink()
    shutil.copytree(folder, current)
    with pytest.raises(GenerationError, match="names no generation; move it away, export again"):
        exporter.export()
    current.rename(tmp_path / "away")
    exporter.export()
    assert exporter.generation == generation


@pytest.mark.parametrize("kept", [0, 1])
def test_a_history_that_was_lost_goes_on_with_the_generation_that_is_current(
    exporter_anywhere: Exporter, kept: int
) -> None:
    exporter = exporter_anywhere
    for scan in ("1", "2"):
        exporter.add(scan)
        exporter.export()
    lines = exporter.place.read("history.jsonl")[0].splitlines(keepends=True)
    exporter.place.put("history.jsonl", [b"".join(lines[:kept])])
    assert not exporter.export().changed
    *earlier, last = history(exporter.place)
    previous = earlier[0].generation if kept else None
    assert (last.generation, last.previous) == (exporter.generation.id, previous)
    assert verify(exporter.url, workers=exporter.workers, settings=load_settings()).problems == []
    exporter.place.put("history.jsonl", [b"yesterday"])
    with pytest.raises(GenerationError, match="move it away, export again"):
        exporter.export()


@pytest.mark.parametrize("path", [".partial", "generations/.partial"])
def test_a_place_that_takes_no_more_is_one_sentence_and_what_was_current_still_is(
    exporter: Exporter, path: str
) -> None:
    exporter.add("1")
    exporter.export()
    generation, blocked = exporter.generation, exporter.folder.parents[1] / path
    blocked.write_bytes(b"")
    exporter.add("2")
    with pytest.raises(NotWrittenError, match="the generation that was current still is"):
        exporter.export()
    assert exporter.generation == generation
    blocked.unlink()
    exporter.export()
    assert exporter.generation.contents.scans == 2


def test_a_store_that_takes_only_some_of_the_images_makes_no_generation_of_these(
    filled: Project, server_place: PlaceToTest
) -> None:
    assert server_place.proxy is not None
    with thread_workers(2) as workers:
        exporter = Exporter(filled, server_place.url, workers)
        exporter.add("1")
        exporter.export()
        generation = exporter.generation
        for scan in ("2", "3", "4"):
            exporter.add(scan)
        refusals = chain([None], repeat(Status(403)))
        server_place.proxy.plan = Script(refusals, method="PUT", path="/objects/")
        with pytest.raises(NotWrittenError, match="the generation that was current still is"):
            exporter.export()
        assert exporter.generation == generation
        server_place.proxy.plan = None
        exporter.export()
        assert exporter.generation.contents.scans == 4


def test_a_scan_whose_id_breaks_a_line_is_refused_since_loaders_would_break_lists_there(exporter: Exporter) -> None:
    for scan in ("1", "2\u2028b", "3\u2029b"):
        exporter.add(scan)
    report = exporter.export()
    assert [failure.reason for failure in report.failures.shown] == ["refused: the id holds a line separator"] * 2
    assert exporter.read("annotations/yolo/train.txt").decode().splitlines() == ["./images/1.png"]


def test_a_scan_without_a_usable_image_is_left_out_by_name_and_the_others_are_there(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.add("damaged", image=b"\x89PNG\r\n\x1a\n damaged")
    exporter.add("missing")
    exporter.add("../up")
    (exporter.project.store_folder / "mmg" / "missing.png").unlink()
    report = exporter.export()
    failed = {failure.item: failure.reason for failure in report.failures.shown}
    assert failed.keys() == {"damaged", "missing", "../up"}
    assert "without a header" in failed["damaged"]
    assert "not in the store" in failed["missing"]
    assert "refused" in failed["../up"]
    assert exporter.generation.contents.scans == 1
    recorded = failed_images(exporter.project.database, exporter.place.url)
    assert recorded.count == 3
    exporter.remove("damaged")
    exporter.remove("missing")
    exporter.remove("../up")
    exporter.export()
    assert failed_images(exporter.project.database, exporter.place.url).count == 0


def test_an_image_whose_store_did_not_answer_stays_in_the_export(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.export()
    with exporter.project.database.connect() as connection:
        connection.execute(
            "update doubleread.retrieved_scans set status = 'failed', reason = 'timed out', retryable = true, "
            "sha256 = null, local_path = null"
        )
    report = exporter.export_again()
    assert [failure.reason for failure in report.failures.shown] == ["its scan: timed out"]
    assert not report.changed
    assert exporter.generation.contents.scans == 1


def test_negatives_and_hard_cases_come_by_option_and_are_marked(exporter: Exporter) -> None:
    disputed = [{"label": "has_benign_mass", "reason": "readers_disagree"}]
    exporter.add("1", rejected=disputed)
    exporter.add("2", role="negative")
    exporter.add("3", role="hard_case", rejected=disputed)
    exporter.export()
    assert exporter.generation.contents.roles == {"finding": 1, "negative": 0, "hard_case": 0}
    exporter.options = ExportOptions(negatives=True, hard_cases=True)
    report = exporter.export()
    assert report.failures.count == 0
    assert exporter.generation.contents.roles == {"finding": 1, "negative": 1, "hard_case": 1}
    images = json.loads(exporter.read("annotations/coco.json"))["images"]
    assert [(image["scan_id"], image["role"], image["rejected"]) for image in images] == [
        ("1", "finding", disputed),
        ("2", "negative", []),
        ("3", "hard_case", disputed),
    ]
    for options, roles in ((ExportOptions(negatives=True), 2), (ExportOptions(hard_cases=True), 2)):
        exporter.options = options
        exporter.export()
        assert exporter.generation.contents.scans == roles


def test_images_and_annotations_beside_the_label_folders_lead_to_the_current_generation(exporter: Exporter) -> None:
    exporter.add("1")
    training_set = exporter.project.training_set
    exporter.export()
    link_beside_label_folders(training_set, exporter.place)
    assert (training_set / "images" / "1.png").read_bytes() == exporter.read("images/1.png")
    assert (training_set / "annotations" / "coco.json").is_file()
    exporter.add("2")
    exporter.export()
    link_beside_label_folders(training_set, exporter.place)
    assert (training_set / "images" / "2.png").is_file()


def test_a_folder_of_somebodys_own_beside_the_label_folders_stays(exporter: Exporter, tmp_path: Path) -> None:
    exporter.add("1")
    exporter.export()
    own = exporter.project.training_set / "images"
    own.mkdir()
    (own / "mine.txt").write_text("mine")
    link_beside_label_folders(exporter.project.training_set, exporter.place)
    assert (own / "mine.txt").read_text() == "mine"
    assert (exporter.project.training_set / "annotations").is_symlink()
    link_beside_label_folders(tmp_path / "elsewhere", exporter.place)
    assert not (tmp_path / "elsewhere").exists()


def test_a_copied_generation_is_whole_by_itself(exporter: Exporter, tmp_path: Path) -> None:
    exporter.add("1")
    exporter.export()
    shutil.copytree(exporter.folder, tmp_path / "copy", symlinks=True)
    for link in ("annotations/yolo/images/1.png", *exporter.generation.links):
        assert (tmp_path / "copy" / link).exists(), link


def test_everything_in_a_place_is_of_a_generation_or_leads_to_one(exporter_anywhere: Exporter) -> None:
    exporter = exporter_anywhere
    exporter.add("1")
    generation_id = exporter.export().generation
    top = {path.split("/")[0] for path in files(exporter.place)}
    assert top == {"generations", "objects", "history.jsonl"} | ({"current"} if exporter.place.is_remote else set())
    below = {path for path in files(exporter.place) if path.startswith("generations/")}
    listed = {file.path for file in exporter.generation.files if not (exporter.place.is_remote and file.object)}
    if not exporter.place.is_remote:
        listed |= {link for link in exporter.generation.links if link.endswith(".png")}
    assert below == {f"generations/{generation_id}/{path}" for path in listed | {"generation.json"}}
