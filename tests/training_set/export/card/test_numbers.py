"""The numbers of a card, counted again from what lies beside it and from the marts."""

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.labels import LABELS
from orchestration.training_set.export.layout import BOXES, SCANS
from tests.training_set.conftest import MASS, box
from tests.training_set.export.card.conftest import HOSTILE_SCAN
from tests.training_set.export.exporter import Exporter


def test_what_lies_on_each_side_is_what_the_tables_beside_the_card_hold(card: Path, facts: dict[str, Any]) -> None:
    scans, boxes = (pq.read_table(card / path).to_pylist() for path in (SCANS, BOXES))
    for side in ("train", "validation", "test"):
        of_side = [row for row in scans if row["side"] == side]
        assert facts["sides"][side] == {
            "studies": len({row["study_id"] for row in of_side}),
            "scans": len(of_side),
            "boxes": sum(row["side"] == side for row in boxes),
        }
        for label in facts["labels"]:
            with_label = [row for row in of_side if label["label"] in row["labels"]]
            assert label["sides"][side] == {
                "studies": len({row["study_id"] for row in with_label}),
                "scans": len(with_label),
                "boxes": sum((row["side"], row["label"]) == (side, label["label"]) for row in boxes),
            }
    assert [label["label"] for label in facts["labels"]] == list(LABELS)
    assert facts["roles"] == dict(Counter(row["role"] for row in scans))
    assert facts["studies"] == len({row["study_id"] for row in scans})
    assert facts["findings"] == sum(len(row["labels"]) for row in scans)
    assert [label["findings_without_boxes"] for label in facts["labels"]] == [0, 0, 0, 1]
    assert {one["label"]: one["boxes"] for one in facts["boxes"]} == {
        label: sum(row["label"] == label for row in boxes) for label in LABELS
    }
    assert facts["images"]["size_bytes"] == sum(row["size_bytes"] for row in scans)


def test_every_study_goes_one_way(facts: dict[str, Any]) -> None:
    flows = {flow["label"]: flow for flow in facts["flows"]}
    assert flows[""]["outcomes"] == {
        "not_read": 1, "too_few_readers": 1, "negative": 1, "single_reader": 1, "double_matched": 5,
    }  # fmt: skip
    assert flows[MASS]["outcomes"] == {"not_read": 1, "not_called": 2, "single_reader": 1, "double_matched": 5}
    assert flows[LABELS[2]]["outcomes"] == {"not_read": 1, "not_called": 7, "double_matched": 1}
    assert flows[LABELS[1]]["outcomes"] == {"not_read": 1, "not_called": 8}
    assert {label: flow["exported"] for label, flow in flows.items()} == {
        "": 5, LABELS[0]: 0, LABELS[1]: 0, LABELS[2]: 1, MASS: 5,
    }  # fmt: skip


def test_a_study_whose_image_is_missing_is_double_matched_and_not_here(carded: Exporter) -> None:
    (carded.project.store_folder / "mmg" / "no boxes.png").unlink()
    assert carded.export().failures.count == 1
    flows = {flow["label"]: flow for flow in json.loads(carded.read("card.json"))["flows"]}
    assert [(flows[label]["outcomes"]["double_matched"], flows[label]["exported"]) for label in ("", MASS)] == [
        (5, 4)
    ] * 2


def test_agreement_is_that_of_the_mart_with_readers_as_numbers_and_an_interval(facts: dict[str, Any]) -> None:
    calc, first, second = facts["agreement"]
    assert (first["label"], first["reader_a"], first["reader_b"], first["study_count"]) == (MASS, 1, 3, 100)
    assert (first["both_positive_count"], first["cohens_kappa"], first["positive_agreement"]) == (40, 0.69, 0.84)
    assert first["kappa_low"] < 0.69 < first["kappa_high"]
    assert (second["reader_b"], second["kappa_low"], second["kappa_high"]) == (4, None, None)
    assert calc["label"] == LABELS[0]
    assert facts["readers"] == 4  # Dr Planted, U1, U2, U3


@pytest.mark.parametrize("page", ["README.md", "croissant.json", "index.html", "card.json"])
def test_no_id_of_a_reader_and_no_comment_is_in_a_card(card: Path, page: str) -> None:
    data = re.sub("data:image/jpeg;base64,[A-Za-z0-9+/=]+", "", (card / page).read_text())
    assert not any(word in data for word in ("Planted", "U1", "U2", "Mal. Mass", "mmg/"))


def test_nothing_is_made_where_nothing_changed(carded: Exporter) -> None:
    first = carded.export()
    before = carded.project.rows("select count(*) from doubleread.thumbnails")
    assert before[0][0] > 5
    with carded.project.database.connect() as connection:
        connection.execute("delete from doubleread.thumbnails")
    again = carded.export()
    assert (again.changed, again.generation) == (False, first.generation)
    assert carded.project.rows("select count(*) from doubleread.thumbnails") == [(0,)], "no page was made"


@pytest.mark.parametrize("page", ["README.md", "index.html", "card.json"])
def test_a_page_that_somebody_changed_is_made_again_in_the_same_generation(carded: Exporter, page: str) -> None:
    first = carded.export()
    path = carded.folder / page
    made = path.read_bytes()
    path.write_bytes(b"changed")
    again = carded.export()
    assert (again.changed, again.generation, path.read_bytes()) == (True, first.generation, made)


def test_an_image_that_is_no_longer_what_was_made_is_named_and_its_tile_says_so(carded: Exporter) -> None:
    """Changed without a trace in size and time, so that only its SHA-256 tells."""
    carded.export()
    image = carded.folder / "images" / "no boxes.png"
    times = image.stat()
    data = bytearray(image.read_bytes())
    data[-20] ^= 1
    image.write_bytes(data)
    os.utime(image, ns=(times.st_atime_ns, times.st_mtime_ns))
    with carded.project.database.connect() as connection:
        connection.execute("delete from doubleread.thumbnails")
    carded.project.add("10", boxes=[box("U1", x=3)])
    report = carded.export()
    assert [failure.item for failure in report.failures.shown] == ["no boxes"]
    assert carded.read("index.html").decode().count("Its image could not be read.") == 1


def test_a_thumbnail_that_is_kept_is_the_one_that_would_be_made(carded: Exporter) -> None:
    carded.export()
    page = carded.read("index.html")
    carded.project.add("10", boxes=[box("U1", x=3)])
    assert carded.export().changed
    with carded.project.database.connect() as connection:
        connection.execute("delete from doubleread.thumbnails")
    carded.project.add("10")
    assert carded.export().changed
    assert carded.read("index.html") == page


def test_what_changes_nothing_but_the_card_is_a_generation_of_its_own(carded: Exporter) -> None:
    first = carded.export()
    with carded.project.database.connect() as connection:
        connection.execute(
            "update marts.reader_agreement set study_count = 101, inconsistent_count = 3 "
            "where reader_b = 'U2' and label = %s",
            [MASS],
        )
    second = carded.export()
    assert (second.changed, second.images_made) == (True, 0)
    assert second.generation != first.generation


def test_the_card_is_the_same_in_every_kind_of_place(exporter_anywhere: Exporter, exporter: Exporter) -> None:
    for name in (HOSTILE_SCAN, "2"):
        exporter_anywhere.add(name)
    exporter_anywhere.export()
    exporter.export()
    for page in ("README.md", "croissant.json", "index.html", "card.json"):
        assert exporter_anywhere.read(page) == exporter.read(page)
