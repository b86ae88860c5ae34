"""Building a version again: from the history of the raw tables, with the options of then, and compared with its id."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from orchestration.database import Database
from orchestration.outcomes import Failures, Progress, Waiting, no_progress, no_waiting, printable
from orchestration.stores import Place
from orchestration.training_set.export.exporting import export
from orchestration.training_set.export.generation import Generation, read_generation
from orchestration.training_set.export.images import CLEANING_VERSION
from orchestration.training_set.export.layout import SCANS
from orchestration.training_set.export.publications import NO_MOMENT, VersionRecord, version_records
from orchestration.training_set.export.selection import Source
from orchestration.training_set.scans import Query, retrieve_scans
from orchestration.training_set.versions.naming import Published, VersionError
from orchestration.training_set.versions.old_images import take_images
from orchestration.transformations import EARLIER, earlier_models, project_variables
from orchestration.workers import Workers

_TO_RETRIEVE: Query = "select png_image from doubleread_rebuild_marts.images_to_retrieve"


@dataclass
class RebuildReport:
    """What became of building a version again.

    Attributes:
        wanted: the id of the version.
        made: the id of what was made; the same one where all bytes are the same.
        files: paths of files that differ, are missing or are too many; empty where the old manifest is gone.
        reasons: why, as far as that is known.
        images_taken: clean images that were taken from the place of the version.
        images_made: clean images that were made from their sources.
        scans: how many it holds.
        failures: scans without an image.
    """

    wanted: str
    made: str = ""
    files: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    images_taken: int = 0
    images_made: int = 0
    scans: int = 0
    failures: Failures = field(default_factory=Failures)

    @property
    def is_same(self) -> bool:
        """Whether every byte is the same."""
        return self.made == self.wanted


def rebuild(
    database: Database,
    record: VersionRecord,
    version: Published | None,
    destination: Place,
    *,
    store: Place,
    scans_folder: Path,
    dbt_target: Path,
    workers: Workers,
    run_id: str,
    progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> RebuildReport:
    """Build a version again and publish it at another place; the current marts and the old place stay as they are.

    Args:
        database: holds the history of the raw tables.
        record: what the version was made with, as :func:`find_record` finds it.
        version: its files, where they are still there: clean images are taken from among them.
        destination: where it goes.
        store: the images that the scans come from, for clean images that are no longer there.
        scans_folder: where verified copies of these go.
        dbt_target: a folder for dbt to write to.
        workers: make the images, as an export's.
        run_id: kept with the publication.
        progress: called with the scans done and the scans in all.
        on_wait: called with what this run waits for.

    Raises:
        VersionError: the moment of its readings is not known.
        TransformationError: dbt can't make the models of then.
        StoreError: the destination takes no files.
    """
    if record.as_of is None:
        raise VersionError(f"version {record.generation} can't be built again: {NO_MOMENT}")
    with earlier_models(database, dbt_target, record.as_of, record.project_variables, on_wait=on_wait):
        with database.tables("training_set") as connection:
            taken = {} if version is None else take_images(connection, version, record.store_url, destination)
            missing = _list_missing(connection, record, taken)
        if missing:
            retrieve_scans(database, store, scans_folder, run_id=run_id, images=_TO_RETRIEVE, on_wait=on_wait)
        done = export(
            database,
            destination,
            options=record.options,
            rule=record.rule,
            store=store,
            scans_folder=scans_folder,
            workers=workers,
            run_id=run_id,
            source=Source(EARLIER, taken, frozenset(record.left_out)),
            progress=progress,
            on_wait=on_wait,
        )
    report = RebuildReport(record.generation, done.generation, images_taken=len(taken), images_made=done.images_made)
    report.scans, report.failures = done.scans, done.failures
    if not report.is_same:
        made = Published(read_generation(destination, done.generation), destination)
        report.files = [] if version is None else _differing(version.generation, made.generation)
        report.reasons = list(_reasons(record, version, made, report.failures))
    return report


def find_record(database: Database, generation_id: str, destination: str) -> VersionRecord:
    """What a version was made with.

    Args:
        database: holds the records.
        generation_id: the version.
        destination: where it was published; a publication elsewhere serves as well.

    Raises:
        VersionError: it can't be built again; the message says why.
    """
    records = version_records(database, [generation_id])
    if not records:
        raise VersionError(f"this database has no record of version {generation_id}; it was made from another one")
    known = [one for one in records if one.as_of is not None]
    if not known:
        raise VersionError(f"version {generation_id} can't be built again: {NO_MOMENT}")
    record = next((one for one in known if one.destination == destination), known[0])
    if _names(record.project_variables.get("labels", [])) != _names(project_variables()["labels"]):
        of_then = ", ".join(name for name, _ in _names(record.project_variables.get("labels", [])))
        raise VersionError(
            f"version {generation_id} was made with other labels than dbt_project.yml lists; put those back that "
            f"doubleread.versions has of it ({of_then}), and run again"
        )
    return record


def _names(labels: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Each label with its caption, as the files of an export have them; dbt is given everything else as it was."""
    return [(printable(str(item.get("label"))), printable(str(item.get("caption")))) for item in labels]


def _list_missing(connection: psycopg.Connection, record: VersionRecord, taken: Mapping[str, object]) -> int:
    """Write the images that have to be made into a table, for the retrieval; how many these are."""
    query = sql.SQL(
        "create table {0}.images_to_retrieve as select png_image from {0}.trainable_scans "
        "where role = any(%s) and not (scan_id = any(%s))"
    ).format(Source(EARLIER).schema("marts"))
    known = [*taken, *record.left_out]
    literal = psycopg.ClientCursor(connection).mogrify(query, [record.options.roles, known])
    return connection.execute(literal.encode()).rowcount


def _differing(old: Generation, new: Generation) -> list[str]:
    """The paths of the files and links that are not the same in both."""
    was = {file.path: file.sha256 for file in old.files} | dict(old.links)
    is_ = {file.path: file.sha256 for file in new.files} | dict(new.links)
    return sorted(path for path in was.keys() | is_.keys() if was.get(path) != is_.get(path))


def _reasons(record: VersionRecord, version: Published | None, made: Published, failures: Failures) -> Iterator[str]:
    """Why what was made is another version, as far as that is known."""
    if failures.count:
        yield f"{failures.count:,} scans have no image today: {', '.join(one.item for one in failures.shown[:5])}"
    if version is None:
        yield "its own files are gone or of no use, so that nobody can say which ones differ"
    else:
        was, is_ = (
            {row["scan_id"]: row["source_sha256"] for row in one.table(SCANS, ("scan_id", "source_sha256"))}
            for one in (version, made)
        )
        changed = sorted(scan for scan in was.keys() & is_.keys() if was[scan] != is_[scan])
        if changed:
            shown = ", ".join(map(printable, changed[:5]))
            yield f"the source images of {len(changed):,} scans were changed since: {shown}"
    if record.cleaning_version != CLEANING_VERSION:
        yield "clean images are made another way now"
    if record.doubleread != (here := installed("doubleread")):
        yield f"it was made by doubleread {record.doubleread}; this is {here}"
