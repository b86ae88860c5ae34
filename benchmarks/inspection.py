"""``inspect csv`` beside a bare DuckDB query for the same numbers, ``inspect folder`` beside ``find | wc -l``.

Both as the functions that the commands call, in this process: starting Python takes a third of a second.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import duckdb

from benchmarks.report import Row
from orchestration.cli.folder_listing import write_counts, write_folder
from orchestration.inspection.tables import inspect_csv
from orchestration.outcomes import Failures
from tests.services.memory import peak_megabytes

CSV_BYTES = int(os.environ.get("BENCHMARK_CSV_BYTES", "1_000_000_000"))
ENTRIES = int(os.environ.get("BENCHMARK_ENTRIES", "1_000_000"))
ROUNDS = 3
BYTES_PER_ROW = 106.7
NUMERIC = ("id", "size", "score", "gap", "dose", "age")
TEXT = ("patient", "view", "path")


def run() -> list[Row]:
    """Rows for a table of 1 GB and a folder of a million entries."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return tables(folder) + folders(folder)


def tables(folder: Path) -> list[Row]:
    """A table of six numeric columns, one of them with blanks around its numbers and one with empty cells."""
    path = folder / "table.csv"
    duckdb.execute(
        f"""copy (select i as id, 'P_' || lpad((i % 5000)::varchar, 5, '0') as patient,
            case i % 3 when 0 then 'CC' when 1 then 'MLO' else 'n/a' end as view,
            round(random() * 100, 3) as size, (random() * 1000)::int as score,
            case when random() < 0.05 then '' else round(random() * 10 - 5, 6)::varchar end as gap,
            round(random() * 1e6, 2) as dose, (random() * 90)::int || ' ' as age,
            'Mass-Training_' || i || '/1.3.6.1.4.1.9590.100.1.2.' || i as path
            from range({int(CSV_BYTES / BYTES_PER_ROW)}) numbers(i)) to '{path}' (header)"""  # noqa: S608
    )
    found = inspect_csv(path)
    ours, bare = in_turns(lambda: inspect_csv(path), lambda: bare_query(path))
    expected = bare_query(path)
    assert found.rows == expected[0]
    figures = [column for column in found.columns if column.numeric]
    assert [column.count for column in figures] == list(expected[1::5])[: len(NUMERIC)]
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:  # whose peak is that of this run
        peak = alone.submit(_peak_of_inspection, path).result()
    megabytes = path.stat().st_size / 1e6
    path.unlink()
    name = f"table of {megabytes:,.0f} MB"
    return [
        Row(name, "bare DuckDB query", megabytes / bare, "MB/s"),
        Row(name, "inspect csv", megabytes / ours, "MB/s", bare / ours, "bare DuckDB query", "at least 0.83"),
        Row(name, "memory of inspect csv", peak, "MB"),
    ]


def bare_query(path: Path) -> tuple[object, ...]:
    """The same numbers, by whoever knows the columns; blanks around numbers are what DuckDB itself reads."""
    with duckdb.connect() as engine:
        numbers = [f"try_cast({column} as double)" for column in NUMERIC]
        figures = [f"{f}({number})" for number in numbers for f in ("count", "avg", "stddev_samp", "min", "max")]
        texts = [f"count_if({column} not in ('', 'n/a'))" for column in TEXT]
        query = f"select count(*), {', '.join(figures + texts)} from read_csv('{path}')"  # noqa: S608
        return engine.execute(query).fetchone() or ()


def _peak_of_inspection(path: Path) -> float:
    inspect_csv(path)
    return peak_megabytes()


def folders(folder: Path) -> list[Row]:
    """A flat folder of empty files, whose entries the system has in memory."""
    for number in range(ENTRIES):
        (folder / f"file_{number:07d}").touch()
    find = ["sh", "-c", 'find "$0" | wc -l', folder]
    find_sizes = ["sh", "-c", 'find "$0" -printf "%y %s %P\\n" | wc -l', folder]
    name = f"folder of {ENTRIES:,} entries"
    with Path(os.devnull).open("w") as nowhere:

        def listed() -> None:
            write_folder(folder, nowhere, recursive=True, as_json=False, failures=Failures())

        def counted() -> None:
            write_counts(folder, nowhere, recursive=True, as_json=False, failures=Failures())

        actions = (lambda: call(find), lambda: call(find_sizes), listed, counted)
        bare, bare_sizes, listing, counting = in_turns(*actions)
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        peak = alone.submit(_peak_of_listing, folder).result()
    return [
        Row(name, "find | wc -l", bare, "s"),
        Row(name, "find -printf kind, size, name | wc -l", bare_sizes, "s"),
        Row(name, "inspect folder", listing, "s", bare / listing, "find | wc -l", "at least 0.33"),
        Row(name, "inspect folder", listing, "s", bare_sizes / listing, "find -printf", ""),
        Row(name, "inspect folder --count", counting, "s", bare / counting, "find | wc -l", "at least 0.33"),
        Row(name, "memory of inspect folder", peak, "MB"),
    ]


def _peak_of_listing(folder: Path) -> float:
    with Path(os.devnull).open("w") as nowhere:
        write_folder(folder, nowhere, recursive=True, as_json=True, failures=Failures())
    return peak_megabytes()


def call(command: list[object]) -> None:
    """Run a program to its end."""
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def in_turns(*actions: Callable[[], object]) -> list[float]:
    """The least seconds of each action, in turns so that none has the quieter machine."""
    best = [float("inf")] * len(actions)
    for _ in range(ROUNDS):
        for number, action in enumerate(actions):
            start = time.perf_counter()
            action()
            best[number] = min(best[number], time.perf_counter() - start)
    return best
