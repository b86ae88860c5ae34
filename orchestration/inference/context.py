"""What the pipeline tells the functions of a job beyond their arguments: the run, and the series of a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.volumes import Derivation, Series, Written


@dataclass
class Known:
    """What is known of the one series whose files a folder holds.

    Attributes:
        minimum: of its values after the modality LUT, likewise ``maximum``; known once it was read.
        written: what was written of it.
    """

    series: Series
    minimum: float | None = None
    maximum: float | None = None
    written: Written | None = None


@dataclass
class Run:
    """A run of a job, which its own ``read_volume`` and ``write_dicoms`` look up."""

    derivation: Derivation
    folders: dict[Path, Known] = field(default_factory=dict)


_run: ContextVar[Run | None] = ContextVar("inference_run", default=None)


@contextmanager
def running(run: Run) -> Iterator[None]:
    """Let functions that are called within the block, in this thread, find the run."""
    token = _run.set(run)
    try:
        yield
    finally:
        _run.reset(token)


def current_run() -> Run | None:
    """The run of the surrounding block; None outside a pipeline."""
    return _run.get()
