"""``doubleread demo`` and ``doubleread build``: the main job."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orchestration.cli.display import console, print_failures, progress_bars
from orchestration.cli.load import load_folder

if TYPE_CHECKING:
    from orchestration.settings import Settings
    from orchestration.training_set.summary import LabelSummary


def demo() -> None:
    """Make sample studies, load them and run the main job.

    The sample is synthetic: four-view studies at full size with readings that cover every case of the rule. It goes
    through the configured database and image store, or through the embedded ones where none is configured.
    """
    from orchestration.sample import write_sample
    from orchestration.settings import load_settings

    settings = load_settings()
    folder = settings.doubleread_home / "sample"
    with progress_bars() as report:
        sample = write_sample(folder, progress=lambda done, total: report("sample images", done, total))
    console.print(f"{folder}: {sample.studies} synthetic studies, {sample.scans} images")
    failed = load_folder(folder)
    _build(settings, failed=failed)


def build() -> None:
    """Run the main job: models, scans, label folders, manifest.

    Builds and tests the dbt models in the annotation database, retrieves the images that findings need, draws one
    picture per finding into the label folders below DOUBLEREAD_TRAINING_SET and writes manifest.parquet beside them.
    Running it again costs what has changed. A second run waits for the first.
    """
    from orchestration.settings import load_settings

    _build(load_settings(), failed=0)


def _build(settings: "Settings", *, failed: int) -> None:
    """Run the main job and print what failed and what came out; exit with 1 where something failed, here or before."""
    from orchestration.cli.execution import run_main_job
    from orchestration.database import open_database
    from orchestration.training_set.failures import failed_pictures, failed_scans
    from orchestration.training_set.summary import summarize

    training_set = settings.doubleread_training_set
    database = open_database(settings)
    with progress_bars() as report:
        complaints = run_main_job(settings, database, report)
    scans, pictures = failed_scans(database, settings.images_url), failed_pictures(database, training_set)
    more = "doubleread.retrieved_scans and doubleread.pictures"
    print_failures("images that could not be retrieved", scans, more)
    print_failures("findings without a picture", pictures, more)
    for complaint in complaints:
        console.print(complaint, style="red", markup=False)
    _print_summary(summarize(database, training_set), training_set)
    if failed or scans.count or pictures.count or complaints:
        raise typer.Exit(1)


def _print_summary(summaries: "list[LabelSummary]", training_set: Path) -> None:
    """Print a row of counts for each label, and where the pictures are."""
    from rich import box
    from rich.table import Table

    title = "Accepted: studies, findings (one for each scan), pictures. Rejected: studies, by the first reason."
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("label", no_wrap=True, vertical="bottom")
    # Five reasons beside a label of 30 letters fit a terminal only under each other.
    for heading in ("studies", "findings", "pictures", "incom-\nplete\nstudy", "incom-\nplete\nreading",
                    "incon-\nsistent\nreading", "single\nreader", "readers\ndis-\nagree"):  # fmt: skip
        table.add_column(heading, justify="right", vertical="bottom")
    for summary in summaries:
        counts = (summary.studies, summary.findings, summary.pictures, *summary.rejected.values())
        table.add_row(summary.label, *(f"{count:,}" for count in counts))
    console.print(table)
    console.print(f"pictures: {training_set}/<label>/<scan id>.png, listed in {training_set}/manifest.parquet")
    console.print("the page: doubleread ui (or make ui), then http://127.0.0.1:3000")
