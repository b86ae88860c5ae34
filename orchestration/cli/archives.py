"""``doubleread archives``: DICOMs back from tar archives of headers and of pixels."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli import archives_plan
from orchestration.cli.commands import Commands
from orchestration.cli.display import console, print_failures, progress_bars, tell
from orchestration.outcomes import printable

if TYPE_CHECKING:
    from orchestration.archives.index import ArchiveIndex, IndexReport, Kind
    from orchestration.archives.reassembly import Unmatched

STANDARD_INPUT = "-"
NAMED = 100  # items that failed and are named; all of them are in the output's unmatched/

Text = Annotated[
    str | None, typer.Option("--text", metavar="URL", help="Where the archives of headers lie: <UID>.json members.")
]
Images = Annotated[
    str | None, typer.Option("--images", metavar="URL", help="Where the archives of pixels lie: <UID>.j2c members.")
]
Index = Annotated[str, typer.Option("--index", metavar="INDEX", help="The index, a folder or URL.")]

app = Commands(
    name="archives",
    help=(
        "Put DICOMs together from tar archives: headers (DICOM JSON) in some, pixels in others.\n\n"
        "A URL is a folder, file:///folder, s3://bucket/prefix or az://container/prefix. S3 takes its credentials and "
        "endpoint from the usual AWS_ variables, Azure from AZURE_STORAGE_…"
    ),
    no_args_is_help=True,
)


@app.command()
def index(
    *,
    text: Text = None,
    images: Images = None,
    out: Annotated[str, typer.Option("--out", metavar="INDEX", help="The index, a folder or URL; made if missing.")],
) -> None:
    """Bring the index of archives up to date: which member lies where.

    Reads the headers of each archive that is new or changed, skipping the bodies; the others cost nothing. Exit status
    1 when an archive can't be read or has members that do not fit; each is named, the rest is indexed.
    """
    from orchestration.archives.index import ArchiveIndex
    from orchestration.settings import load_settings

    if not (text or images):
        raise typer.BadParameter("give --text, --images or both")
    built = ArchiveIndex.create(out, load_settings())
    failed = _update(built, text, images)
    for number, problem in enumerate(built.problems()):
        failed = True
        if number == NAMED:
            console.print("and more, which doubleread archives reassemble lists in full", style="red")
            break
        _print_failure(problem.archive, problem.member, problem.reason)
    console.print(f"{built.member_count:,} members in {built.archives().num_rows:,} archives", markup=False)
    raise typer.Exit(1 if failed else 0)


@app.command()
def get(
    uids: Annotated[
        list[str] | None, typer.Argument(metavar="UID", help="SOP Instance UIDs; - reads them from standard input.")
    ] = None,
    *,
    index: Annotated[
        str | None, typer.Option("--index", metavar="INDEX", help="The index; without one, give --text and --images.")
    ] = None,
    text: Text = None,
    images: Images = None,
    from_file: Annotated[
        Path | None, typer.Option(metavar="FILE", exists=True, dir_okay=False, help="More UIDs, one on each line.")
    ] = None,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Where <UID>.dcm goes; made if missing.")],
    decode: Annotated[
        bool, typer.Option(help="Decode every compressed frame before it is written, and name each one that can't be.")
    ] = True,
) -> None:
    """Get some DICOMs, by two reads each where there is an index.

    Without an index, all archives are looked through first. Exit status 1 when a DICOM can't be made; each is named
    with its reason, the others are written.
    """
    from orchestration.archives.reassembly import get_dicoms
    from orchestration.settings import load_settings

    wanted = _uids(uids or [], from_file)
    settings = load_settings()
    with _opened(index, text, images) as opened:
        result = get_dicoms(opened, wanted, out, settings, decode=decode)
    _print_unmatched(result.unmatched)
    console.print(f"{result.written:,} written to {out}, {result.left_alone:,} were there", markup=False)
    raise typer.Exit(1 if result.unmatched else 0)


@app.command()
def find(
    pairs: Annotated[
        list[str], typer.Argument(metavar="TAG=VALUE", help="Such as 00080060=MR 00100040=F; all must match.")
    ],
    *,
    index: Index,
) -> None:
    """Print the UIDs whose headers have all of these values, one on each line.

    Reads every header of the index. A value is compared whole, numbers as numbers; a name (PN) by each of its groups.
    Exit status 1 when a header can't be read; each is named on standard error.
    """
    from orchestration.archives.index import ArchiveIndex
    from orchestration.archives.index.searching import find_headers
    from orchestration.settings import load_settings

    settings = load_settings()
    wanted = [_tag_and_value(pair) for pair in pairs]
    unread: list[str] = []
    with progress_bars() as report:
        for uid in find_headers(
            ArchiveIndex.open(index, settings),
            settings,
            wanted,
            failed=unread.append,
            progress=lambda done, total: report("headers", done, total),
        ):
            typer.echo(uid)
    for line in unread[:NAMED]:
        typer.secho(line, fg="red", err=True)
    raise typer.Exit(1 if unread else 0)


@app.command()
def reassemble(
    *,
    index: Annotated[
        list[str],
        typer.Option("--index", metavar="INDEX", help="An index, a folder or URL; several join headers with pixels."),
    ],
    out: Annotated[str, typer.Option("--out", metavar="URL", help="Where the DICOMs go: a folder or URL.")],
    archives: Annotated[
        list[str] | None,
        typer.Option(
            "--archives", metavar="PATTERN", help="Only pixels of image archives whose names match, such as 2019/*.tar."
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes on this machine, one for each core unless given.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="A Dask scheduler, such as tcp://host:8786, in place of processes here. Its workers need doubleread, "
            "the same URLs and settings of their own.",
        ),
    ] = None,
    pack: Annotated[bool, typer.Option("--pack", help="Into tar shards of 256 MiB instead of a file each.")] = False,
    decode: Annotated[
        bool,
        typer.Option(
            "--decode",
            help="Decode every compressed frame before it is written, and name each one that can't be; takes 20 to 75 "
            "times the work.",
        ),
    ] = False,
) -> None:
    """Put all DICOMs of an index together again.

    Run again, or after it was killed, it does what is missing. What was made of each batch of image archives is listed
    in index/ below the output, what fits nowhere in unmatched/, as Parquet. Exit status 1 when something fits nowhere;
    it is named with its reason, the rest is done.
    """
    from orchestration.archives.index import ArchiveIndex
    from orchestration.archives.reassembly import local_workers
    from orchestration.archives.reassembly import reassemble as run
    from orchestration.settings import load_settings
    from orchestration.workers import dask_workers

    if dask and workers:
        raise typer.BadParameter("give --workers or --dask, not both")
    settings = load_settings()
    opened = [ArchiveIndex.open(url, settings) for url in index]
    with (
        progress_bars() as report,
        dask_workers(dask, tell=tell) if dask else local_workers(workers) as opened_workers,
    ):
        done = run(
            opened,
            out,
            settings,
            opened_workers,
            pack=pack,
            decode=decode,
            image_archives=archives or (),
            workers_use_own_settings=dask is not None,
            progress=lambda count, total: report("DICOMs", count, total),
        )
    _print_unmatched(done.unmatched_shown)
    if done.unmatched:
        counts = ", ".join(f"{reason} {count:,}" for reason, count in sorted(done.unmatched.items()))
        console.print(f"fits nowhere: {counts}; all are in {out}/unmatched", style="red", markup=False)
    console.print(
        f"{done.pairs:,} pairs: {done.written:,} DICOMs written ({done.bytes_written:,} bytes), "
        f"{done.left_alone:,} were there; {done.through_pydicom:,} encoded by pydicom",
        markup=False,
    )
    if done.character_sets_changed:
        console.print(
            f"{done.character_sets_changed:,} declare ISO_IR 192 (UTF-8) in place of a character set that can't hold "
            f"their text: character_set_changed in {out}/index",
            markup=False,
        )
    raise typer.Exit(1 if done.unmatched else 0)


app.command("plan")(archives_plan.plan)


def _update(built: "ArchiveIndex", text: str | None, images: str | None) -> bool:
    """Update both kinds; whether an archive could not be read."""
    from orchestration.settings import load_settings
    from orchestration.stores import open_place

    settings = load_settings()
    given: list[tuple[str | None, Kind]] = [(text, "text"), (images, "image")]
    reports: list[tuple[str, IndexReport]] = []
    with progress_bars() as listener:
        for url, kind in given:
            if url:
                shown = partial(listener, f"{kind} archives")
                reports.append((url, built.update(open_place(url, settings), kind, progress=shown)))
    for url, report in reports:
        print_failures("archives that could not be read", report.failed)
        print_failures("objects that were passed over", report.passed_over)
        console.print(
            f"{report.archives:,} archives: {report.indexed:,} indexed, {report.replaced:,} replaced, "
            f"{report.unchanged:,} unchanged, {report.removed:,} gone; {report.other_objects:,} other objects",
            markup=False,
        )
        if not report.archives:
            console.print(
                f"no archive lies below {url}: none of its objects is called *.tar", style="red", markup=False
            )
    return any(report.failed.count or report.passed_over.count or not report.archives for _, report in reports)


@contextmanager
def _opened(index: str | None, text: str | None, images: str | None) -> "Iterator[ArchiveIndex]":
    """The index that is named, or one that is made for this command alone."""
    from orchestration.archives.index import ArchiveIndex
    from orchestration.settings import load_settings
    from orchestration.stores.scratch import scratch_folder

    if index:
        yield ArchiveIndex.open(index, load_settings())
    elif text and images:
        with scratch_folder() as folder:
            built = ArchiveIndex.create(folder, load_settings())
            _update(built, text, images)
            yield built
    else:
        raise typer.BadParameter("give --index, or both --text and --images")


def _uids(given: Sequence[str], from_file: Path | None) -> list[str]:
    lines = from_file.read_text().splitlines() if from_file else []
    for uid in given:
        lines += sys.stdin.read().splitlines() if uid == STANDARD_INPUT else [uid]
    wanted = [line.strip() for line in lines if line.strip()]
    if not wanted:
        raise typer.BadParameter("give a UID, --from-file, or - and UIDs on standard input")
    return wanted


def _tag_and_value(pair: str) -> tuple[str, str]:
    tag, equals, value = pair.partition("=")
    if not equals or len(tag) != 8 or any(digit not in "0123456789abcdefABCDEF" for digit in tag):
        raise typer.BadParameter(f"{pair}: must be eight hexadecimal digits, = and a value, such as 00080060=MR")
    return tag, value


def _print_unmatched(rows: "Sequence[Unmatched]") -> None:
    for row in rows[:NAMED]:
        _print_failure(row.archive, row.uid or "", f"{row.reason}: {row.detail}")
    if len(rows) > NAMED:
        console.print(f"and {len(rows) - NAMED:,} more", style="red")


def _print_failure(archive: str, member: str, reason: str) -> None:
    place = " ".join(printable(part) for part in (member, f"in {archive}" if archive else "") if part)
    console.print(f"{place}: {reason}", style="red", markup=False)
