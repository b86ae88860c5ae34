"""What a benchmark reports: measurements, each beside the one that it is compared with in the same run."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """One measurement.

    ``ratio`` is how many times better ``subject`` is than ``against``, measured in the same run;
    ``target`` says what was promised, in words.
    """

    benchmark: str
    subject: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    target: str = ""


def median_seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Median wall-clock seconds of ``action``, after one run that warms caches and is not counted."""
    action()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def results(outcomes: Iterable[tuple[object, Result | Exception]]) -> list[Result]:
    """What tasks on workers came to; the error of one that failed is raised."""
    found = []
    for _, outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
        found.append(outcome)
    return found


def machine() -> dict[str, str | int]:
    """The machine that the figures belong to."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    model = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    avx512 = any(line.startswith("flags") and " avx512f" in line for line in lines)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": model + (" with AVX-512" if avx512 else ""),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def write(rows: Iterable[Row], json_path: Path) -> None:
    """Print the rows as a table and write them, with the machine, to ``json_path``."""
    rows = list(rows)
    table = Table("benchmark", "subject", "value", "ratio", "against", "target")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.benchmark, row.subject, f"{row.value:,.3g} {row.unit}", ratio, row.against, row.target)
    Console(width=160).print(table)
    json_path.parent.mkdir(parents=True, exist_ok=True)
    json_path.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
