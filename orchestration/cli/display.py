"""What a person sees: results on standard output, progress on standard error and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from orchestration.outcomes import Failures, StageListener

# A file or pipe has no width of its own; tables need one.
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 110)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress_bars() -> Iterator[StageListener]:
    """A listener that shows a bar for each stage it hears of, where standard error is a terminal.

    A total of 0 stands for one that nobody knows yet.
    """
    bars: dict[str, TaskID] = {}
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
        transient=True,
    ) as progress:

        def listener(stage: str, done: int, total: int) -> None:
            if stage not in bars:
                bars[stage] = progress.add_task(stage.replace("_", " "), total=total or None)
            progress.update(bars[stage], completed=done, total=total or None)

        yield listener


def tell(message: str) -> None:
    """Print a sentence that a person should read while work goes on, on standard error."""
    errors.print(message, style="yellow", markup=False)


def complain(message: str) -> None:
    """Print what is wrong, on standard error."""
    errors.print(message, style="red", markup=False)


def print_failures(what: str, failures: Failures, more_in: str = "", *, to: Console = console) -> None:
    """Name items that failed, the first of them each with its reason; nothing where there are none."""
    if failures.count:
        to.print(f"{failures.count:,} {what}:", style="red", markup=False)
    for failure in failures.shown:
        to.print(f"  {failure.item}: {failure.reason}", markup=False)
    if failures.count > len(failures.shown):
        to.print(f"  and {failures.count - len(failures.shown):,} more{more_in and f': {more_in}'}", markup=False)
