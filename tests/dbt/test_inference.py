"""The marts over runs of jobs, from the tables that the program makes."""

from pathlib import Path

from orchestration.database import Database
from tests.dbt.project import dbt, rows

A, B = "a" * 64, "b" * 64
RUNS = [
    # run, status, reason, output's digest, ended_at
    ("1", "succeeded", None, A, "2026-01-01"),
    ("2", "incomplete", None, B, "2026-01-02"),
    ("3", "failed", "the output is there already", None, "2026-01-03"),
    ("4", "running", None, None, None),
]
SERIES = [
    # run, series, status, reason
    ("1", "1.2", "processed", None),
    ("1", "1.3", "processed", None),
    ("2", "1.2", "processed", None),
    ("2", "1.3", "failed", "a slice is missing"),
]


def fill(database: Database) -> None:
    with database.tables("inference") as connection:
        for run, status, reason, output, ended_at in RUNS:
            connection.execute(
                """
                insert into doubleread.inference_runs (
                    run_id, job, status, reason, input_dir, output_dir, config, config_sha256, runtime, provider,
                    code_version, code_sha256, input_sha256, output_sha256, ended_at
                ) values (%s, 'onnx', %s, %s, '/in', '/out', '{}', 'c', 'r', 'p', 'v', 'c', 'i', %s, %s)
                """,
                [run, status, reason, output, ended_at],
            )
        for run, series, status, reason in SERIES:
            digest = A if status == "processed" else None
            connection.execute(
                "insert into doubleread.inference_series values "
                "(%s, %s, %s, %s, 'MR', 1, 2, 3, 4, %s, %s, null, 0, 0, 2)",
                [run, series, status, reason, digest, digest],
            )
            if status == "processed":
                for place in range(2):
                    connection.execute(
                        "insert into doubleread.predictions values (%s, %s, 0, %s, '1.2.9', 0, 'mass', %s)",
                        [run, series, place, int(run) / 10],
                    )


def test_results_are_those_of_the_latest_run_and_what_failed_or_came_out_otherwise_is_warned_of(
    database: Database, dbt_target: Path
) -> None:
    fill(database)
    run = dbt(database, dbt_target, "build", "--selector", "inference")
    assert run.returncode == 0, run.output
    assert run.with_status("warn") == {"no_inference_is_left_failed", "the_same_run_gives_the_same_bytes"}
    results = rows(database, "select series_instance_uid, run_id, score_count from marts.inference_results order by 1")
    assert results == [
        {"series_instance_uid": "1.2", "run_id": "2", "score_count": 2},
        {"series_instance_uid": "1.3", "run_id": "1", "score_count": 2},
    ]
    scores = rows(
        database,
        "select series_instance_uid, slice_index, score_name, score from marts.inference_scores order by 1, 2",
    )
    assert [tuple(row.values()) for row in scores] == [
        ("1.2", 0, "mass", 0.2),
        ("1.2", 1, "mass", 0.2),
        ("1.3", 0, "mass", 0.1),
        ("1.3", 1, "mass", 0.1),
    ]
    failed = rows(
        database, "select run_id, series_instance_uid, reason, is_mended from quality.failed_inferences order by 1"
    )
    assert [tuple(row.values()) for row in failed] == [
        ("2", "1.3", "a slice is missing", False),
        ("3", None, "the output is there already", False),
    ]
