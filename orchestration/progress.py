"""Telling whoever listens how far long work is, without knowing who that is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear, within the ``with`` block and this thread, of each stage's items done and in all."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(stage: str, done: int, total: int) -> None:
    """Tell that ``done`` of ``total`` items of ``stage`` are done."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, done, total)
