"""``doubleread measure`` beside the plain script, on 100 MB of small elements and of large ones; storing batches.

The plain script is ``json.load``, ``int()`` for each word, and a ``threading.Thread`` for each element, four at a time;
it logs by ``logging`` and prints. Both run as commands, start-up included, with their lines going to files.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

from benchmarks.report import Row
from orchestration.database import Database
from orchestration.database.embedded import server_package
from orchestration.measurements import Element, measure
from orchestration.measurements.elements import MeasuredElement
from orchestration.measurements.storing import store_elements

BYTES = 100_000_000
ROUNDS = 1
SHAPES = {"30 values": (3, 10), "10,000 values": (100, 100)}  # rows of an element, and values of a row
STORED, BATCH, BATCHES = 1_000_000, 10_000, 5
PAGES = {
    "of one device, newest first": (
        "where elements.device_id = 3 and average_before_normalization > 50 "
        "order by created_date desc, sequence_number desc"
    ),
    "after the 500,000th by average": (
        "where (average_before_normalization, sequence_number) > (50, 0) "
        "order by average_before_normalization, sequence_number"
    ),
}
PLAIN = """
import json, logging, sys, threading
logging.basicConfig(filename=sys.argv[2], format="%(asctime)s [%(threadName)s] %(message)s", level=logging.INFO)
gate = threading.Semaphore(4)
def work(element):
    try:
        values = [int(word) for row in element["data"] for word in row.split()]
        largest = max(values)
        before = sum(values) / len(values)
        normalized = [value / largest for value in values]
        after = sum(normalized) / len(normalized)
        line = f"{element['id']}: before {before:.6f}, after {after:.6f}, size {len(values)}, {element['deviceName']}"
        logging.info(line)
        print(line)
    finally:
        gate.release()
with open(sys.argv[1]) as file:
    elements = json.load(file)
for element in elements.values():
    gate.acquire()
    threading.Thread(target=work, args=(element,)).start()
for _ in range(4):
    gate.acquire()
"""
# A process begins with the memory of the one that started it as its high-water mark; this one is small.
LAUNCH = """
import os, sys, time
start = time.perf_counter()
_, status, usage = os.wait4(os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ), 0)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Cost(NamedTuple):
    """What a command took."""

    seconds: float
    cpu_seconds: float
    megabytes: float


def run() -> list[Row]:
    """Every row of the section on measurements."""
    with tempfile.TemporaryDirectory(prefix="dr-") as folder:
        rows = [row for name, shape in SHAPES.items() for row in files(Path(folder), name, shape)]
        return rows + storing(Path(folder))


def files(folder: Path, name: str, shape: tuple[int, int]) -> list[Row]:
    """The command and the script on one file."""
    path = folder / "elements.json"
    write_elements(path, *shape)
    command = Path(sys.executable).parent / "doubleread"
    measured, plain = [], []
    for _ in range(ROUNDS):
        measured.append(cost([str(command), "measure", str(path), "--log", str(folder / "a.log")], folder))
        plain.append(cost([sys.executable, "-c", PLAIN, str(path), str(folder / "b.log")], folder))
    ours, theirs = median(measured), median(plain)
    subject = f"100 MB of elements of {name}"
    return [
        Row("measure", f"{subject}, plain script", theirs.seconds, "s"),
        Row("measure", subject, ours.seconds, "s", theirs.seconds / ours.seconds, "plain script", "at least 5"),
        Row("measure", f"{subject}, CPU", ours.cpu_seconds, "s", theirs.cpu_seconds / ours.cpu_seconds, "plain script"),
        Row("measure", f"{subject}, plain script, memory", theirs.megabytes, "MB"),
        Row(
            "measure",
            f"{subject}, memory",
            ours.megabytes,
            "MB",
            theirs.megabytes / ours.megabytes,
            "plain script",
            "at least 5",
        ),
    ]


def storing(folder: Path) -> list[Row]:
    """Batches, measured and stored beside a million elements; a row at a time; and pages of a hundred."""
    server = server_package().get_server(folder / "pg", cleanup_mode="stop", postgres_version=16)
    try:
        info = server.get_postmaster_info()
        database = Database(
            {"PGHOST": str(info.socket_dir), "PGPORT": str(info.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
        )
        with database.tables("measurements") as connection:
            fill(connection)
            rates = [rate(connection, store_batch) for _ in range(BATCHES)]
            by_row = [rate(connection, store_rows) for _ in range(BATCHES)]
            rows = [
                Row(
                    "measure",
                    f"batches of {BATCH:,} beside {STORED:,}, a row at a time",
                    statistics.median(by_row),
                    "/s",
                ),
                Row(
                    "measure",
                    f"batches of {BATCH:,} beside {STORED:,}",
                    statistics.median(rates),
                    "elements/s",
                    statistics.median(rates) / statistics.median(by_row),
                    "executemany",
                    "20,000/s",
                ),
            ]
            return rows + [
                Row("measure", f"a page of 100 {name}", page(connection, query) * 1000, "ms", target="about 1 ms")
                for name, query in PAGES.items()
            ]
    finally:
        server.cleanup()


def write_elements(path: Path, rows: int, values: int) -> None:
    """A file of ``BYTES``."""
    generator, written = random.Random(1), 1
    with path.open("w") as file:
        file.write("{")
        for number in range(BYTES):
            element = elements(generator, 1, rows, values, f"aabbcc{number}")[0]
            text = json.dumps({"id": element.id, "data": list(element.rows), "deviceName": element.device_name})
            written += file.write(f'{"," if number else ""}\n"{number + 1}": {text}')
            if written >= BYTES:
                break
        file.write("}\n")


def elements(generator: random.Random, count: int, rows: int, values: int, id_: str | None = None) -> list[Element]:
    """Elements as a device might send them."""
    return [
        Element(
            id_ or uuid.UUID(int=generator.getrandbits(128)).hex,
            f"CT {generator.randrange(12)}",
            [" ".join(map(str, generator.choices(range(100), k=values))) for _ in range(rows)],
        )
        for _ in range(count)
    ]


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end; nothing that it prints is kept."""
    launched = [sys.executable, "-c", LAUNCH, *command]
    with (folder / "out.txt").open("w") as out:
        told = subprocess.run(launched, stdout=out, stderr=subprocess.PIPE, cwd=folder, check=True, text=True).stderr
    return Cost(*map(float, told.split()[-3:]))


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*map(statistics.median, zip(*costs, strict=True)))


def fill(connection: psycopg.Connection) -> None:
    """A table as it is after some months."""
    connection.execute("insert into doubleread.devices (name) select 'CT ' || i from generate_series(1, 12) as i")
    connection.execute(
        "insert into doubleread.elements (id, device_id, average_before_normalization, average_after_normalization, "
        "data_size, data, created_date, updated_date) "
        "select md5(i::text), 1 + mod(i, 12), random() * 100, random(), 30, "
        "array['54 26 34 47 95 23 79 41 97 55', '75 87 75 89 81 45 52 51 79 32', '71 8 67 9 12 97 18 59 58 17'], "
        "now() - random() * interval '100 days', now() - random() * interval '100 days' "
        "from generate_series(1, %s) as i",
        [STORED],
    )
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze doubleread.elements")
    connection.autocommit = False


def rate(connection: psycopg.Connection, store: Callable[[psycopg.Connection, list[MeasuredElement]], None]) -> float:
    """Elements a second, measured and stored."""
    batch = elements(random.Random(), BATCH, 3, 10)
    start = time.perf_counter()
    store(connection, [MeasuredElement(measure(element), element.rows) for element in batch])
    connection.commit()
    return BATCH / (time.perf_counter() - start)


def store_batch(connection: psycopg.Connection, batch: list[MeasuredElement]) -> None:
    """As the command and the service do it."""
    store_elements(connection, batch, repeated="refuse")


def store_rows(connection: psycopg.Connection, batch: list[MeasuredElement]) -> None:
    """As psycopg does it for whoever gives it rows."""
    connection.cursor().executemany(
        "insert into doubleread.elements (id, device_id, average_before_normalization, average_after_normalization, "
        "data_size, data) values (%s, (select id from doubleread.devices where name = %s), %s, %s, %s, %s)",
        [(*element.measurement, list(element.rows)) for element in batch],
    )


def page(connection: psycopg.Connection, query: str) -> float:
    """Median seconds of asking for a page and reading it."""
    joined = "doubleread.elements join doubleread.devices on elements.device_id = devices.id"
    statement = f"select elements.*, devices.name from {joined} {query} limit 100".encode()  # noqa: S608 - ours
    seconds = []
    for _ in range(50):
        start = time.perf_counter()
        assert len(connection.execute(statement).fetchall()) == 100
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
