"""The index of clinical images: one listing of the container, of which only what changed is written."""

import time
from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from orchestration.cases.names import parse_blob_name
from orchestration.database import Database, exclusive
from orchestration.database.differences import Differences, write_differences
from orchestration.outcomes import Waiting, no_waiting
from orchestration.stores import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from orchestration.stores.azure import Container

BLOBS_A_STEP = 1_000  # between two calls of ``progress``
LISTED = "container, blob, year, case_id, view, size_bytes, etag, md5, last_modified, seen_at, problem"


@dataclass(frozen=True)
class IndexReport:
    """One refresh: a row of ``doubleread.clinical_index_runs``.

    ``blobs`` counts all that were listed, ``matching`` those whose names hold a year, an id and a view, ``partial``
    those that hold some of them, or two different ones; the rest are not kept. ``added``, ``changed`` and ``removed``
    count rows of the index.
    """

    container: str
    listed_at: datetime
    blobs: int
    matching: int
    partial: int
    added: int
    changed: int
    removed: int
    seconds: float


def index_images(
    database: Database,
    store: "Container",
    *,
    progress: Callable[[int], None] = lambda _blobs: None,
    on_wait: Waiting = no_waiting,
) -> IndexReport:
    """Bring ``doubleread.clinical_images`` to what the container holds, by one listing.

    Memory does not grow with the container. Readers see the index as it was until the refresh is whole.

    Args:
        database: holds the index.
        store: the container.
        progress: called now and then with the number of blobs listed so far.
        on_wait: called when another refresh of the same container is at work, which this one then waits for.

    Raises:
        StoreUnavailableError: the listing could not be finished; the index stays as it was.
    """
    start, listed_at = time.perf_counter(), datetime.now(UTC)
    name = f"index of the container {store.container}"
    with exclusive(database, name, on_wait=on_wait), database.tables("clinical") as connection:
        blobs, matching, partial = _list(connection, store, listed_at, progress)
        written = _write(connection, store.container)
        report = IndexReport(
            store.container,
            listed_at,
            blobs,
            matching,
            partial,
            written.added,
            written.changed,
            written.removed,
            time.perf_counter() - start,
        )
        connection.execute(
            """
            insert into doubleread.clinical_index_runs (
                container, listed_at, blobs, matching, partial, added, changed, removed, seconds
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            """,
            astuple(report),
        )
    return report


def _list(
    connection: psycopg.Connection, store: "Container", listed_at: datetime, progress: Callable[[int], None]
) -> tuple[int, int, int]:
    """Copy what the container holds into the temporary table ``listed``: blobs, matching, partial."""
    connection.execute("create temporary table listed (like doubleread.clinical_images) on commit drop")
    blobs = matching = partial = 0
    try:
        with connection.cursor().copy(f"copy listed ({LISTED}) from stdin") as copy:
            for blobs, blob in enumerate(store.list(), start=1):
                if blobs % BLOBS_A_STEP == 0:
                    progress(blobs)
                if (found := parse_blob_name(blob.path)) is None:
                    continue
                matching += found.problem is None
                partial += found.problem is not None
                row = (
                    store.container,
                    blob.path,
                    found.year,
                    found.case_id,
                    found.view,
                    blob.size_bytes,
                    blob.etag,
                    blob.md5,
                )
                copy.write_row((*row, blob.last_modified, listed_at, found.problem))
    except StoreError as error:
        raise StoreUnavailableError(
            f"the listing of the container {store.container} stopped after {blobs:,} blobs ({error}); "
            "the index stays as it was"
        ) from error
    return blobs, matching, partial


def _write(connection: psycopg.Connection, container: str) -> Differences:
    return write_differences(
        connection,
        sql.Identifier("doubleread", "clinical_images"),
        sql.Identifier("listed"),
        key=["container", "blob"],
        values=["year", "case_id", "view", "size_bytes", "etag", "md5", "last_modified", "problem"],
        seen="seen_at",
        scope={"container": container},
    )
