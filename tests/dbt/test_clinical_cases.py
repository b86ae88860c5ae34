"""The mart of clinical cases, from the tables that the program makes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from orchestration.database import Database
from tests.dbt.project import dbt, rows

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def test_cases_are_built_without_annotation_tables_and_what_counts_for_none_is_warned_of(
    database: Database, dbt_target: Path
) -> None:
    images = [
        ("2014/S1/L__CC.dcm", 2014, "S1", "l_cc", None, 0),
        ("2014/S1/L__CC again.dcm", 2014, "S1", "l_cc", None, 1),
        ("2014/S1/" + "x" * 1000 + "R__CC.dcm", 2014, "S1", "r_cc", None, 0),
        ("2014/S1/side.dcm", 2014, "S1", None, "no view", 0),
    ]
    with database.tables("clinical") as connection:
        for blob, year, case_id, view, problem, hours in images:
            connection.execute(
                "insert into doubleread.clinical_images values ('images', %s, %s, %s, %s, 1, 'e', null, %s, now(), %s)",
                [blob, year, case_id, view, NOON + timedelta(hours=hours), problem],
            )
        connection.execute("insert into doubleread.clinical_index_runs values ('images', now(), 4, 3, 1, 4, 0, 0, 1)")
    run = dbt(database, dbt_target, "build", "--selector", "clinical")
    assert run.returncode == 0, run.output
    assert run.with_status("warn") == {"every_clinical_image_counts"}
    assert rows(database, "select reason, problem, counted_blob from quality.unmatched_clinical_images order by 1") == [
        {"reason": "partial", "problem": "no view", "counted_blob": None},
        {"reason": "superseded", "problem": None, "counted_blob": "2014/S1/L__CC again.dcm"},
    ]
    (case,) = rows(database, "select * from marts.clinical_cases")
    assert case == {
        "case_id": "S1",
        "year": 2014,
        "container": "images",
        "l_cc": "2014/S1/L__CC again.dcm",
        "l_mlo": None,
        "r_cc": images[2][0],
        "r_mlo": None,
        "missing_views": ["l_mlo", "r_mlo"],
        "view_count": 2,
        "has_report": False,
    }
