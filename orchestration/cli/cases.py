"""``doubleread cases``: clinical cases, their index and their list."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli import cases_get
from orchestration.cli.commands import Commands
from orchestration.cli.display import console, print_failures, progress_bars
from orchestration.outcomes import Failures, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestration.cases import CaseSummary, IndexReport, ReportsReport, UnmatchedImage

CLINICAL_MODELS = "tag:clinical"

app = Commands(
    name="cases",
    help=(
        "Clinical cases: four views from an Azure container, a report from an Azure table.\n\n"
        "AZURE_STORAGE_CONTAINER_NAME names the container (images unless set), AZURE_STORAGE_TABLE_NAME the table "
        "(report unless set)."
    ),
    no_args_is_help=True,
)


@app.command()
def index() -> None:
    """Bring the index of images, the reports and the list of cases up to date.

    Lists the container once, reads the table once, and writes what changed since the last time. Blobs whose names
    hold no year, id or view in full, and of two blobs for one view the one modified earlier, count for no case; they
    are counted, and doubleread cases unmatched lists them.
    """
    from orchestration.cases import index_images, list_unmatched, open_container, open_report_table, read_reports
    from orchestration.database import open_database
    from orchestration.settings import load_settings
    from orchestration.transformations import build_models

    settings = load_settings()
    store, table = open_container(settings), open_report_table(settings)
    database = open_database(settings)
    with progress_bars() as report:
        images = index_images(database, store, progress=lambda blobs: report("blobs listed", blobs, 0))
        reports = read_reports(database, table, progress=lambda entities: report("reports read", entities, 0))
    _print_changes(images, reports)
    build_models(settings, database, CLINICAL_MODELS, tables="clinical")
    _print_unmatched(list_unmatched(database, store.container))
    if reports.unusable.count:
        raise typer.Exit(1)


@app.command("list")
def list_(
    *,
    year: Annotated[int | None, typer.Option(min=0, max=9999, help="Only cases of this year.")] = None,
    complete: Annotated[
        bool | None,
        typer.Option("--complete/--incomplete", help="Only cases with four views and a report, or only the others."),
    ] = None,
    text: Annotated[str | None, typer.Option(help="Only cases whose report holds this text.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False,
) -> None:
    """List the cases of the index, by year and id."""
    from orchestration.cases import list_cases
    from orchestration.database import open_database
    from orchestration.settings import load_settings

    database = open_database(load_settings())
    cases = list(list_cases(database, year=year, complete=complete, text=text))
    if as_json:
        typer.echo(json.dumps([asdict(case) | {"is_complete": case.is_complete} for case in cases], indent=2))
    else:
        _print_table(("case", "year", "missing views", "report"), map(_row, cases))
        console.print(f"{len(cases):,} cases, {sum(case.is_complete for case in cases):,} complete")


def _row(case: "CaseSummary") -> tuple[str, str, str, str]:
    from rich.markup import escape

    missing = ", ".join(case.missing_views) or "none"
    return escape(printable(case.case_id)), f"{case.year:04d}", missing, "yes" if case.has_report else "no"


app.command("get")(cases_get.get)


@app.command()
def unmatched(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False
) -> None:
    """List the blobs that count for no case, each with the reason, as of the last doubleread cases index."""
    from rich.markup import escape

    from orchestration.cases import list_unmatched
    from orchestration.database import open_database
    from orchestration.settings import load_settings

    settings = load_settings()
    blobs = list(list_unmatched(open_database(settings), settings.azure_storage_container_name))
    if as_json:
        typer.echo(json.dumps([asdict(blob) for blob in blobs], indent=2))
    else:
        rows = [(escape(printable(blob.blob)), blob.reason, escape(_why_unmatched(blob))) for blob in blobs]
        _print_table(("blob", "reason", "detail"), rows)
        console.print(f"{len(blobs):,} blobs count for no case")


def _why_unmatched(blob: "UnmatchedImage") -> str:
    return blob.problem or f"{printable(blob.counted_blob or '')} was modified later and counts"


def _print_unmatched(blobs: "Iterable[UnmatchedImage]") -> None:
    unmatched = Failures()
    for blob in blobs:
        unmatched.add(printable(blob.blob), _why_unmatched(blob))
    print_failures("blobs count for no case", unmatched, "doubleread cases unmatched")


def _print_changes(images: "IndexReport", reports: "ReportsReport") -> None:
    """Print what the listing and the reading found and changed."""
    changes = "{0.added:,} added, {0.changed:,} changed, {0.removed:,} removed"
    console.print(
        f"container {images.container}: {images.blobs:,} blobs, {images.matching:,} of a case, {images.partial:,} that "
        f"name one in part; {changes.format(images)}",
        markup=False,
    )
    console.print(
        f"table {reports.table}: {reports.entities:,} reports, {reports.superseded:,} superseded; "
        f"{changes.format(reports)}",
        markup=False,
    )
    print_failures("entities of the table that are not reports", reports.unusable)


def _print_table(headings: "Sequence[str]", rows: "Iterable[Sequence[str]]") -> None:
    from rich import box
    from rich.table import Table

    table = Table(*headings, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows:
        table.add_row(*row)
    console.print(table)
