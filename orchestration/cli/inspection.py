"""``doubleread inspect``: what lies in a folder, what a table says, what a DICOM file says of itself."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.commands import Commands
from orchestration.cli.display import complain, console

if TYPE_CHECKING:
    from orchestration.dicom.elements import Value
    from orchestration.inspection.dicom import DicomFile
    from orchestration.inspection.tables import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

app = Commands(
    name="inspect",
    help="Look into a folder, a table of text or a DICOM file. Nothing is changed.",
    no_args_is_help=True,
)


@app.command()
def folder(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder.", show_default=False)],
    *,
    recursive: Annotated[bool, typer.Option("--recursive", help="Also what lies in the folders below.")] = False,
    count: Annotated[
        bool, typer.Option("--count", help="Only count; without names and sizes that takes a quarter of the time.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the entries of a folder: kind, bytes, name; then how many of each kind.

    Kinds are file, directory, link (a symbolic one, which is not followed) and other. Entries are printed as they are
    read, so that a million take no memory. JSON is {"entries": [{"name", "kind", "size"}], "total", "by_kind"}.
    Exit status 1 when the folder, or one below, can't be read; it is named, the rest is listed.
    """
    from orchestration.cli.folder_listing import write_counts, write_folder
    from orchestration.outcomes import Failures

    failures = Failures()
    with _failing():
        write = write_counts if count else write_folder
        write(path, sys.stdout, recursive=recursive, as_json=as_json, failures=failures)
    if failures.count:
        for failure in failures.shown:
            complain(f"{failure.item}: {failure.reason}")
        if failures.count > len(failures.shown):
            complain(f"and {failures.count - len(failures.shown):,} more")
        complain(f"{failures.count:,} could not be read")
        raise typer.Exit(1)


@app.command()
def csv(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A table of text; may be compressed by gzip.", show_default=False)
    ],
    *,
    population: Annotated[
        bool, typer.Option("--population", help="The standard deviation of a population (n), not of a sample (n - 1).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Describe a table: its rows and columns, and of each numeric column what its numbers are.

    Delimiter (comma, semicolon, tab, vertical bar) and encoding are found out and told. Blanks around a number do not
    count; an empty cell, n/a, NaN, null and the like are missing. JSON is {"rows", "columns": [{"name", "numeric",
    "count", "missing", "mean", "standard_deviation", "minimum", "maximum"}]}. Exit status 1 when there is no such
    file, it is no table, has no numeric column, or has rows of unequal length, whose lines are named.
    """
    from dataclasses import asdict

    from orchestration.inspection.tables import inspect_csv

    with _failing():
        table = inspect_csv(file, population=population)
    if as_json:
        typer.echo(json.dumps({"rows": table.rows, "columns": [asdict(column) for column in table.columns]}, indent=2))
    else:
        _print_table(file, table, population=population)


@app.command()
def dicom(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A DICOM file.", show_default=False)],
    *,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            "--tag",
            metavar="KEYWORD|0xGGGGEEEE|GGGG,EEEE",
            help="Also this element; may be given several times. Masked where PS3.15's basic profile removes or "
            "replaces it, and where it is private.",
        ),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Print the record of patient and study instead, checked field by field.")
    ] = False,
    show_phi: Annotated[
        bool, typer.Option("--show-phi", help="Show what could tell who the patient is, in place of ***.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a DICOM file says of itself: patient (masked), date, modality, how pixels are stored.

    JSON is {"patient_name", "study_date", "modality", "transfer_syntax", "frames", "rows", "columns", "elements"}.
    Exit status 1 when there is no such file, it is no DICOM, damaged or cut short, or an element can't be read.
    """
    from orchestration.inspection.dicom import inspect_dicom

    tags = _tags(tag or [])
    if record:
        if tags:
            raise typer.BadParameter("give --tag or --record, not both")
        _print_record(file, show_phi=show_phi, as_json=as_json)
        return
    with _failing():
        found = inspect_dicom(file, tags, show_phi=show_phi)
    if as_json:
        keys = ("patient_name", "study_date", "modality", "transfer_syntax", "frames", "rows", "columns", "elements")
        typer.echo(json.dumps({key: getattr(found, key) for key in keys}, indent=2))
    else:
        _print_dicom(found)
    for name in found.unreadable:
        complain(f"{name} cannot be read: its value is not what its type says")
    if found.unreadable:
        raise typer.Exit(1)


@contextmanager
def _failing() -> Iterator[None]:
    """Print why something cannot be inspected, and end with status 1."""
    from orchestration.inspection.errors import InspectionError

    try:
        yield
    except InspectionError as error:
        complain(str(error))
        raise typer.Exit(1) from None


def _tags(given: list[str]) -> list[int]:
    from orchestration.dicom.elements import tag_of

    tags = []
    for text in given:
        try:
            tags.append(tag_of(text))
        except ValueError as error:
            raise typer.BadParameter(f"--tag {text} {error}") from None
    return tags


def _print_table(file: Path, table: "Table", *, population: bool) -> None:
    """Say how the table is written, then show a line for each column."""
    from rich import box
    from rich.table import Table as Shown
    from rich.text import Text

    from orchestration.inspection.sniffing import DELIMITERS
    from orchestration.outcomes import printable

    header = "" if table.has_header else ", no header"
    console.print(
        f"{printable(str(file), 1_000)}: {table.rows:,} rows, {len(table.columns):,} columns; delimiter "
        f"{DELIMITERS[table.delimiter]}, encoding {table.encoding}{header}",
        markup=False,
    )
    deviation = "population\ndeviation" if population else "standard\ndeviation"
    shown = Shown(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("column", overflow="fold", vertical="bottom")
    shown.add_column("kind", vertical="bottom")
    for heading in ("count", "missing", "mean", deviation, "minimum", "maximum"):
        shown.add_column(heading, justify="right", vertical="bottom", no_wrap=True)
    for column in table.columns:
        kind = "numbers" if column.numeric else "text" if column.count else "empty"
        figures = (column.mean, column.standard_deviation, column.minimum, column.maximum)
        shown.add_row(
            Text(printable(column.name)), kind, f"{column.count:,}", f"{column.missing:,}",
            *("" if figure is None else f"{figure:.6g}" for figure in figures),
        )  # fmt: skip
    console.print(shown)


def _print_dicom(found: "DicomFile") -> None:
    """Show what the file says of itself, an element a line."""
    rows: list[tuple[str, Value]] = [
        ("patient name", found.patient_name),
        ("study date", found.study_date),
        ("modality", found.modality),
        ("transfer syntax", found.transfer_syntax),
        ("frames", found.frames),
        ("size", f"{found.rows} rows x {found.columns} columns" if found.rows is not None else None),
        ("pixels", _pixels(found)),
        *found.elements.items(),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        typer.echo(f"{name:<{width}}  {_shown(value)}")


def _pixels(found: "DicomFile") -> str | None:
    if not found.has_pixels:
        return None
    parts = [
        "encapsulated" if found.is_encapsulated else "native",
        f"{found.samples} samples a pixel" if found.samples not in (1, None) else "",
        f"{found.bits_stored} of {found.bits_allocated} bits" if found.bits_allocated is not None else "",
        str(found.photometric_interpretation or ""),
    ]
    return ", ".join(filter(None, parts))


def _shown(value: "Value") -> str:
    from orchestration.outcomes import printable

    if value is None:
        return "-"
    return printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), 10_000)


def _print_record(file: Path, *, show_phi: bool, as_json: bool) -> None:
    """Show the record that the file makes, or end with the reason why it makes none."""
    from pydantic import ValidationError

    from orchestration.images import ImageError
    from orchestration.inspection.errors import reason
    from orchestration.outcomes import printable
    from orchestration.records import StudyRecord

    name = printable(str(file), 1_000)
    try:
        record = StudyRecord.from_dicom(file)
    except (ImageError, OSError, ValidationError) as error:
        if isinstance(error, ValidationError):
            for problem in error.errors(include_input=False, include_url=False, include_context=False):
                field = ".".join(map(str, problem["loc"]))
                element = StudyRecord.elements.get(field, field)
                complain(f"{name}: {element}: {problem['msg'].removeprefix('Value error, ')}")
        else:
            complain(f"{name}: {reason(error)}" if isinstance(error, OSError) else f"{name} {error}")
        raise typer.Exit(1) from None
    typer.echo(
        json.dumps(record.as_json(masked=not show_phi), indent=2) if as_json else record.described(masked=not show_phi)
    )
