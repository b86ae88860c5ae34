"""The service as a person starts it: processes, sockets, a log."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.conftest import Answer

DOUBLEREAD = Path(sys.executable).parent / "doubleread"
START_SECONDS = 120
STOP_SECONDS = 60


@dataclass
class Live:
    """A service that runs in ``folder``, and a token of each role."""

    folder: Path
    environment: dict[str, str]
    port: int
    process: "subprocess.Popen[bytes]"
    tokens: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, *, role: str = "admin", **headers: str) -> Answer:
        """Send a request, ``body`` as JSON unless it is bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        given = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"} | given | headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def log(self) -> list[dict[str, Any]]:
        """The lines of the log; each must be JSON."""
        return [json.loads(line) for line in self.log_text().splitlines()]

    def log_text(self) -> str:
        return (self.folder / "serve.log").read_text()

    def wait_for_log(self, **fields: Any) -> dict[str, Any]:
        """The first line with these fields, which may come a moment after the answer."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for line in self.log():
                if fields.items() <= line.items():
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no line has {fields}: {self.log_text()}")

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run ``doubleread`` with the service's settings."""
        result = subprocess.run(
            [DOUBLEREAD, *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert result.returncode == status, result.stdout + result.stderr
        return result.stdout + result.stderr


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def served(
    folder: Path, settings: Mapping[str, str], *, workers: int = 1, tokens: dict[str, str] | None = None
) -> Iterator[Live]:
    """Run ``doubleread serve`` in ``folder`` until the block ends, when it must end well by itself.

    ``tokens`` are those of an earlier start; without them one is made for each role.
    """
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR", "HOME"}}
    environment = kept | {"COLUMNS": "200"} | dict(settings)
    port = free_port()
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [DOUBLEREAD, "serve", "--port", str(port), "--workers", str(workers)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    live = Live(folder, environment, port, process, dict(tokens or {}))
    try:
        _wait_until_it_answers(live)
        for role in () if tokens else ("reader", "writer", "admin"):
            live.tokens[role] = live.run("token", "create", f"the {role}", "--role", role).strip()
        yield live
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    assert process.returncode == 0, live.log_text()


def _wait_until_it_answers(live: Live) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and live.process.poll() is None:
        try:
            if live.call("GET", "/readyz", role="").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the service did not start: {live.log_text()}")
