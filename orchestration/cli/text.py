"""``doubleread text``: scans with text in their pixels, and what a person decides of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.commands import Commands
from orchestration.cli.display import console, print_failures
from orchestration.outcomes import Failures, printable

if TYPE_CHECKING:
    from orchestration.settings import Settings
    from orchestration.training_set.export.text_gate.records import Verdict
    from orchestration.training_set.export.text_gate.review import ScanWithText

app = Commands(
    name="text",
    help=(
        "Text that is burned into scans: doubleread export --check-text withholds such a scan until a person has "
        "looked at it and accepts it here."
    ),
    no_args_is_help=True,
)

Scans = Annotated[list[str], typer.Argument(metavar="SCAN", help="Scan ids.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides; the user of this machine unless given.")]


@app.command("list")
def list_(
    *, waiting: Annotated[bool, typer.Option("--waiting", help="Only those that nobody has decided of yet.")] = False
) -> None:
    """List the scans on which text was found, where on them, and what was decided.

    Text is never printed: it may be a patient's name.
    """
    from rich import box
    from rich.table import Table

    from orchestration.settings import load_settings
    from orchestration.training_set.export.text_gate.gate import described

    found = [scan for scan in _scans(load_settings(), None) if not (waiting and scan.decision)]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in ("scan", "text", "decision"):
        table.add_column(column)
    for scan in found:
        table.add_row(printable(scan.scan_id), described(scan.regions), _decided(scan))
    if found:
        console.print(table)
    undecided = sum(scan.decision is None for scan in found)
    console.print(f"{len(found):,} scans with text, {undecided:,} wait for a decision")


@app.command()
def show(
    scans: Scans,
    *,
    to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where the pictures go; text_review in DOUBLEREAD_HOME unless given."),
    ] = None,
) -> None:
    """Make a picture of each scan that shows where its text is, and print where the picture lies.

    It may show a patient's name: it stays on this machine, only this user can read it, and accept and refuse remove it.
    """
    from orchestration.imaging import ImageError
    from orchestration.settings import load_settings
    from orchestration.training_set.export.text_gate.review import picture_of, review_picture

    settings = load_settings()
    failures = Failures()
    found = _named(settings, scans, failures)
    for scan in found:
        try:
            picture = picture_of(scan)
        except ImageError as error:
            failures.add(printable(scan.scan_id), f"it {error}")
            continue
        path = review_picture(to or settings.doubleread_home / "text_review", scan)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(picture)
        console.print(f"{printable(scan.scan_id)}: {path}", markup=False)
    print_failures("scans have no picture", failures)
    raise typer.Exit(1 if failures.count else 0)


@app.command()
def accept(scans: Scans, *, by: By = None) -> None:
    """Let scans be exported with the text that is on them; kept with who decided, when, and of which image.

    An image that changes has to be accepted anew. Exit status 1 when no text was found on one of them.
    """
    _decide(scans, "accepted", by)


@app.command()
def refuse(scans: Scans, *, by: By = None) -> None:
    """Keep scans out of exports for the text that is on them; a later accept takes that back.

    Exit status 1 when no text was found on one of them.
    """
    _decide(scans, "refused", by)


def _decide(scan_ids: list[str], decision: "Verdict", by: str | None) -> None:
    """Keep a decision on each scan, and remove the pictures that it was made by."""
    from getpass import getuser

    from orchestration.database import open_database
    from orchestration.settings import load_settings
    from orchestration.training_set.export.text_gate.records import add_decision
    from orchestration.training_set.export.text_gate.review import review_picture

    settings = load_settings()
    failures = Failures()
    found = _named(settings, scan_ids, failures)
    who = by or getuser()
    with open_database(settings).tables("training_set") as connection:
        for scan in found:
            add_decision(connection, scan.source_sha256, decision, who)
    for scan in found:
        review_picture(settings.doubleread_home / "text_review", scan).unlink(missing_ok=True)
    print_failures("scans were not decided of", failures)
    console.print(f"{len(found):,} scans {decision} by {printable(who)}", markup=False)
    raise typer.Exit(1 if failures.count else 0)


def _named(settings: "Settings", scan_ids: list[str], failures: Failures) -> list["ScanWithText"]:
    """The scans of those ids; one on which no text was found is a failure."""
    found = {scan.scan_id: scan for scan in _scans(settings, scan_ids)}
    for scan_id in dict.fromkeys(scan_ids):
        if scan_id not in found:
            failures.add(printable(scan_id), "no text was found on it; doubleread text list names those with text")
    return list(found.values())


def _scans(settings: "Settings", scan_ids: list[str] | None) -> list["ScanWithText"]:
    from orchestration.database import open_database
    from orchestration.stores import place_at
    from orchestration.training_set.export.text_gate.review import scans_with_text

    store_url = place_at(settings.images_url, settings).url
    with open_database(settings).tables("training_set") as connection:
        return scans_with_text(connection, store_url=store_url, scan_ids=scan_ids)


def _decided(scan: "ScanWithText") -> str:
    if scan.decision is None:
        return "waits"
    at = scan.decision.decided_at.isoformat(" ", "minutes")
    return f"{scan.decision.decision} by {printable(scan.decision.decided_by)}, {at}"
