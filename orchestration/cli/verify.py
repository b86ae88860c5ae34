"""``doubleread verify``: whether a copy is what was published, for whoever receives one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.display import console, progress_bars

if TYPE_CHECKING:
    from orchestration.training_set.export.verifying.problems import Note, Problem
    from orchestration.training_set.export.verifying.since import Changes
    from orchestration.training_set.export.verifying.verification import Verified

SHOWN = 20  # of each kind; --json has all


def verify(
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help="A destination of exports, a copy of one generation, or a training set: a folder, s3:// or az://.",
            show_default=False,
        ),
    ],
    *,
    generation: Annotated[
        str | None, typer.Option(metavar="ID", help="This generation, in place of the one that counts.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="ID|PLACE", help="Also tell what changed since an earlier generation, and what moved."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes; one for each core unless given.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every problem.")] = False,
) -> None:
    """Check a copy of an export, or of label folders, without a database: everything there is right, or named.

    Reads every file and compares its size and SHA-256 with the manifest, decodes every picture, and compares COCO,
    YOLO, imagefolder, Parquet, Croissant, WebDataset, links and counts with one another: boxes, labels, sides. Names
    what is missing and what is there besides. Links may have been kept, followed or lost by the copy. Only s3:// and
    az:// need settings.

    JSON is {"place", "right", "generation", "pictures_listed", "files_read", "bytes_read", "pictures_decoded", "links",
    "compared", "problems": [{"kind", "path", "what", "advice"}], "notes": [{"path", "what"}], "changes"}.
    Exit status 1 when there is a problem, 2 when there is nothing to verify.
    """
    from orchestration.training_set.export.verifying.verification import verify as check
    from orchestration.training_set.export.verifying.verification import verifying_workers

    with progress_bars() as report_stage, verifying_workers(workers) as pool:
        found = check(
            place,
            workers=pool,
            generation_id=generation,
            since=since,
            progress=lambda done, total: report_stage("files", done, total),
        )
    if as_json:
        typer.echo(_as_json(found))
    else:
        _print(found)
    raise typer.Exit(1 if found.problems else 0)


def _as_json(found: "Verified") -> str:
    """All that was found, every problem once."""
    from dataclasses import asdict

    from orchestration.training_set.export.verifying.problems import grouped

    problems = [one for of_kind in grouped(found.problems).values() for one in of_kind]
    return json.dumps(
        {
            "place": found.place,
            "right": not problems,
            "generation": found.generation and found.generation.id,
            "pictures_listed": found.pictures_listed,
            "files_read": found.files_read,
            "bytes_read": found.bytes_read,
            "pictures_decoded": found.pictures_decoded,
            "links": found.links,
            "compared": found.compared,
            "problems": [{**asdict(one), "advice": one.advice} for one in problems],
            "notes": [asdict(one) for one in found.notes],
            "changes": found.changes and asdict(found.changes),
        },
        indent=2,
    )


def _print(found: "Verified") -> None:
    """Tell what was looked at, then problems by kind, notes and changes."""
    from orchestration.training_set.export.verifying.problems import grouped

    if found.pictures_listed is not None:
        console.print(f"label folders: {found.pictures_listed:,} pictures in manifest.parquet", markup=False)
    if found.generation is not None:
        contents = found.generation.contents
        console.print(
            f"generation {found.generation.id}: {contents.scans:,} scans, {contents.findings:,} findings, "
            f"{contents.boxes:,} boxes",
            markup=False,
        )
    console.print(
        f"{found.files_read:,} files read ({found.bytes_read / 1e6:,.1f} MB), "
        f"{found.pictures_decoded:,} pictures decoded"
    )
    if found.compared:
        console.print(f"compared with one another: {', '.join(found.compared)}", markup=False)
    for kind, problems in grouped(found.problems).items():
        _print_kind(kind, problems)
    _print_notes(found.notes)
    if found.changes is not None:
        _print_changes(found.changes)
    count = sum(map(len, grouped(found.problems).values()))
    if count:
        console.print(f"{count:,} problems: do not train on this copy", style="bold red", markup=False)
    else:
        console.print(f"{Path(found.place).name or found.place}: right", style="bold green", markup=False)


def _print_kind(kind: str, problems: "list[Problem]") -> None:
    console.print(f"{kind.replace('_', ' ')} ({len(problems):,}): {problems[0].advice}", style="red", markup=False)
    for problem in problems[:SHOWN]:
        console.print(f"  {problem.path}: {problem.what}", markup=False)
    _print_more(len(problems))


def _print_notes(notes: "list[Note]") -> None:
    if notes:
        console.print(f"worth knowing ({len(notes):,}):", style="yellow", markup=False)
    for note in notes[:SHOWN]:
        console.print(f"  {note.path}: {note.what}", markup=False)
    _print_more(len(notes))


def _print_changes(changes: "Changes") -> None:
    """Tell how much changed since the earlier generation, and name what moved to another side."""
    from orchestration.outcomes import printable

    counts = {name: count for name, count in changes.counts().items() if count}
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if name != "moved")
    console.print(f"since {changes.since}: {told or 'nothing changed'}", markup=False)
    if changes.moved:
        console.print(
            f"on another side than there ({len(changes.moved):,} scans): a network trained on that generation may know "
            "them",
            style="yellow",
            markup=False,
        )
    for scan_id, before, after in changes.moved[:SHOWN]:
        console.print(f"  {printable(scan_id)}: {before}, now {after}", markup=False)
    _print_more(len(changes.moved))


def _print_more(count: int) -> None:
    if count > SHOWN:
        console.print(f"  and {count - SHOWN:,} more: --json")
