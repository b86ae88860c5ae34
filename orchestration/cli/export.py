"""``doubleread export``: clean images with annotations, from what was built."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.display import console, print_failures, progress_bars, tell

if TYPE_CHECKING:
    from orchestration.settings import Settings
    from orchestration.training_set.export.exporting import ExportReport


def export(
    *,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|URL", help="Where it goes; DOUBLEREAD_EXPORT unless given, else training_set/export."
        ),
    ] = None,
    bits: Annotated[
        int | None,
        typer.Option(help="8: as rendered; 16: the stored values. DOUBLEREAD_EXPORT_BITS unless given, else 8."),
    ] = None,
    webdataset: Annotated[
        bool | None,
        typer.Option(
            "--webdataset/--no-webdataset", help="Also tar shards. DOUBLEREAD_EXPORT_WEBDATASET unless given."
        ),
    ] = None,
    negatives: Annotated[
        bool | None,
        typer.Option(
            "--negatives/--no-negatives",
            help="Also scans of studies in which two readers see nothing. DOUBLEREAD_EXPORT_NEGATIVES unless given.",
        ),
    ] = None,
    hard_cases: Annotated[
        bool | None,
        typer.Option(
            "--hard-cases/--no-hard-cases",
            help="Also scans of rejected studies, with the reasons. DOUBLEREAD_EXPORT_HARD_CASES unless given.",
        ),
    ] = None,
    reports: Annotated[
        bool | None,
        typer.Option(
            "--reports/--no-reports",
            help="Also DICOM SR of the findings on each scan that is a DICOM. DOUBLEREAD_EXPORT_REPORTS unless given.",
        ),
    ] = None,
    check_text: Annotated[
        bool | None,
        typer.Option(
            "--check-text/--no-check-text",
            help=(
                "Withhold scans with text in their pixels, view markers apart, until a person accepts it: doubleread "
                "text. DOUBLEREAD_EXPORT_CHECK_TEXT unless given."
            ),
        ),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What you say on the data card: title, licence, use. DOUBLEREAD_EXPORT_CARD unless given.",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Then remove all generations but the last N; whoever reads one loses it."
        ),
    ] = None,
) -> None:
    """Publish clean images with annotations: COCO, YOLO, imagefolder, Parquet, and WebDataset if asked for.

    Takes the marts and the retrieved scans as the last build left them; doubleread build exports by itself, to the same
    place. A generation appears as a whole, current names it, and one that was opened stays as it is. Nothing is written
    where nothing changed. Exit status 1 when a scan is left out; each is named.
    """
    from orchestration.errors import SettingsError
    from orchestration.settings import load_settings

    settings = load_settings()
    given = {
        "bits": bits,
        "webdataset": webdataset,
        "negatives": negatives,
        "hard_cases": hard_cases,
        "reports": reports,
        "check_text": check_text,
        "card": card,
    }
    update: dict[str, object] = {
        f"doubleread_export_{name}": value for name, value in given.items() if value is not None
    }
    if bits not in {None, 8, 16}:
        raise SettingsError("--bits can be 8 or 16")
    settings = settings.model_copy(update=update)
    failed = _export(settings, to or settings.export_url, keep)
    raise typer.Exit(1 if failed else 0)


def _export(settings: "Settings", url: str, keep: int | None) -> bool:
    """Make, publish and report one export; whether a scan had to be left out of it."""
    from uuid import uuid4

    from orchestration.database import open_database
    from orchestration.stores import open_place, place_at
    from orchestration.training_set.export.exporting import export as make
    from orchestration.training_set.export.exporting import export_exclusively, export_workers
    from orchestration.training_set.export.publishing import link_beside_label_folders, remove_old
    from orchestration.training_set.export.selection import ExportOptions
    from orchestration.training_set.export.splits import Rule

    destination = open_place(url, settings, create=True, setting="DOUBLEREAD_EXPORT")
    database = open_database(settings)
    with progress_bars() as report_stage, export_workers() as workers:
        report = make(
            database,
            destination,
            options=ExportOptions.of(settings),
            rule=Rule.of(settings),
            store=place_at(settings.images_url, settings),
            scans_folder=settings.doubleread_home / "scans",
            workers=workers,
            run_id=f"command {uuid4().hex}",
            progress=lambda done, total: report_stage("clean images", done, total),
            text_progress=lambda done, total: report_stage("looking for text", done, total),
            on_wait=lambda name: tell(f"another run is at work on the {name}; waiting for it to end"),
        )
    link_beside_label_folders(settings.doubleread_training_set, destination)
    print_failures("scans left out of the export", report.failures, "doubleread.clean_images")
    if report.reports is not None:
        print_failures("scans without a report", report.reports.failures)
    print_export(report, destination.url)
    if keep is not None:
        with export_exclusively(database, destination):
            removed = remove_old(destination, keep)
        console.print(f"{len(removed)} older generations removed")
    return report.failures.count > 0 or (report.reports is not None and report.reports.failures.count > 0)


def print_export(report: "ExportReport", url: str) -> None:
    """Tell what an export holds."""
    from rich import box
    from rich.table import Table

    from orchestration.training_set.export.card.page import PAGE
    from orchestration.training_set.export.generation import CURRENT, SIDES
    from orchestration.urls import parse_url

    contents = report.contents
    if contents is None:
        return
    made = "new" if report.changed else "unchanged"
    table = Table(title=f"Generation {report.generation} ({made}): studies of each label, scans of each side.",
                  title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))  # fmt: skip
    table.add_column("label", no_wrap=True)
    for side in SIDES:
        table.add_column(side, justify="right")
    for label, studies in contents.label_studies.items():
        table.add_row(label, *(f"{studies[side]:,}" for side in SIDES))
    table.add_section()
    table.add_row("scans", *(f"{contents.sides[side]:,}" for side in SIDES))
    console.print(table)
    words = {"finding": "with findings", "negative": "negatives", "hard_case": "hard cases"}
    roles = ", ".join(f"{count:,} {words[role]}" for role, count in contents.roles.items() if count)
    console.print(
        f"{contents.scans:,} scans ({roles or 'none'}), {contents.findings:,} findings, {contents.boxes:,} boxes"
    )
    if (reports := report.reports) is not None:
        console.print(f"{reports.made:,} reports made, {len(reports.listed) - reports.made:,} kept")
        if reports.not_dicom:
            console.print(
                f"{reports.not_dicom:,} scans with findings have no report: their image is no DICOM, or lacks a UID"
            )
    console.print(f"{report.images_made:,} images made, {report.images_kept:,} kept; {url}/current", markup=False)
    if folder := parse_url(url).folder:
        console.print(f"its data card, for a browser: {folder / CURRENT / PAGE}", markup=False)
