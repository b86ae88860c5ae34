"""``doubleread measure``: files of elements, measured on threads; and ``doubleread measure threads``."""

import sys
from contextlib import ExitStack, contextmanager
from errno import EPIPE
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from orchestration.errors import DoublereadError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestration.measurements.elements import Take
    from orchestration.measurements.processing import Outcome
    from orchestration.outcomes import Failure, StageListener

LOG = Path("measure.log")
LogOption = Annotated[Path, typer.Option("--log", metavar="FILE", help="The log, which is added to.")]

_threads = typer.Typer(add_completion=False, rich_markup_mode=None)


class MeasureCommand(TyperCommand):
    """A command that takes files and has a command below it."""

    @property
    def commands(self) -> dict[str, Any]:
        """The command below it, by name."""
        return {"threads": typer.main.get_command(_threads)}

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:  # noqa: ANN401 - click's own types, which typer may vendor
        """Leave arguments that begin with a command's name to that command."""
        below = self.commands.get(args[0]) if args else None
        if below is not None:
            return below.make_context(f"{info_name} {args[0]}", args[1:], parent=parent, **extra)
        return super().make_context(info_name, args, parent=parent, **extra)


@_threads.command()
def threads(
    *,
    interval: Annotated[float, typer.Option(min=0, max=3600, help="Seconds that a thread waits after a number.")] = 0.5,
    log: LogOption = LOG,
) -> None:
    """Show that threads share the log: one prints the even, one the odd numbers from 1 to 200.

    Every line is whole and has the name of its thread, and the numbers of each thread are in order.
    """
    from orchestration.measurements.counting import count_together
    from orchestration.measurements.shared_log import opened_log

    with _named_errors(), opened_log(log, sys.stdout, seconds_held=0) as shared:
        count_together(shared, interval=interval)


def measure(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="JSON files, each an object of elements.")],
    *,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Threads, and so elements worked on at a time.")] = 4,
    log: LogOption = LOG,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of lines.")] = False,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a Parquet file instead of printing lines.")
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Store the elements where the results service reads them.")
    ] = False,
) -> None:
    """Measure what imaging devices emit: the average of each element's values, before and after normalization.

    A file holds {"1": {"id": "aabbcc1", "data": ["78 83 21", "54 26"], "deviceName": "CT SCAN"}, …}: rows of integers,
    which are normalized by dividing them by the element's largest. Id, averages, size and device of each element are
    printed in the order of the files and logged by the thread that measured it.

    An element that is wrong fails by name and with a reason, and the others are done: data without a number, or with a
    word among the numbers, or a number of more than 64 bits; a largest value of 0; an id that an earlier element has;
    a field that is missing or of another type. With --store an element that is stored already counts as done, and
    fails where what is stored differs.

    doubleread measure threads shows that the lines of the log stay whole. A file called threads is ./threads.
    """
    if as_json and parquet is not None:
        raise typer.BadParameter("--json and --parquet exclude each other")
    from orchestration.measurements.processing import described, measure_files
    from orchestration.measurements.shared_log import opened_log
    from orchestration.outcomes import Failure, Failures

    failures, measured = Failures(), 0

    def fail(failure: Failure) -> None:
        failures.add(failure.item, failure.reason)

    def refuse(failure: Failure) -> None:
        shared.write("database", described(failure))
        fail(failure)

    def deliver(outcomes: "Sequence[Outcome]") -> None:
        nonlocal measured
        done = []
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                fail(outcome)
            else:
                done.append(outcome)
        measured += len(done)
        for take in takers:
            take(done)
        report("elements", measured + failures.count, 0)

    with _named_errors(), ExitStack() as opened:
        shared = opened.enter_context(opened_log(log))
        report = _progress(opened, printing=parquet is None)
        takers = [_output(opened, as_json=as_json, parquet=parquet)]
        if store:
            takers.append(_store(opened, refuse))
        measure_files(files, deliver, workers=workers, log=shared)
    typer.echo(f"{measured:,} elements measured, {failures.count:,} failed; log {log}", err=as_json)
    if failures.count:
        from orchestration.cli.display import console, errors, print_failures

        print_failures("failed", failures, f"the log {log}", to=errors if as_json else console)
        raise typer.Exit(1)


def _output(opened: ExitStack, *, as_json: bool, parquet: Path | None) -> "Take":
    """Where measured elements go that are not stored."""
    if parquet is not None:
        from orchestration.measurements.parquet import parquet_file

        return opened.enter_context(parquet_file(parquet))
    if as_json:
        from orchestration.measurements.json_list import json_list

        return opened.enter_context(json_list(sys.stdout))
    from orchestration.measurements.processing import described

    return lambda elements: print("".join(f"{described(element)}\n" for element in elements), end="")


def _store(opened: ExitStack, refuse: "Callable[[Failure], None]") -> "Take":
    from orchestration.database import open_database
    from orchestration.measurements.storing import storing
    from orchestration.settings import load_settings

    return opened.enter_context(storing(open_database(load_settings()), refuse))


def _progress(opened: ExitStack, *, printing: bool) -> "StageListener":
    """A bar where standard error is a terminal, but not among lines that are printed to the same one.

    What draws bars takes as much memory as four threads that measure, so it is left out where it draws nothing.
    """
    if not sys.stderr.isatty() or (printing and sys.stdout.isatty()):
        from orchestration.outcomes import no_stages

        return no_stages
    from orchestration.cli.display import progress_bars

    return opened.enter_context(progress_bars())


@contextmanager
def _named_errors() -> "Iterator[None]":
    """A log or a result that cannot be written ends the command with a sentence; a reader that has enough, silently."""
    try:
        yield
    except OSError as error:
        if error.errno == EPIPE:
            raise
        what = f"{error.filename}: " if error.filename else ""
        raise DoublereadError(f"{what}cannot be written: {error.strerror or type(error).__name__}") from None
