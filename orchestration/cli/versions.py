"""``doubleread versions``, ``diff`` and ``rebuild``: what was exported, what changed and why, and having it again."""

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.display import console, print_failures, progress_bars, tell

if TYPE_CHECKING:
    from orchestration.database import Database
    from orchestration.settings import Settings
    from orchestration.stores import Place
    from orchestration.training_set.versions.naming import Published
    from orchestration.training_set.versions.rebuilding import RebuildReport

To = Annotated[
    str | None,
    typer.Option(metavar="FOLDER|URL", help="Where exports go; DOUBLEREAD_EXPORT unless given."),
]
Json = Annotated[bool, typer.Option("--json", help="As JSON, with whole ids and everything that differs.")]


def versions(
    *,
    to: To = None,
    last: Annotated[
        int, typer.Option("--last", "-n", min=1, help="How many; each takes the reading of its tables.")
    ] = 20,
    json: Json = False,
) -> None:
    """List the versions of an export, the last one first: what each holds, and what it changed.

    A version is named by its content: equal ids are equal bytes. Findings that came are counted with +, those that went
    with -, those that were redrawn with ~. Commands take an id, its first digits, current, or previous.
    """
    from orchestration.cli.version_tables import print_versions, versions_as_json
    from orchestration.settings import load_settings
    from orchestration.training_set.versions.listing import list_versions

    place = _place(load_settings(), to)
    listed = list_versions(place, last)
    if json:
        typer.echo(versions_as_json(listed))
    else:
        print_versions(listed, place.url)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A version, or a folder with a copy of one.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The one to compare it with.")] = "current",
    *,
    to: To = None,
    json: Json = False,
) -> None:
    """Tell what changed from version A to version B, and the readings that caused it.

    Findings that were added, removed or redrawn, scans whose image, side or role is another, and the settings that
    differ. The readings come from the database that the versions were made from; without it, everything else is told.
    """
    from orchestration.cli.version_tables import diff_as_json, print_diff
    from orchestration.settings import load_settings
    from orchestration.training_set.versions.comparing import compare
    from orchestration.training_set.versions.explaining import explain

    settings = load_settings()
    found = compare(_version(settings, to, before), _version(settings, to, after))
    database = _database_if_any(settings)
    explanation = explain(database, to or settings.export_url, found)
    if json:
        typer.echo(diff_as_json(found, explanation))
    else:
        print_diff(found, explanation)


def rebuild(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version to build again.")],
    *,
    to: Annotated[str, typer.Option(metavar="FOLDER|URL", help="Where it goes: another place than its own.")],
    place: Annotated[
        str | None,
        typer.Option("--from", metavar="FOLDER|URL", help="Where it was published; DOUBLEREAD_EXPORT unless given."),
    ] = None,
) -> None:
    """Build an old version again from the database of today, byte for byte.

    The models are made from the history of the readings, in schemas of their own that go afterwards; the current marts
    and the place of the version stay as they are. Clean images that are no longer there are made from their scans. Exit
    status 1 where something differs; the files are named, and the reason as far as it is known.
    """
    from orchestration.errors import SettingsError
    from orchestration.settings import load_settings
    from orchestration.stores import open_place
    from orchestration.training_set.versions.naming import find_version

    settings = load_settings()
    source = _place(settings, place)
    destination = open_place(to, settings, create=True)
    if destination.url == source.url:
        raise SettingsError("--to must name another place than the one where the version was published")
    report = _rebuild(settings, source, find_version(source, version), destination)
    print_failures("scans have no image", report.failures)
    _print_rebuilt(report, destination.url)
    raise typer.Exit(0 if report.is_same else 1)


def _rebuild(settings: "Settings", source: "Place", version: str, destination: "Place") -> "RebuildReport":
    """Build a version of one place again in another, with bars for what takes long."""
    from uuid import uuid4

    from orchestration.database import open_database
    from orchestration.stores import place_at
    from orchestration.training_set.export.exporting import export_workers
    from orchestration.training_set.versions.naming import read_version
    from orchestration.training_set.versions.rebuilding import find_record, rebuild
    from orchestration.transformations import target_folder

    database = open_database(settings)
    record = find_record(database, version, source.url)
    with progress_bars() as report_stage, export_workers() as workers:
        return rebuild(
            database,
            record,
            read_version(source, version),
            destination,
            store=place_at(record.store_url, settings),
            scans_folder=settings.doubleread_home / "scans",
            dbt_target=target_folder(settings) / "rebuild",
            workers=workers,
            run_id=f"command {uuid4().hex}",
            progress=lambda done, total: report_stage("clean images", done, total),
            on_wait=lambda name: tell(f"another run is at work on the {name}; waiting for it to end"),
        )


def _print_rebuilt(report: "RebuildReport", url: str) -> None:
    """Tell whether what was made is the version, and else what differs."""
    images = f"{report.images_taken:,} clean images taken from its place, {report.images_made:,} made from their scans"
    if report.is_same:
        console.print(f"version {report.wanted}: built again, byte for byte; {report.scans:,} scans, {images}")
        console.print(f"{url}/current", markup=False)
        return
    console.print(f"version {report.wanted} could not be built again: this is {report.made}", style="red", markup=False)
    for reason in report.reasons or ["nobody knows why: the settings, the images and doubleread are as they were"]:
        console.print(f"  {reason}", markup=False)
    for path in report.files[:20]:
        console.print(f"  differs: {path}", markup=False)
    if len(report.files) > 20:
        console.print(f"  and {len(report.files) - 20:,} more files")
    console.print(f"what was made instead: {url}/current; {images}", markup=False)


def _place(settings: "Settings", url: str | None) -> "Place":
    from orchestration.stores import open_place

    return open_place(url or settings.export_url, settings, setting="" if url else "DOUBLEREAD_EXPORT")


def _version(settings: "Settings", url: str | None, name: str) -> "Published":
    """A version by what a person calls it, or from a folder that holds a copy of one."""
    from orchestration.stores import open_place
    from orchestration.training_set.versions.naming import is_copy, open_copy, open_version

    if is_copy(name):
        return open_copy(open_place(name, settings))
    return open_version(_place(settings, url), name)


def _database_if_any(settings: "Settings") -> "Database | None":
    """The database, unless there is none: whoever received a copy has none, and none is made."""
    from orchestration.database import DatabaseError, open_database

    if not settings.has_database and not (settings.doubleread_home / "postgres").is_dir():
        return None
    try:
        return open_database(settings)
    except DatabaseError as error:
        tell(str(error))
        return None
