"""Why a picture is there: the whole command, from the start of its process, over ten thousand and a million findings.

The raw tables are made by SQL with the keys that Django gives them, dbt's own models make the marts, and the records
that builds keep are filled by SQL. Questions are about other findings each time, in random order. The machine's cache
is warm, as that of a database in use is; the first question after a start of the database is given beside them.
"""

import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.mart import SQL, connect, execute_script, run_dbt, start_server
from benchmarks.report import Row, median_seconds
from orchestration.database import Database

FINDINGS = (10_000, 1_000_000)
QUESTIONS = 15  # of each kind
LABEL = "has_malign_mass"
DOUBLEREAD = Path(sys.executable).parent / "doubleread"
LIMIT_SECONDS = 1.0


def run() -> list[Row]:
    """Time the command with each kind of question at both sizes, and beside it the bare start of the command."""
    with tempfile.TemporaryDirectory(prefix="dr-") as folder, start_server(Path(folder)) as environment:
        (few, _), (many, cpu) = (_measure(environment, Path(folder), findings) for findings in FINDINGS)
        bare = median_seconds(lambda: _run(environment, Path(folder), "--version"))
    target = f"at most {LIMIT_SECONDS:g} s"
    rows = [
        Row(
            "why",
            f"{kind}, a million findings",
            seconds,
            "s",
            ratio=seconds / few[kind],
            against=f"ten thousand findings, {few[kind]:.2f} s: times the time",
            target=target,
        )
        for kind, seconds in many.items()
    ]
    slowest = max(many.values())
    against = f"doubleread --version, {bare:.2f} s: times the time"
    rows.append(Row("why", "CPU of a question's process, a million findings", cpu, "s"))
    return [*rows, Row("why", "the slowest of these", slowest, "s", slowest / bare, against, target)]


def _measure(environment: dict[str, str], folder: Path, findings: int) -> tuple[dict[str, float], float]:
    """Median seconds of each kind of question, and of the first one of all; mean CPU seconds of a question."""
    studies = findings // 4 * 50 // 49  # every fiftieth is rejected
    with connect(environment) as connection:
        connection.execute(f"set benchmark.studies = {studies}")
        execute_script(connection, SQL / "scans.sql")
        execute_script(connection, SQL / "why_data.sql")
        run_dbt(environment, folder / "target", "seed")
        run_dbt(environment, folder / "target", "run")
        with Database(environment).tables("training_set"):
            pass
        for name, value in (
            ("store", (folder / ".doubleread" / "images").as_uri()),
            ("training_set", str(folder / "training_set")),
            ("destination", (folder / "training_set" / "export").as_uri()),
        ):
            connection.execute("select set_config(%s, %s, false)", [f"benchmark.{name}", value])
        execute_script(connection, SQL / "why_records.sql")
        asked = _questions(connection, studies)
    seconds = {"the first question": _seconds(environment, folder, next(iter(asked.values()))(1))}
    before = _cpu_of_children()
    for kind, question in asked.items():
        seconds[kind] = statistics.median(_seconds(environment, folder, question(n)) for n in range(2, QUESTIONS + 2))
    return seconds, (_cpu_of_children() - before) / (QUESTIONS * len(asked))


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _questions(connection: psycopg.Connection, studies: int) -> dict[str, Callable[[int], list[str]]]:
    """The nth question of each kind."""
    rows = connection.execute(
        "select finding.finding_id, finding.scan_id, picture.sha256, image.sha256 "
        "from marts.double_matched_findings as finding "
        "inner join doubleread.pictures as picture on picture.finding_id = finding.finding_id "
        "inner join doubleread.clean_images as image on image.png_image = finding.png_image "
        "order by md5(finding.scan_id) limit %s",
        [QUESTIONS + 2],
    ).fetchall()
    rejected = random.Random(1).sample(range(1, studies // 50), QUESTIONS + 2)
    return {
        "a picture's path": lambda n: ["why", f"{LABEL}/{rows[n][1]}.png"],
        "a finding's id": lambda n: ["why", rows[n][0]],
        "a picture's SHA-256": lambda n: ["why", rows[n][2]],
        "an exported image's first 12 digits": lambda n: ["why", rows[n][3][:12]],
        "a scan": lambda n: ["why", f"scan:{rows[n][1]}"],
        "a picture's path, as JSON": lambda n: ["why", f"{LABEL}/{rows[n][1]}.png", "--json"],
        "why-not of a rejected study": lambda n: ["why-not", str(50 * rejected[n])],
    }


def _seconds(environment: dict[str, str], folder: Path, arguments: list[str]) -> float:
    start = time.perf_counter()
    _run(environment, folder, *arguments)
    return time.perf_counter() - start


def _run(environment: dict[str, str], folder: Path, *arguments: str) -> None:
    subprocess.run(
        [DOUBLEREAD, *arguments], cwd=folder, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL
    )
