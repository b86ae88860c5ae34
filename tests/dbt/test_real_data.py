"""Real readings give the findings that are known of them."""

import csv
import gzip
import runpy
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from orchestration.database import Database, load_raw_tables
from orchestration.transformations import expected_raw_tables
from tests.dbt import oracle
from tests.dbt.comparison import check_marts
from tests.dbt.oracle import LABELS, Annotation, Scan
from tests.dbt.project import NO_TESTS, NO_UNIT_TESTS, built, dbt, rows


def studies_by_label(database: Database, mart: str) -> dict[str, int]:
    query = f"select label, count(distinct study_id) as studies from marts.{mart} group by label"
    return {row["label"]: row["studies"] for row in rows(database, query)}


def read_csv(folder: Path, table: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{table}.csv.gz", "rt", newline="") as file:
        return list(csv.DictReader(file))


def lidc_readings(folder: Path) -> tuple[list[Scan], list[Annotation]]:
    scans = [
        Scan(
            int(row["id"]),
            int(row["mmg_study_id"]),
            row["png_image"],
            row["file_name"],
            int(row["rows"]),
            int(row["columns"]),
        )
        for row in read_csv(folder, "mmgscans_mmgscan")
    ]
    annotations = [
        Annotation(
            int(row["id"]),
            int(row["mmg_scan_id"]),
            row["user_id"],
            row["annotation_bboxes"],
            tuple(row[label] == "true" for label in LABELS),
            datetime.fromisoformat(row["created_at"]),
        )
        for row in read_csv(folder, "mmgscans_mmgscanannotation")
    ]
    return scans, annotations


def test_lidc_readings_give_the_findings_that_are_known_of_them(
    database: Database, dbt_target: Path, shared_data: Path
) -> None:
    folder = shared_data / "lidc-readings"
    load_raw_tables(database, folder, schema="public", tables=expected_raw_tables())
    run = built(database, dbt_target, *NO_UNIT_TESTS)
    assert not run.with_status("warn")
    assert rows(database, "select count(*) from marts.double_matched_findings") == [{"count": 3784}]
    accepted, rejected = (153, 1, 436, 356), (95, 9, 269, 215)
    assert studies_by_label(database, "double_matched_findings") == dict(zip(LABELS, accepted, strict=True))
    assert studies_by_label(database, "rejected_findings") == dict(zip(LABELS, rejected, strict=True))
    check_marts(database, oracle.marts(*lidc_readings(folder)))


def test_four_real_mammogram_studies_give_28_findings(
    database: Database, dbt_target: Path, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 28 that ``unpack.py`` says; the pictures it makes are not needed here, and take 10 s to write."""
    monkeypatch.setattr(Image.Image, "save", lambda *_: None)
    unpack: dict[str, Any] = runpy.run_path(str(shared_data / "mammograms" / "unpack.py"))
    unpack["main"](tmp_path)
    load_raw_tables(database, tmp_path, schema="public", tables=expected_raw_tables())
    built(database, dbt_target, *NO_TESTS)
    found = rows(database, "select study_id, label, count(*) from marts.double_matched_findings group by 1, 2")
    benign_calc, _malign_calc, benign_mass, malign_mass = LABELS
    assert {(row["study_id"], row["label"]): row["count"] for row in found} == {
        ("1", malign_mass): 4,
        ("2", benign_mass): 4,
        **{("3", label): 4 for label in LABELS},
        ("4", benign_calc): 4,
    }
    rejected = rows(database, "select study_id, label, reason from marts.rejected_findings")
    assert {tuple(row.values()) for row in rejected} == {
        (study, label, "readers_disagree")
        for study, label in [("1", benign_calc), ("2", malign_mass), ("4", malign_mass)]
    }
    over_the_edge = rows(
        database,
        "select box from marts.double_matched_findings, jsonb_array_elements(boxes) as box "
        "where scan_id = '40' and box ->> 'reader' = 'u2'",
    )
    assert over_the_edge == [
        {"box": {"reader": "u2", "x": 250, "y": 100, "width": 60, "height": 40, "comment": "Ben. Calc"}}
    ]


def test_the_tests_notice_marts_that_do_not_follow_the_rule(
    database: Database, dbt_target: Path, shared_data: Path
) -> None:
    load_raw_tables(database, shared_data / "lidc-readings", schema="public", tables=expected_raw_tables())
    built(database, dbt_target, *NO_TESTS)
    with database.connect() as connection:
        connection.execute("""
            with one as (select min(finding_id) as finding_id from marts.double_matched_findings)
            delete from marts.double_matched_findings using one
            where double_matched_findings.finding_id = one.finding_id
        """)
        connection.execute("delete from marts.rejected_findings where reason = 'readers_disagree'")
        connection.execute("""
            update marts.double_matched_findings
            set matching_readers = '["U9"]', matching_reader_count = 1, scan_id = 'unknown'
            where finding_id = (select max(finding_id) from marts.double_matched_findings where box_count > 0)
        """)
        connection.execute("""
            insert into quality.malformed_boxes
            select annotation_id, scan_id, reader_id, 'no_mark', 1 from intermediate.int_annotations limit 1
        """)
        connection.execute("""
            update intermediate.int_readings set has_benign_mass = 'inconsistent'
            where (study_id, reader_id) in (select study_id, reader_id from intermediate.int_readings limit 1)
        """)
    run = dbt(database, dbt_target, "test", "--exclude", "test_type:unit")
    assert run.with_status("fail") >= {
        "accepted_studies_show_every_scan",
        "boxes_are_of_matching_readers",
        "double_matches_are_those_of_the_rule",
        "every_called_label_is_accepted_or_rejected_once",
        "findings_have_enough_readers",
        "relationships_double_matched_findings_scan_id__scan_id__ref_int_scans_",
    }
    assert run.with_status("warn") == {"boxes_are_well_formed", "readings_are_consistent"}
