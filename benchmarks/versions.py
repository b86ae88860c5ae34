"""What keeping the history of the readings adds to the models, at 2 million annotations and 500,000 scans.

Beside the models' own time: the first snapshot, one when nothing changed, one when 1 % did, and the models over the
history in place of the raw tables. dbt's own query for a snapshot, which joins whole rows three times, is measured on a
copy of the project that lacks ours.
"""

import re
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.mart import PROJECT, SQL, connect, execute_script, run_dbt, start_server
from benchmarks.report import Row
from orchestration.transformations import FROM_HISTORY

STUDIES = 125_000
ROUNDS = 3
CHANGE = "update mmgscans_mmgscanannotation set has_benign_mass = not has_benign_mass where id % 100 = 0"


def run() -> list[Row]:
    """Time snapshots and models."""
    with tempfile.TemporaryDirectory(prefix="dr-") as name, start_server(Path(name)) as environment:
        folder = Path(name)
        raw, latest = folder / "raw", folder / "latest"
        theirs = _project_without_our_query(folder / "project")
        with connect(environment) as connection:
            connection.execute(f"set benchmark.studies = {STUDIES}".encode())
            execute_script(connection, SQL / "scans.sql")
            execute_script(connection, SQL / "mart_data.sql")
            run_dbt(environment, raw, "seed")
            first = run_dbt(environment, latest, "snapshot", *FROM_HISTORY)
            rounds = [
                (
                    run_dbt(environment, raw, "run"),
                    run_dbt(environment, latest, "run", *FROM_HISTORY),
                    run_dbt(environment, latest, "snapshot", *FROM_HISTORY),
                    run_dbt(environment, folder / "theirs", "snapshot", *FROM_HISTORY, project=theirs),
                )
                for _ in range(ROUNDS)
            ]
            connection.execute(CHANGE)
            changed = run_dbt(environment, latest, "snapshot", *FROM_HISTORY)
    models, over_history, unchanged, by_dbt = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    return [
        Row("versions", "first snapshot, 2 million annotations", first, "s", first / models, "the models: share"),
        Row("versions", "snapshot, nothing changed", unchanged, "s", unchanged / models, "the models: share"),
        Row("versions", "snapshot, 1 % changed", changed, "s", changed / models, "the models: share"),
        Row(
            "versions", "snapshot, nothing changed", unchanged, "s", by_dbt / unchanged, "dbt's own query: times faster"
        ),
        Row("versions", "the models over the history", over_history, "s", over_history / models, "over the raw tables"),
    ]


def _project_without_our_query(folder: Path) -> Path:
    """A copy of the dbt project in which dbt's own query finds what a snapshot adds and ends."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    file = folder / "macros" / "history.sql"
    text, replaced = re.subn(
        r"\{% macro default__snapshot_staging_table.*?endmacro %\}", "", file.read_text(), flags=re.DOTALL
    )
    assert replaced == 1
    file.write_text(text)
    described = folder / "macros" / "macros.yml"
    described.write_text(described.read_text().partition("  - name: default__snapshot_staging_table")[0])
    return folder
