"""One log file for many threads: whole lines, and those of a thread in its order."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

LINES_HELD = 1000
SECONDS_HELD = 0.2


class SharedLog:
    """Takes lines from any thread and writes them whole.

    A thread hands its line over by an ``append``, which nothing interrupts, and goes on; whoever finds lines that have
    waited long enough writes all of them at once. So no thread waits for another: with a lock around each line threads
    that have little to compute wake each other up for every line, which costs as much as the line.

    Args:
        files: where each line goes.
        seconds_held: how long a line may wait for others; with 0 each is written at once.
    """

    def __init__(self, *files: TextIO, seconds_held: float = SECONDS_HELD) -> None:
        self._files = files
        self._seconds_held = seconds_held
        self._lines: list[str] = []
        self._writing = threading.Lock()
        self._written_at = 0.0
        self._second = (0, "")  # the last one, and how it is written: formatting costs as much as all the rest

    def write(self, thread: str, text: str) -> None:
        """Log ``text``, which must hold no line end, with the time and the name of the thread."""
        now = time.time()
        self._lines.append(f"{self._time(now)} [{thread}] {text}\n")
        if len(self._lines) >= LINES_HELD or now - self._written_at >= self._seconds_held:
            if not self._seconds_held:
                self.flush()
            elif self._writing.acquire(blocking=False):  # else another thread writes them
                try:
                    self._write_all()
                finally:
                    self._writing.release()

    def flush(self) -> None:
        """Write the lines that wait."""
        with self._writing:
            self._write_all()

    def _write_all(self) -> None:
        count = len(self._lines)
        text = "".join(self._lines[:count])
        del self._lines[:count]
        for file in self._files:
            file.write(text)
            file.flush()
        self._written_at = time.time()

    def _time(self, now: float) -> str:
        second, written = self._second
        if int(now) != second:
            second, written = int(now), time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now))
            self._second = (second, written)
        return f"{written}.{int(now % 1 * 1000):03d}"


@contextmanager
def opened_log(path: Path, *more: TextIO, seconds_held: float = SECONDS_HELD) -> Iterator[SharedLog]:
    """A log that adds to the file ``path`` (and writes to ``more``), for the length of the ``with`` block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        log = SharedLog(file, *more, seconds_held=seconds_held)
        try:
            yield log
        finally:
            log.flush()
