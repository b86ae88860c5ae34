"""What failed and why, and how far long work is: one vocabulary for all rooms."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

FAILURES_SHOWN = 100  # of one report; tables and files of records hold all of them

Progress = Callable[[int, int], None]
"""Called with the items done and the items in all; a total of 0 stands for one that is not known yet."""

Waiting = Callable[[str], None]
"""Called once with the name of a lock that another run holds and that this run now waits for."""

StageListener = Callable[[str, int, int], None]
"""Called with the name of a stage, its items done and its items in all."""

_listener: ContextVar[StageListener | None] = ContextVar("stage_listener", default=None)


@dataclass(frozen=True)
class Failure:
    """One item that failed, by a name that can be printed, and the reason."""

    item: str
    reason: str


@dataclass
class Failures:
    """Counts items that failed and keeps the first ``FAILURES_SHOWN`` of them by name."""

    count: int = 0
    shown: list[Failure] = field(default_factory=list)

    def add(self, item: str, reason: str) -> None:
        """Count an item that failed."""
        self.count += 1
        if len(self.shown) < FAILURES_SHOWN:
            self.shown.append(Failure(item, reason))


def printable(text: str, limit: int = 100) -> str:
    """``text`` as a message may show it: unprintable characters escaped, cut after ``limit`` characters."""
    if len(text) <= limit and text.isprintable():
        return text
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[: limit + 1])
    return shown if len(text) <= limit else f"{shown[:limit]}… ({len(text):,} characters)"


def no_progress(_done: int, _total: int) -> None:
    """Report progress to nobody."""


def no_stages(_stage: str, _done: int, _total: int) -> None:
    """Report stages to nobody."""


def no_waiting(_name: str) -> None:
    """Report waiting to nobody."""


@contextmanager
def listening(listener: StageListener) -> Iterator[None]:
    """Send the progress of every stage that runs within the ``with`` block, in this thread, to ``listener``."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_stage(stage: str, done: int, total: int) -> None:
    """Report progress of a stage to the listener of the surrounding ``listening`` block, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, done, total)
