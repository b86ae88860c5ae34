"""What a person who knows only dbt sees of the project: its settings, its documentation, its contracts."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.database import Database
from orchestration.labels import CAPTIONS
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.project import PROJECT, built, dbt, rows
from tests.dbt.raw import DJANGO, write

RULE = PROJECT.parent / "docs" / "rule.md"
REASONS = ["incomplete_study", "incomplete_reading", "inconsistent_reading", "single_reader", "readers_disagree"]
KEYS = {
    "double_matched_findings": ["finding_id"],
    "rejected_findings": ["study_id", "label"],
    "reader_agreement": ["label", "reader_a", "reader_b"],
    "clinical_cases": ["case_id", "year"],
    "archive_members_unmatched": ["unmatched_id"],
}
COLUMNS = {
    "double_matched_findings": {
        "finding_id": "text",
        "study_id": "text",
        "scan_id": "text",
        "label": "text",
        "png_image": "text",
        "file_name": "text",
        "image_rows": "integer",
        "image_columns": "integer",
        "reader_count": "integer",
        "matching_reader_count": "integer",
        "matching_readers": "jsonb",
        "boxes": "jsonb",
        "box_count": "integer",
        "finding_hash": "text",
    },
    "rejected_findings": {
        "study_id": "text",
        "label": "text",
        "reason": "text",
        "reader_count": "integer",
        "positive_reader_count": "integer",
    },
}


@pytest.fixture
def documented(database: Database, dbt_target: Path) -> dict[str, Any]:
    """The manifest of the project, built over empty raw tables, with what the catalog says of each table's columns."""
    write(database, DJANGO, [], [])
    run = built(database, dbt_target)
    assert not run.with_status("warn")
    assert dbt(database, dbt_target, "docs", "generate").returncode == 0
    manifest: dict[str, Any] = json.loads((dbt_target / "manifest.json").read_text())
    catalog = json.loads((dbt_target / "catalog.json").read_text())
    manifest["tables"] = catalog["nodes"] | catalog["sources"]
    return manifest


def test_empty_raw_tables_build_into_a_documented_mart(database: Database, documented: dict[str, Any]) -> None:
    check_marts(database, oracle.marts([], []))
    nodes = documented["nodes"] | documented["sources"]
    for name, table in documented["tables"].items():
        assert re.search(r"One row per [^.]+\.\s*$", nodes[name]["description"]), name
        columns = {column: told["description"] for column, told in nodes[name]["columns"].items()}
        undocumented = {column for column in table["columns"] if not columns.get(column)} - {"mood"}
        assert not undocumented, name
    exposures = {exposure["name"] for exposure in documented["exposures"].values()}
    assert exposures == {"label_folders", "reassembled_dicoms"}
    _check_contracts(database)


def _check_contracts(database: Database) -> None:
    for mart, columns in COLUMNS.items():
        query = "select column_name, data_type from information_schema.columns where table_schema = 'marts'"
        found = rows(database, f"{query} and table_name = '{mart}' order by ordinal_position")
        assert [(row["column_name"], row["data_type"]) for row in found] == list(columns.items())
    keys = rows(
        database,
        """
        select c.conrelid::regclass::text as mart, array_agg(a.attname::text order by k.place) as columns
        from pg_constraint as c
        cross join unnest(c.conkey) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum
        where c.contype = 'p' and c.connamespace = 'marts'::regnamespace
        group by c.conrelid
        """,
    )
    assert {row["mart"].removeprefix("marts."): row["columns"] for row in keys} == KEYS
    checked = rows(database, "select distinct conrelid::regclass::text as mart from pg_constraint where contype = 'c'")
    assert {row["mart"] for row in checked} >= {f"marts.{mart}" for mart in KEYS}


def test_the_profile_holds_nothing_but_environment_variables() -> None:
    text = (PROJECT / "profiles.yml").read_text()
    (profile,) = yaml.safe_load(text)["doubleread"]["outputs"].values()
    fixed = {"type": "postgres", "schema": "staging", "connect_timeout": 10, "threads": 4}
    settings = {name: value for name, value in profile.items() if name not in fixed}
    assert {name: profile[name] for name in fixed} == fixed
    assert all("env_var('PG" in value for value in settings.values())
    assert set(re.findall(r"env_var\('(PG\w+)'", text)) == {"PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"}


def test_nothing_is_fetched_and_nothing_is_told_to_others() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    assert project["flags"]["send_anonymous_usage_stats"] is False
    assert not (PROJECT / "packages.yml").exists()
    assert not (PROJECT / "dependencies.yml").exists()


def test_labels_and_captions_are_those_of_the_drawings() -> None:
    with (PROJECT / "seeds" / "label_patterns.csv").open(newline="") as file:
        patterns = list(csv.DictReader(file))
    assert {row["label"]: row["caption"] for row in patterns} == CAPTIONS
    assert {row["label"]: row["pattern"] for row in patterns} == oracle.PATTERNS
    assert re.findall(r"'(has_\w+)'", (PROJECT / "macros" / "labels.sql").read_text()) == list(CAPTIONS)


def test_the_rule_is_quoted_as_the_models_have_it() -> None:
    """Each excerpt of the page is, to the letter, in the model that the page names last before it."""
    page = RULE.read_text()
    excerpts = list(re.finditer(r"```sql\n(.*?)```", page, re.DOTALL))
    assert len(excerpts) == 5
    for excerpt in excerpts:
        model = re.findall(r"\]\(\.\./(dbt_project/models/\S+\.sql)\)", page[: excerpt.start()])[-1]
        assert excerpt[1] in (PROJECT.parent / model).read_text()
    assert re.findall(r"then '(\w+)'|else '(\w+)'", excerpts[3][1])[1:] == [
        *((reason, "") for reason in REASONS[:-1]),
        ("", REASONS[-1]),
    ]


def test_the_page_on_the_rule_names_every_reason_and_every_test_that_tells_of_odd_data() -> None:
    page = RULE.read_text()
    rows_of_tables = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert rows_of_tables[: len(REASONS)] == REASONS
    checks = (PROJECT / "models" / "quality" / "quality.yml").read_text()
    defects = re.search(r"reason in \(([^)]+)\)", checks)
    assert defects
    assert rows_of_tables[len(REASONS) :] == re.findall(r"'(\w+)'", defects[1])
    sources = (PROJECT / "models" / "sources.yml").read_text()
    for name in re.findall(r"name: ((?:scan|annotation)s?_(?:ids_)?(?:have|are)_\w+)", sources):
        assert f"`{name}`" in page
