"""Columns and fields are called what the glossary calls them."""

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from orchestration.stores import Place

ROOT = Path(__file__).parents[1]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text()
ROOMS = (
    *("stores", "training_set", "cases", "archives.index", "archives.reassembly"),
    *("inference", "inspection", "measurements", "volumes"),
)


def avoided() -> set[str]:
    rows = [line.strip("|").split("|") for line in GLOSSARY.splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row[2])}


def columns_of_tables() -> Iterator[tuple[str, str]]:
    for script in (ROOT / "orchestration" / "database" / "schema").glob("*.sql"):
        for table, body in re.findall(
            r"create table if not exists doubleread\.(\w+) \((.*?)\n\);", script.read_text(), re.DOTALL
        ):
            for column in re.findall(r"^    (\w+) \w", body, re.MULTILINE):
                yield f"doubleread.{table}", column


def columns_of_models() -> Iterator[tuple[str, str]]:
    for file in (ROOT / "dbt_project" / "models").rglob("*.yml"):
        for model in yaml.safe_load(file.read_text()).get("models") or []:
            for column in model.get("columns") or []:
                yield model["name"], column["name"]


def modules() -> Iterator[str]:
    for room in ROOMS:
        package = importlib.import_module(f"orchestration.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name


def fields_of_records() -> Iterator[tuple[str, str]]:
    for name in modules():
        for kind in vars(importlib.import_module(name)).values():
            if isinstance(kind, type) and kind.__module__ == name and not kind.__name__.startswith("_"):
                fields = getattr(kind, "_fields", ())
                if dataclasses.is_dataclass(kind):
                    # A store that is open is a place, not the URL of one.
                    fields = tuple(f.name for f in dataclasses.fields(kind) if f.type not in {Place, "Container"})
                yield from ((f"{name}.{kind.__name__}", field) for field in fields)


def columns_of_parquet() -> Iterator[tuple[str, str]]:
    for name in modules():
        for attribute, value in vars(importlib.import_module(name)).items():
            schema = getattr(value, "schema", value)
            if isinstance(schema, pa.Schema):
                yield from ((f"{name}.{attribute}", column) for column in schema.names)


@pytest.mark.parametrize("named", [columns_of_tables, columns_of_models, fields_of_records, columns_of_parquet])
def test_nothing_is_called_what_the_glossary_avoids(named) -> None:
    found = list(named())
    assert len(found) > 20, "there are columns and fields to look at"
    assert [(place, name) for place, name in found if name in avoided()] == []


def test_every_contract_column_of_the_marts_that_the_glossary_names_is_spelt_as_there() -> None:
    marts = {column for model, column in columns_of_models() if model == "double_matched_findings"}
    named = set(re.findall(r"`(\w+)`", GLOSSARY))
    assert {
        "png_image",
        "matching_readers",
        "matching_reader_count",
        "boxes",
        "finding_id",
        "finding_hash",
    } <= marts & named
