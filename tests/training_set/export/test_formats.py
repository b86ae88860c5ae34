"""What an export holds, as the tools that it is for read it; what they see is compared with the marts."""

import json
import tarfile
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image
from pycocotools.coco import COCO

from orchestration.labels import LABELS
from orchestration.training_set.export.boxes import mapped
from orchestration.training_set.export.layout import BOXES, SCANS
from orchestration.training_set.export.selection import ExportOptions
from tests.training_set.conftest import MASS, box
from tests.training_set.export.exporter import Exporter
from tests.training_set.export.loaders import classes_found, loaded, streamed
from tests.training_set.export.yolo_format import checked_yolo

BENIGN = LABELS[2]
WIDTH, HEIGHT = 120, 160
OUTSIDE = box("U1", x=500)
CLIPPED = box("U2", x=100, y=-10, width=50, height=40)
LEFTWARDS = box("U3", x=90, y=100, width=-30, height=-20.5)
EVERY = ExportOptions(webdataset=True, negatives=True, hard_cases=True)


@pytest.fixture
def folder(exporter: Exporter) -> Path:
    """A generation with every kind of scan and box; sides of the default salt."""
    exporter.add("1", labels=[BENIGN, MASS], boxes=[box("U1"), CLIPPED])
    exporter.add("2.with.dots", boxes=[LEFTWARDS, OUTSIDE, box("U1"), box("U1")])
    exporter.add("no boxes", boxes=[])
    exporter.add("negative", role="negative")
    exporter.add("hard", role="hard_case", rejected=[{"label": MASS, "reason": "single_reader"}])
    for number in range(10, 16):
        exporter.add(str(number))
    exporter.options = EVERY
    assert exporter.export().failures.count == 0
    return exporter.folder


def sides(folder: Path) -> dict[str, str]:
    return {row["scan_id"]: row["side"] for row in pq.read_table(folder / SCANS).to_pylist()}


def test_pycocotools_reads_images_boxes_and_categories(folder: Path) -> None:
    coco = COCO(str(folder / "annotations" / "coco.json"))
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == list(LABELS)
    assert len(coco.getImgIds()) == 11
    boxes = {}
    for image in coco.loadImgs(coco.getImgIds()):
        with Image.open(folder / image["file_name"]) as opened:
            assert opened.size == (image["width"], image["height"]) == (WIDTH, HEIGHT)
        found = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
        boxes[image["scan_id"]] = Counter((one["category_id"], one["reader"], *one["bbox"]) for one in found)
        assert all(one["area"] == one["bbox"][2] * one["bbox"][3] for one in found)
    assert boxes["1"] == Counter({
        (3, "U1", 20, 30, 40, 50): 1, (3, "U2", 100, 0, 20, 30): 1,
        (4, "U1", 20, 30, 40, 50): 1, (4, "U2", 100, 0, 20, 30): 1,
    })  # fmt: skip
    assert boxes["2.with.dots"] == Counter({(4, "U3", 60, 79.5, 30, 20.5): 1, (4, "U1", 20, 30, 40, 50): 2})
    labels = {image["scan_id"]: image["labels"] for image in coco.loadImgs(coco.getImgIds())}
    assert labels["no boxes"] == [MASS], "a finding without boxes is a label of its image"
    assert (boxes["no boxes"], boxes["negative"], boxes["hard"]) == (Counter(), Counter(), Counter())


def test_the_files_of_the_sides_share_out_the_one_file(folder: Path) -> None:
    whole = json.loads((folder / "annotations" / "coco.json").read_bytes())
    parts = [json.loads((folder / "annotations" / "coco" / f"{side}.json").read_bytes()) for side in set(SIDES)]
    for name in ("images", "annotations"):
        ids = [one["id"] for part in parts for one in part[name]]
        assert sorted(ids) == sorted(one["id"] for one in whole[name])
        assert len(set(ids)) == len(ids)
    for part, side in zip(parts, set(SIDES), strict=True):
        assert {image["side"] for image in part["images"]} <= {side}


SIDES = ("train", "validation", "test")


def test_datasets_loads_the_sides_as_splits_with_boxes_and_labels(folder: Path, tmp_path: Path) -> None:
    splits, together = loaded(folder / "splits", folder / "images", cache=tmp_path)
    rows: dict[str, dict[str, Any]] = {row["scan_id"]: row for split in splits.values() for row in split}
    assert {scan: side for side, split in splits.items() for scan in [row["scan_id"] for row in split]} == sides(folder)
    assert {row["scan_id"]: row for row in together["train"]} == rows
    assert rows["1"]["image"][1:] == [WIDTH, HEIGHT]
    assert rows["1"]["labels"] == [BENIGN, MASS]
    assert rows["1"]["objects"]["bbox"][1] == [100, 0, 20, 30]
    assert [LABELS[number] for number in rows["1"]["objects"]["category"]] == [BENIGN, BENIGN, MASS, MASS]
    assert (rows["no boxes"]["labels"], rows["no boxes"]["objects"]["bbox"]) == ([MASS], [])
    assert rows["hard"]["rejected"] == [{"label": MASS, "reason": "single_reader"}]


def test_the_folders_of_classes_are_what_an_image_folder_takes(folder: Path) -> None:
    found = set()
    for side in SIDES:
        for name, samples in classes_found(folder / "classes" / side).items():
            assert set(samples.values()) == {(WIDTH, HEIGHT)}
            found |= {(side, name, path.name.removesuffix(".png")) for path in samples}
    of = sides(folder)
    expected = {(of[scan], name, scan) for scan, name in [
        ("1", BENIGN), ("1", MASS), ("2.with.dots", MASS), ("no boxes", MASS),
        ("negative", "no_finding"), ("hard", "hard_case"), *((str(number), MASS) for number in range(10, 16)),
    ]}  # fmt: skip
    assert found == expected


def test_a_yolo_trainer_finds_every_image_with_its_labels_within_bounds(folder: Path, exporter: Exporter) -> None:
    data = folder / "annotations" / "yolo" / "data.yaml"
    assert yaml.safe_load(data.read_text())["names"] == dict(enumerate(LABELS))
    found = {stem: sorted(lines) for stem, lines in checked_yolo(data).items()}
    assert found.keys() == {"1", "2.with.dots", "negative", *map(str, range(10, 16))}, "what boxes tell the truth of"
    assert exporter.generation.contents.left_out_of_yolo == 2
    assert found["negative"] == []
    assert [line[0] for line in found["1"]] == [2, 2, 3, 3]
    assert found["1"][0][1:] == pytest.approx([40 / WIDTH, 55 / HEIGHT, 40 / WIDTH, 50 / HEIGHT])


def test_webdataset_streams_each_scan_once_and_its_index_leads_to_the_bytes(folder: Path, tmp_path: Path) -> None:
    digests = {row["scan_id"]: row["sha256"] for row in pq.read_table(folder / SCANS).to_pylist()}
    seen = []
    for shard, key, sha256, described in streamed(sorted((folder / "webdataset").glob("*.tar")), tmp_path):
        assert described["__key__"] == key
        assert "." not in key
        assert len(key) == 13
        assert sha256 == digests[described["scan_id"]]
        assert Path(shard).name.startswith(described["side"])
        assert described["side"] == sides(folder)[described["scan_id"]]
        seen.append(described["scan_id"])
    assert sorted(seen) == sorted(digests)
    index = pq.read_table(folder / "webdataset" / "index.parquet").to_pylist()
    assert len(index) == 2 * len(seen)
    for row in index:
        data = (folder / row["shard"]).read_bytes()[row["byte_offset"] :][: row["size_bytes"]]
        with tarfile.open(folder / row["shard"]) as tar:
            assert tar.extractfile(row["member"]).read() == data
        if row["member"].endswith(".png"):
            assert data == (folder / "images" / f"{row['scan_id']}.png").read_bytes()
    shards = json.loads((folder / "webdataset" / "shards.json").read_bytes())["shardlist"]
    assert sum(shard["nsamples"] for shard in shards) == len(seen)


def test_a_changed_scan_leaves_the_shards_of_other_sides_alone(exporter: Exporter) -> None:
    for number in range(12):
        exporter.add(str(number))
    exporter.options = ExportOptions(webdataset=True)
    exporter.export()
    before = {file.path: file.sha256 for file in exporter.generation.files if file.path.endswith(".tar")}
    assert len(before) == 3
    exporter.project.add("3", boxes=[box(x=2)])
    exporter.export()
    after = {file.path: file.sha256 for file in exporter.generation.files if file.path.endswith(".tar")}
    side = sides(exporter.folder)["3"]
    assert [path for path in before if after[path] != before[path]] == [f"webdataset/{side}-00000-of-00001.tar"]


def test_the_record_of_each_scan_maps_its_boxes_back_to_what_readers_drew(folder: Path, exporter: Exporter) -> None:
    scans = {row["scan_id"]: row for row in pq.read_table(folder / SCANS).to_pylist()}
    drawn = exporter.project.rows("select scan_id, label, boxes from marts.double_matched_findings")
    marts = {(scan, label): boxes for scan, label, boxes in drawn}
    assert sum(len(boxes) for boxes in marts.values()) == 1 + pq.read_metadata(folder / BOXES).num_rows
    for row in pq.read_table(folder / BOXES).to_pylist():
        scan = scans[row["scan_id"]]
        x, y, width, height = mapped(tuple(scan["to_source"]), row["x"], row["y"], row["width"], row["height"])
        back = mapped(tuple(scan["from_source"]), x, y, width, height)
        assert back == (row["x"], row["y"], row["width"], row["height"])
        source = {side: row[f"source_{side}"] for side in ("x", "y", "width", "height")}
        (*_, original) = [one for one in marts[row["scan_id"], row["label"]] if source.items() <= one.items()]
        left, right = sorted((original["x"], original["x"] + original["width"]))
        top, bottom = sorted((original["y"], original["y"] + original["height"]))
        cut = (max(left, 0), max(top, 0), min(right, WIDTH), min(bottom, HEIGHT))
        assert (x, y, x + width, y + height) == cut
        assert row["clipped"] == (cut != (left, top, right, bottom))
        assert row["reader"] == original["reader"]


def test_numbers_of_scans_and_boxes_stay_when_others_are_added(exporter: Exporter) -> None:
    exporter.add("b")
    exporter.export()
    before = json.loads(exporter.read("annotations/coco.json"))
    exporter.add("a")
    exporter.add("c")
    exporter.export()
    after = json.loads(exporter.read("annotations/coco.json"))
    for name in ("images", "annotations"):
        assert [one for one in after[name] if one in before[name]] == before[name]


def test_no_comment_and_no_path_of_the_source_is_in_any_file(exporter: Exporter) -> None:
    secret = {**box(), "comment": "Mal. Mass, Mrs Planted"}
    exporter.add("1", boxes=[secret], patient="PLANTED-0001")
    exporter.options = EVERY
    exporter.export()
    for file in exporter.generation.files:
        data = exporter.read(file.path)
        texts = (
            [data] if not file.path.endswith(".parquet") else [repr(pq.read_table(BytesIO(data)).to_pydict()).encode()]
        )
        assert not any(word in text for text in texts for word in (b"Planted", b"PLANTED", b"mmg/"))
