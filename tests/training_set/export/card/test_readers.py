"""A card as the tools that it is for read it: Hugging Face's, and MLCommons' mlcroissant."""

import hashlib
import io
import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from markdown_it import MarkdownIt
from PIL import Image

from orchestration.labels import LABELS
from orchestration.training_set.export.card.croissant import CONTEXT
from orchestration.training_set.export.layout import BOXES, SCANS, SCANS_SCHEMA
from orchestration.training_set.export.selection import ExportOptions
from tests.training_set.export.card.conftest import HOSTILE, HOSTILE_SCAN
from tests.training_set.export.exporter import Exporter
from tests.training_set.export.loaders import RECORDS, printed

LOAD = """
import json, sys
from datasets import load_dataset
from huggingface_hub import DatasetCard
card = DatasetCard.load(sys.argv[1] + "/README.md")
rows = {
    side: [{**row, "image": row["image"].size} for row in split]
    for side, split in load_dataset(sys.argv[1]).items()
}
print(json.dumps({"card": card.data.to_dict(), "text": card.text, "rows": rows}))
"""


def test_hugging_face_reads_the_card_and_loads_the_folder_by_it(card: Path, tmp_path: Path) -> None:
    found = printed(LOAD, card, folder=tmp_path)
    assert found["card"]["pretty_name"] == HOSTILE
    assert found["card"]["license"] == "cc-by-nc-4.0"
    assert found["card"]["size_categories"] == ["n<1K"]
    assert {"medical", "mammography", "screening"} <= set(found["card"]["tags"])
    assert "Single reader" in found["text"]
    scans = {row["scan_id"]: row for row in pq.read_table(card / SCANS).to_pylist()}
    sides = found["rows"]
    assert {row["scan_id"]: side for side, rows in sides.items() for row in rows} == {
        scan: row["side"] for scan, row in scans.items()
    }
    (hostile,) = (row for rows in sides.values() for row in rows if row["scan_id"] == HOSTILE_SCAN)
    assert hostile["image"] == [120, 160]
    assert len(hostile["objects"]["bbox"]) == 4


def test_its_text_is_headings_and_tables_to_a_reader_of_markdown(card: Path) -> None:
    _, _, text = (card / "README.md").read_text().split("---\n", 2)
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    headings = [tokens[place + 1].content for place, one in enumerate(tokens) if one.type == "heading_open"]
    assert headings == [
        HOSTILE, "Uses", "Structure", "Creation", "Annotations", "From all studies to those that are here",
        "Agreement of readers", "Considerations", "Citation",
    ]  # fmt: skip
    tables: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append(0)
        elif token.type in {"th_open", "td_open"}:
            tables[-1][-1] += 1
    widths = [set(table) for table in tables]
    assert widths == [{2}, {6}, {2}, {6}, {9}]
    rows = [len(table) - 1 for table in tables]
    assert rows == [6, len(LABELS) + 1, len(SCANS_SCHEMA), 8, 3]
    assert "|" not in "".join(one.content for one in tokens if one.type == "inline" and "pipe" not in one.content)


def test_a_card_without_a_statement_names_no_licence(exporter: Exporter) -> None:
    exporter.add("1")
    exporter.export()
    _, metadata, text = exporter.read("README.md").decode().split("---\n", 2)
    assert "license" not in yaml.safe_load(metadata)
    assert "No licence is stated" in text


def test_mlcroissant_finds_nothing_to_remark_and_loads_every_record(card: Path, tmp_path: Path) -> None:
    found = printed(RECORDS, card, folder=tmp_path)
    assert (found["errors"], found["warnings"]) == ([], [])
    rows = found["rows"]
    assert [row["sides/name"] for row in rows["sides"]] == ["train", "validation", "test"]
    assert [row["labels/name"] for row in rows["labels"]] == list(LABELS)
    scans = {row["scan_id"]: row for row in pq.read_table(card / SCANS).to_pylist()}
    assert {row["scans/scan_id"]: row["scans/labels"] for row in rows["scans"]} == {
        scan: row["labels"] for scan, row in scans.items()
    }
    boxes = pq.read_table(card / BOXES).to_pylist()
    assert sorted((row["boxes/box_id"], row["boxes/scan_id"], row["boxes/x"]) for row in rows["boxes"]) == sorted(
        (row["box_id"], row["scan_id"], row["x"]) for row in boxes
    )
    assert {row["images/scan_id"]: row["images/image"] for row in rows["images"]} == {
        scan: [row["width"], row["height"]] for scan, row in scans.items()
    }


def test_a_file_that_was_changed_does_not_load(card: Path, tmp_path: Path) -> None:
    table = pq.read_table(card / SCANS)
    pq.write_table(table.slice(1), card / SCANS)
    with pytest.raises(AssertionError, match="Hash of downloaded file"):
        printed(RECORDS, card, folder=tmp_path)


def test_sizes_and_digests_are_those_of_the_files(card: Path) -> None:
    described = json.loads((card / "croissant.json").read_bytes())
    files = [one for one in described["distribution"] if one["@type"] == "cr:FileObject"]
    assert len(files) == 3
    for file in files:
        data = (card / file["contentUrl"]).read_bytes()
        assert file["contentSize"] == f"{len(data)} B"
        assert file["sha256"] == hashlib.sha256(data).hexdigest()


CONTEXT_OF_THE_FORMAT = """
import json
from mlcroissant._src.core.context import Context, CroissantVersion
from mlcroissant._src.core.rdf import make_context
print(json.dumps(make_context(Context(conforms_to=CroissantVersion.V_1_1))))
"""


def test_the_context_is_the_one_of_the_format(tmp_path: Path) -> None:
    assert printed(CONTEXT_OF_THE_FORMAT, folder=tmp_path) == CONTEXT


def test_stored_values_are_shown_over_all_greys(exporter: Exporter) -> None:
    """A thumbnail of 12 bits in 16 is neither black nor cut off at white."""
    pixels = (np.linspace(0, 300, 160, dtype=np.uint16)[:, None] + np.zeros((1, 120), np.uint16)).astype(np.uint16)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    exporter.add("1", image=data.getvalue())
    exporter.options = ExportOptions(bits=16)
    exporter.export()
    whole = re.search("data:image/jpeg;base64,([A-Za-z0-9+/=]+)", exporter.read("index.html").decode())[1]
    with Image.open(io.BytesIO(b64decode(whole))) as image:
        greys = np.asarray(image.convert("L"))
    assert greys[:3].max() < 30
    assert greys[-3:].min() > 225
