"""What a person who knows only dbt sees of the project: its settings, its documentation, its contracts."""

import json
import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from orchestration.database import Database
from orchestration.labels import CAPTIONS, LABELS, PATTERNS
from orchestration.transformations import seed_reasons
from tests.dbt import oracle
from tests.dbt.comparison import MARTS, check_marts
from tests.dbt.project import NO_TESTS, PROJECT, built, dbt, rows
from tests.dbt.raw import DJANGO, write

RULE = PROJECT.parent / "docs" / "rule.md"
KEYS = {
    "double_matched_findings": ["finding_id"],
    "rejected_findings": ["study_id", "label"],
    "reader_agreement": ["label", "reader_a", "reader_b"],
    "clinical_cases": ["case_id", "year"],
    "archive_members_unmatched": ["unmatched_id"],
    "measurements_by_device_and_day": ["device_name", "created_day"],
    "inference_results": ["result_id"],
    "inference_scores": ["score_id"],
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
    "trainable_scans": {
        "scan_id": "text",
        "study_id": "text",
        "patient_id": "text",
        "png_image": "text",
        "role": "text",
        "rejected": "jsonb",
    },
}


@pytest.fixture
def documented(database: Database, dbt_target: Path) -> dict[str, Any]:
    """The manifest of the project, built over empty tables, with what the catalog says of each table's columns."""
    write(database, DJANGO, [], [])
    for tables in ("clinical", "archives", "inference", "measurements"):
        with database.tables(tables):
            pass
    run = built(database, dbt_target, "--select", "*")
    assert not run.with_status("warn")
    assert dbt(database, dbt_target, "docs", "generate", "--select", "*").returncode == 0
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
        # Which columns the labels make is known only to the variable that lists them: the table's description says so.
        assert undocumented in (set(), set(LABELS)), name
        assert not undocumented or "For each label" in nodes[name]["description"], name
    exposures = {exposure["name"] for exposure in documented["exposures"].values()}
    assert exposures == {"label_folders", "training_set_export", "reassembled_dicoms"}
    _check_contracts(database)
    _check_that_other_reasons_are_refused(database)
    labels = rows(database, "select label, pattern, caption from seeds.label_patterns order by place")
    assert [tuple(row.values()) for row in labels] == [(label, PATTERNS[label], CAPTIONS[label]) for label in LABELS]


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


def _check_that_other_reasons_are_refused(database: Database) -> None:
    refused = {
        "marts.rejected_findings": "('1', 'has_benign_mass', 'tired_readers', 0, 0)",
        "quality.malformed_boxes": "('1', '1', 'U1', 'too_blue', 1)",
        "marts.archive_members_unmatched": "('1', '1.2', null, 'text', 'file:///a', 'a.tar', 0, 'too_heavy', 'why')",
    }
    for table, row in refused.items():
        with database.connect() as connection, pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(f"insert into {table} values {row}".encode())


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


def test_the_labels_of_the_project_are_those_that_the_rule_was_written_for() -> None:
    assert LABELS == oracle.LABELS == tuple(CAPTIONS)
    assert PATTERNS == oracle.PATTERNS


def test_the_rule_is_quoted_as_the_models_have_it() -> None:
    """Each excerpt of the page is, to the letter, in the model that the page names last before it."""
    page = RULE.read_text()
    excerpts = list(re.finditer(r"```sql\n(.*?)```", page, re.DOTALL))
    assert len(excerpts) == 5
    for excerpt in excerpts:
        model = re.findall(r"\]\(\.\./(dbt_project/models/\S+\.sql)\)", page[: excerpt.start()])[-1]
        assert excerpt[1] in (PROJECT.parent / model).read_text()
    verdicts = re.findall(r"(?:then|else) '(\w+)'", excerpts[3][1])
    assert verdicts == ["double_matched", *seed_reasons("rejection_reasons")]


def test_the_page_on_the_rule_names_every_reason_and_every_test_that_tells_of_odd_data() -> None:
    page = RULE.read_text()
    rows_of_tables = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert rows_of_tables == [*seed_reasons("rejection_reasons"), *seed_reasons("box_defects")]
    properties = "".join(path.read_text() for path in sorted((PROJECT / "models").glob("*/annotations/*.yml")))
    names = re.findall(r"name: ((?:scan|annotation)s?_(?:ids_)?(?:have|are)_\w+)\n +(?:config|arguments)", properties)
    names += re.findall(r"\{name: ((?:scan|annotation)s?_(?:ids_)?(?:have|are)_\w+)\}", properties)
    names += [path.stem for path in (PROJECT / "tests/annotations").glob("*.sql") if "warn" in path.read_text()]
    assert len(names) == 13
    for name in names:
        assert f"`{name}`" in page


def test_each_seed_ranks_its_reasons_in_the_order_in_which_the_models_try_them() -> None:
    for seed, model in {"rejection_reasons": "int_verdicts", "box_defects": "int_boxes"}.items():
        (sql,) = (PROJECT / "models").rglob(f"{model}.sql")
        tried = re.findall(r"(?:then|else) '(\w+)'", sql.read_text())
        assert [reason for reason in tried if reason != "double_matched"] == list(seed_reasons(seed))


def test_only_what_is_selected_is_made_and_reading_the_project_makes_nothing(
    database: Database, dbt_target: Path
) -> None:
    write(database, DJANGO, [], [])
    for command in (("compile",), ("docs", "generate"), ("source", "freshness")):
        dbt(database, dbt_target, *command)
    schemas = "select nspname from pg_namespace where nspname !~ '^pg_' order by 1"
    assert [row["nspname"] for row in rows(database, schemas)] == ["information_schema", "public"]
    built(database, dbt_target, *NO_TESTS)
    assert {row["nspname"] for row in rows(database, schemas)} == {
        *("information_schema", "public"),
        *("seeds", "staging", "intermediate", "quality", "marts"),
    }
    marts = rows(database, "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'r'")
    assert {row["relname"] for row in marts} == {*MARTS, "mart_state"}
