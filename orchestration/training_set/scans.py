"""Retrieving the images that findings need, and keeping what became of each in ``doubleread.retrieved_scans``."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

import psycopg

from orchestration.database import Database, exclusive
from orchestration.outcomes import Failures, Progress, Waiting, no_progress, no_waiting, printable
from orchestration.stores import Place, Retrieval, retrieve

IMAGES_A_ROUND = 20_000  # bounds the memory that descriptions take, some 500 bytes each
ROWS_A_COMMIT = 200

Query = LiteralString
IMAGES_OF_FINDINGS: Query = "select png_image from marts.double_matched_findings"


@dataclass
class ScansReport:
    """What one retrieval did. ``images`` counts the images that findings need."""

    images: int = 0
    fetched: int = 0
    already_here: int = 0
    bytes_fetched: int = 0
    attempts: int = 0
    seconds: float = 0.0
    failures: Failures = field(default_factory=Failures)

    def add(self, retrieval: Retrieval) -> None:
        """Count one image."""
        self.images += 1
        self.attempts += retrieval.attempts
        if retrieval.reason is not None:
            self.failures.add(printable(retrieval.path), retrieval.reason)
        elif retrieval.fetched:
            self.fetched += 1
            self.bytes_fetched += retrieval.size_bytes or 0
        else:
            self.already_here += 1


def retrieve_scans(
    database: Database,
    store: Place,
    folder: Path,
    *,
    run_id: str,
    images: Query = IMAGES_OF_FINDINGS,
    progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> ScansReport:
    """Bring every image that ``marts.double_matched_findings``, or another query, names into ``folder``.

    Args:
        database: holds the mart and the records.
        store: holds the images.
        folder: where verified copies go.
        run_id: kept with each outcome.
        images: yields a column ``png_image``.
        progress: called with the images done and the images in all.
        on_wait: called when another run is at work on the same folder, which this one then waits for.
    """
    start = time.perf_counter()
    report = ScansReport()
    with (
        exclusive(database, f"scans {folder}", on_wait=on_wait),
        database.tables("training_set") as connection,
        database.connect() as reader,
        reader.cursor("images") as wanted,
    ):
        total = _count_images(reader, images)
        wanted.execute(f"select distinct png_image from ({images}) as wanted order by png_image")  # noqa: S608  ours
        while batch := [image or "" for (image,) in wanted.fetchmany(IMAGES_A_ROUND)]:
            known = _known(connection, store.url, batch)
            unsaved: list[Retrieval] = []
            for retrieval in retrieve(store, batch, folder, known):
                report.add(retrieval)
                if retrieval.fetched or retrieval.reason is not None:
                    unsaved.append(retrieval)
                if len(unsaved) >= ROWS_A_COMMIT:
                    _save(connection, store.url, unsaved, run_id)
                    unsaved.clear()
                progress(report.images, total)
            _save(connection, store.url, unsaved, run_id)
        if report.fetched or report.failures.count:
            # Without statistics the planner compares every finding with every scan: 20 s for 4,000 of them.
            connection.execute("analyze doubleread.retrieved_scans")
    report.seconds = time.perf_counter() - start
    return report


def forget_scan(connection: psycopg.Connection, png_image: str, local_path: str) -> None:
    """Drop the record of a local copy that is not what was retrieved, so that the next run retrieves it."""
    connection.execute(
        "delete from doubleread.retrieved_scans where md5(png_image) = md5(%s) and local_path = %s",
        [png_image, local_path],
    )


def _count_images(connection: psycopg.Connection, images: Query) -> int:
    row = connection.execute(f"select count(distinct png_image) from ({images}) as wanted").fetchone()  # noqa: S608  ours
    return int(row[0]) if row else 0


def _known(connection: psycopg.Connection, store: str, images: list[str]) -> dict[str, Retrieval]:
    """What earlier runs recorded of the copies of some images, by image."""
    rows = connection.execute(
        """
        select png_image, size_bytes, etag, version, last_modified, sha256, local_path, local_mtime_ns
        from doubleread.retrieved_scans
        where store_url = %s and status = 'retrieved'
            and md5(png_image) in (select md5(name) from unnest(%s::text[]) as name)
        """,
        [store, images],
    )
    return {
        image: Retrieval(
            image,
            size_bytes=size,
            etag=etag,
            version_id=version,
            last_modified=last_modified,
            sha256=sha256,
            local_path=Path(local_path),
            local_mtime_ns=mtime_ns,
        )
        for image, size, etag, version, last_modified, sha256, local_path, mtime_ns in rows
    }


def _save(connection: psycopg.Connection, store: str, retrievals: list[Retrieval], run_id: str) -> None:
    """Record what became of some images, in place of what was recorded before, and commit."""
    with connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into doubleread.retrieved_scans as known (
                store_url, png_image, status, reason, retryable, attempts, size_bytes, etag, version, last_modified,
                sha256, local_path, local_mtime_ns, seconds, run_id
            )
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (store_url, md5(png_image)) do update set
                status = excluded.status, reason = excluded.reason, retryable = excluded.retryable,
                attempts = excluded.attempts, size_bytes = excluded.size_bytes, etag = excluded.etag,
                version = excluded.version, last_modified = excluded.last_modified, sha256 = excluded.sha256,
                local_path = excluded.local_path, local_mtime_ns = excluded.local_mtime_ns,
                seconds = excluded.seconds, run_id = excluded.run_id, updated_at = now()
            """,
            [
                (
                    store,
                    r.path,
                    "retrieved" if r.reason is None else "failed",
                    r.reason,
                    r.retryable,
                    r.attempts,
                    r.size_bytes,
                    r.etag,
                    r.version_id,
                    r.last_modified,
                    r.sha256,
                    str(r.local_path) if r.local_path else None,
                    r.local_mtime_ns,
                    r.seconds,
                    run_id,
                )
                for r in retrievals
            ],
        )
    connection.commit()
