"""``doubleread infer``: jobs over folders of DICOMs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from orchestration.cli.commands import Commands
from orchestration.cli.display import console, print_failures, progress_bars, tell

if TYPE_CHECKING:
    from orchestration.database import Database
    from orchestration.inference import InferencePipeline, InferenceReport, RunRequest
    from orchestration.outcomes import Failures

INFERENCE_MODELS = "tag:inference"

app = Commands(
    name="infer",
    help=(
        "Run a job over a folder of DICOMs: each series becomes a new one, or gets scores.\n\n"
        "3dblur and onnx come with doubleread; packages that are installed beside it may add jobs of their own."
    ),
    no_args_is_help=True,
)


@app.command("list")
def list_(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list instead of a table.")] = False
) -> None:
    """List the jobs, where each comes from, what it does and its config.

    Exit status 1 when a package's job cannot be loaded; it is named with the reason.
    """
    from orchestration.inference import find_jobs

    found = find_jobs()
    rows: list[dict[str, Any]] = [
        {
            "job": job.entry.name,
            "from": job.distribution,
            "config": dict(job.entry.config or {}),
            "description": _first_line(job.entry.func),
        }
        for job in found.jobs
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
    else:
        _print_jobs(rows)
    print_failures(f"entry points of {_group()} cannot be loaded", found.failures)
    raise typer.Exit(1 if found.failures.count else 0)


@app.command()
def run(
    job: Annotated[str, typer.Argument(metavar="JOB", help="A job of doubleread infer list.")],
    *,
    input_dicom: Annotated[
        Path, typer.Option("-i", "--input-dicom", metavar="DIR", help="The DICOMs, in this folder and all below it.")
    ],
    output_dicom: Annotated[
        Path,
        typer.Option("-o", "--output-dicom", metavar="DIR", help="Where the new DICOMs go; nothing may be there yet."),
    ],
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Entries in place of the job's own, as JSON or YAML. Those named by a DICOM keyword, such as "
            "Modality, choose the series.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output that is there, as a whole or not at all.")
    ] = False,
    mart: Annotated[
        bool,
        typer.Option("--mart/--no-mart", help="Bring the marts of runs and scores up to date, which takes seconds."),
    ] = True,
) -> None:
    """Run a job over every series of a folder, each on its own, and record the run in the database.

    Exit status 1 when a series fails or a file cannot be read; each is named, and the others are in the output. When
    none is processed there is no output. The same input, job and config give the same bytes.
    """
    from orchestration.database import open_database
    from orchestration.inference import InferencePipeline, RunRequest, find_jobs, read_config
    from orchestration.settings import load_settings

    settings = load_settings()
    given = read_config(config) if config else {}
    found = find_jobs()
    for failure in found.failures.shown:
        tell(f"the entry point {failure.item} of {_group()} cannot be loaded: {failure.reason}")
    database = open_database(settings)
    request = RunRequest(str(uuid4()), job, input_dicom, output_dicom, given, overwrite)
    report, failed = _run(database, InferencePipeline(found.entries), request)
    if report is not None:
        _print_report(report, output_dicom, request.run_id)
    if mart:
        from orchestration.transformations import build_models

        build_models(settings, database, INFERENCE_MODELS, tables="inference")
    raise typer.Exit(1 if failed else 0)


def _run(
    database: "Database", pipeline: "InferencePipeline", request: "RunRequest"
) -> "tuple[InferenceReport | None, bool]":
    """The report, None where nothing came of the run, and whether anything failed."""
    from orchestration.inference import InferenceError, run_job

    try:
        with progress_bars() as listener:
            report = run_job(
                database,
                pipeline,
                request,
                progress=lambda done, total: listener("volumes", done, total),
                on_wait=lambda name: tell(f"another run is at work on the {name}; waiting for it to end"),
            )
    except InferenceError as error:
        console.print(str(error), style="red", markup=False)
        return None, True
    return report, bool(report.failures.count)


def _print_report(report: "InferenceReport", output: Path, run_id: str) -> None:
    """Name what failed and what was left out, then say what was done."""
    print_failures("series or files failed", report.failures)
    _print_harmless("series skipped", report.skipped)
    _print_harmless("files passed over", report.passed_over)
    clipped = sum(outcome.clipped_count for outcome in report.series)
    files = sum(outcome.file_count for outcome in report.series)
    scores = f", {len(report.predictions):,} scores" if report.predictions else ""
    by = f"{report.job} ({report.provenance.runtime})"
    console.print(
        f"{report.processed:,} series processed by {by}: {files:,} DICOMs{scores} in {output}",
        markup=False,
    )
    if clipped:
        console.print(f"{clipped:,} samples lay beyond what the stored type holds and became its limits", markup=False)
    console.print(f"recorded as run {run_id}", markup=False)


def _print_harmless(what: str, items: "Failures") -> None:
    if items.count:
        console.print(f"{items.count:,} {what}:", markup=False)
        print_failures(what, type(items)(0, items.shown))


def _print_jobs(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("job", "from", "config", "what it does", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows:
        table.add_row(
            *(Text(str(value)) for value in (row["job"], row["from"], json.dumps(row["config"]), row["description"]))
        )
    console.print(table)


def _first_line(function: object) -> str:
    line = (getattr(function, "__doc__", None) or "").strip().partition("\n")[0]
    return line.replace("``", "")


def _group() -> str:
    from orchestration.inference.registry import GROUP

    return GROUP
