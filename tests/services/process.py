"""A server as a child process that cannot outlive the process that wanted it."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60  # Azurite answers after 1 s on an idle machine; a loaded one may need ten times that.
POLL_SECONDS = 0.02


@contextmanager
def serve(
    argv: Sequence[str | Path], *, log: Path, listening: re.Pattern[str], environment: Mapping[str, str] | None = None
) -> Iterator[re.Match[str]]:
    """Run ``argv`` until the block ends and yield the match of ``listening`` in what it prints.

    The child's standard input is a pipe held here: a server that ends at end of file also ends when this
    process is killed. Everything the child prints goes to ``log``.

    Raises:
        RuntimeError: the server ended, or did not say in time that it listens; the message holds what it printed.
    """
    with log.open("wb") as output:
        server = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, cwd=log.parent, env=environment
        )
    with server:
        try:
            yield _wait(server, log, listening)
        finally:
            server.kill()


def _wait(server: subprocess.Popen[bytes], log: Path, listening: re.Pattern[str]) -> re.Match[str]:
    give_up = time.monotonic() + START_SECONDS
    while True:
        ended = server.poll() is not None
        printed = log.read_text(errors="replace")
        if match := listening.search(printed):
            return match
        if ended or time.monotonic() > give_up:
            state = f"ended with status {server.returncode}" if ended else f"is not ready after {START_SECONDS} s"
            raise RuntimeError(f"{server.args!r} {state}. It printed:\n{printed}")
        time.sleep(POLL_SECONDS)
