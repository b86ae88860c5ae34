"""The results service over loopback, a million elements in its table: pages, depth, single creates, batches.

The load tool, the server's two workers and PostgreSQL share the machine's cores.
"""

import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.load import Load, http_request, measure
from benchmarks.report import Row
from orchestration.database.embedded import server_package

ELEMENTS = 1_000_000
BATCH = 10_000
BATCHES = 8
SECONDS = 8.0
ROUNDS = 3
BIN = Path(sys.executable).parent
PATH = "/api/elements/"
FILTERED = f"{PATH}?device_name=device+3&average_before_normalization__gte=50"
_FILL = """
insert into doubleread.devices (name) select 'device ' || number from generate_series(1, 50) as number;
insert into doubleread.elements (
    id, device_id, average_before_normalization, average_after_normalization, data_size, data,
    created_date, updated_date
)
select
    'e' || number, 1 + number %% 50, 40 + random() * 30, random(), 30,
    array['54 26 34 47 95 23 79 41 97 55', '75 87 75 89 81 45 52 51 79 32', '71 8 67 9 12 97 18 59 58 17'],
    timestamptz '2026-01-01' + number * interval '10 s', timestamptz '2026-01-01' + number * interval '10 s'
from generate_series(1, %d) as number
"""


def run() -> list[Row]:
    """Measure the service, and what it is compared with, in turns."""
    with tempfile.TemporaryDirectory(prefix="dr-") as folder, _database(Path(folder)) as environment:
        token = _prepare(Path(folder), environment)
        with _service(Path(folder), environment) as port, _generated(environment) as generated:
            _fill(environment)
            pages = _pages(port, token)
            ratios = _ratios(port, generated, token)
            batches = _batches(port, token)
    return [*pages, *ratios, batches]


def _pages(port: int, token: str) -> list[Row]:
    filtered = _get(port, FILTERED, token)
    deep = f"{PATH}?cursor={_deep_cursor(port, token)}"
    first = statistics.median(_get(port, PATH, token).per_second for _ in range(ROUNDS))
    far = statistics.median(_get(port, deep, token).per_second for _ in range(ROUNDS))
    return [
        Row("service", "a filtered page of 100 elements of a million", filtered.per_second, "requests/s",
            target="at least 300"),
        Row("service", "the same, 99 of 100 requests", filtered.p99 * 1000, "ms", target="under 100"),
        Row("service", "the page after 900,000 elements", far, "requests/s", ratio=far / first,
            against="the first page", target="as fast"),
    ]  # fmt: skip


def _ratios(port: int, generated: int, token: str) -> list[Row]:
    """Ours and the generated service in turns; the median of the rounds' ratios."""
    numbers = iter(range(1 << 62))

    def ours(_number: int) -> bytes:
        body = {"id": f"o{next(numbers)}", "data": ["54 26 34 47", "75 87 75 89"], "deviceName": "device 3"}
        return http_request("POST", PATH, token, json.dumps(body).encode())

    def theirs(_number: int) -> bytes:
        body = {"id": f"t{next(numbers)}", "device": 3, "average_before_normalization": 60.875, "data_size": 8,
                "average_after_normalization": 0.684, "data": ["54 26 34 47", "75 87 75 89"]}  # fmt: skip
        return http_request("POST", "/elements/", token, json.dumps(body).encode())

    pairs: list[tuple[str, Callable[[], Load], Callable[[], Load]]] = [
        ("list", lambda: _get(port, PATH, token), lambda: _get(generated, "/elements/", token)),
        ("create", lambda: _post(port, ours), lambda: _post(generated, theirs)),
    ]
    rows = []
    for what, here, there in pairs:
        rounds = [(here().per_second, there().per_second) for _ in range(ROUNDS)]
        rows.append(
            Row("service", f"{what}, one request after the other", statistics.median(r[0] for r in rounds),
                "requests/s", ratio=statistics.median(r[0] / r[1] for r in rounds),
                against=f"DRF's ModelViewSet, {statistics.median(r[1] for r in rounds):,.0f} requests/s",
                target="at least 3")
        )  # fmt: skip
    return rows


def _batches(port: int, token: str) -> Row:
    random.seed(7)
    rates = []
    for batch in range(BATCHES):
        elements = {
            str(number): {
                "id": f"b{batch}-{number}",
                "data": [" ".join(str(random.randint(0, 99)) for _ in range(10)) for _ in range(3)],
                "deviceName": f"device {1 + number % 50}",
            }
            for number in range(BATCH)
        }
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{PATH}",
            json.dumps(elements).encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        start = time.perf_counter()
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 201
            answer.read()
        rates.append(BATCH / (time.perf_counter() - start))
    return Row("service", "batches of 10,000 elements stored", statistics.median(rates), "elements/s",
               target="at least 20,000")  # fmt: skip


def _get(port: int, path: str, token: str) -> Load:
    request = http_request("GET", path, token)
    measure(port, lambda _number: request, seconds=1)
    return measure(port, lambda _number: request, seconds=SECONDS)


def _post(port: int, request: Callable[[int], bytes]) -> Load:
    measure(port, request, seconds=1, status=b"201")
    return measure(port, request, seconds=SECONDS, status=b"201")


def _deep_cursor(port: int, token: str) -> str:
    """The cursor of the page that begins after nine tenths of the elements."""
    since = "2026-04-15T00:00:00Z"  # 900,000 times ten seconds
    url = f"http://127.0.0.1:{port}{PATH}?page_size=1&created_date__gte={since}"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request) as answer:
        link: str = json.load(answer)["next"]
    return link.partition("cursor=")[2].partition("&")[0]


@contextmanager
def _database(folder: Path) -> Iterator[dict[str, str]]:
    with server_package().get_server(folder / "pg", cleanup_mode="stop", postgres_version=16) as server:
        info = server.get_postmaster_info()
        where = {"PGHOST": str(info.socket_dir), "PGPORT": str(info.port), "PGUSER": "postgres"}
        yield {**os.environ, **where, "PGDATABASE": "postgres", "DOUBLEREAD_RATE_LIMIT": "1000000"}


def _prepare(folder: Path, environment: dict[str, str]) -> str:
    """Make the tables and a token."""
    command = [str(BIN / "doubleread"), "token", "create", "benchmark", "--role", "writer"]
    made = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return made.stdout.strip()


def _fill(environment: dict[str, str]) -> None:
    with psycopg.connect(
        host=environment["PGHOST"], port=environment["PGPORT"], user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute((_FILL % ELEMENTS).encode())
        connection.execute("vacuum analyze doubleread.elements")


@contextmanager
def _service(folder: Path, environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with _running([str(BIN / "doubleread"), "serve", "--port", str(port), "--workers", "2"], port, folder, environment):
        yield port


@contextmanager
def _generated(environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(BIN / "granian"), "--interface", "wsgi", "--workers", "2", "--blocking-threads", "4"]
    command += ["--port", str(port), "--no-ws", "--log-level", "error", "benchmarks.generated_service:application"]
    with _running(command, port, Path(__file__).parents[1], environment):
        yield port


@contextmanager
def _running(command: list[str], port: int, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/").close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(60)
