"""The main job from the page against the command: the same work, started over Dagster's queue.

Nothing has changed since the last run, so that starting and checking are what is measured. The page runs all the while,
and with it the embedded database that both use. Both take turns, so that neither has the quieter machine.
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.report import Row
from orchestration.defs.label_folders.partitions import ALL_LABELS_TAGS
from orchestration.sample import write_sample
from tests.services.page import DOUBLEREAD, page

ROUNDS = 5
SIZE = (416, 512)
LAUNCH = """
    mutation($run: ExecutionParams!) { launchRun(executionParams: $run) { ... on LaunchRunSuccess { run { runId } } } }
"""
STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
JOB = {"repositoryLocationName": "doubleread", "repositoryName": "__repository__", "pipelineName": "main_job"}


def run() -> list[Row]:
    """Seconds of the main job from the page and by the command, the median of each."""
    home = Path(tempfile.mkdtemp(prefix="dr-page-"))
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    try:
        write_sample(home / "sample", size=SIZE)
        _command(home, environment, "load", "sample")
        with page(home, environment) as address:
            _command(home, environment, "build")
            times = [(_from_page(address), _command(home, environment, "build")) for _ in range(ROUNDS)]
    finally:
        shutil.rmtree(home, ignore_errors=True)
    from_page, by_command = (statistics.median(column) for column in zip(*times, strict=True))
    return [
        Row("page", "doubleread build, nothing changed", by_command, "s"),
        Row("page", "main_job from the page", from_page, "s", by_command / from_page, "the command", "at least 1/1.3"),
    ]


def _command(folder: Path, environment: dict[str, str], *arguments: str) -> float:
    """Seconds that a command takes."""
    start = time.perf_counter()
    subprocess.run([DOUBLEREAD, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def _from_page(address: str) -> float:
    """Seconds from asking the page for the main job until it has succeeded."""
    start = time.perf_counter()
    tags = [{"key": name, "value": value} for name, value in ALL_LABELS_TAGS.items()]
    wanted = {"selector": JOB, "runConfigData": {}, "mode": "default", "executionMetadata": {"tags": tags}}
    run_id = _asked(address, LAUNCH, {"run": wanted})["launchRun"]["run"]["runId"]
    while (status := _asked(address, STATUS, {"id": run_id})["runOrError"]["status"]) != "SUCCESS":
        if status in {"FAILURE", "CANCELED"}:
            raise RuntimeError(f"the run ended as {status}")
        time.sleep(0.1)
    return time.perf_counter() - start


def _asked(address: str, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        body = json.dumps({"query": query, "variables": variables})
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer: dict[str, Any] = json.loads(connection.getresponse().read())["data"]
    finally:
        connection.close()
    return answer
