"""The table ``doubleread.clean_images``: what became of each scan that an export is to hold."""

import time
from dataclasses import asdict
from typing import Any

import psycopg

from orchestration.code_version import code_version
from orchestration.database import Database
from orchestration.outcomes import FAILURES_SHOWN, Failure, Failures, printable
from orchestration.training_set.export.images import CLEANING_VERSION, MadeImage
from orchestration.training_set.export.selection import ExportOptions, Selected

FLUSH_SECONDS = 1.0  # a commit takes 1 to 10 ms; what a killed run loses is made again

COLUMNS = (
    *("destination", "store_url", "png_image", "bits", "status", "reason", "source_sha256", "source_version"),
    *("cleaning_version", *MadeImage.__dataclass_fields__, "run_id", "code_version"),
)
UPSERT = f"""
    insert into doubleread.clean_images ({", ".join(COLUMNS)})
    values ({", ".join(f"%({column})s" for column in COLUMNS)})
    on conflict (destination, store_url, md5(png_image), bits) do update set
        updated_at = now(), {", ".join(f"{column} = excluded.{column}" for column in COLUMNS)}
"""  # noqa: S608  column names of our own


class ImageRecords:
    """Records of one export's images, written together about once a second."""

    def __init__(
        self, connection: psycopg.Connection, *, destination: str, store_url: str, options: ExportOptions, run_id: str
    ) -> None:
        self.run_id = run_id
        self._connection = connection
        self._row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
            "destination": destination,
            "store_url": store_url,
            "bits": options.bits,
            "cleaning_version": CLEANING_VERSION,
            "run_id": run_id,
        }
        self._unsaved: dict[str, dict[str, Any]] = {}
        self._saved_at = time.monotonic()
        self._changed = False

    def made(self, scan: Selected, image: MadeImage) -> None:
        """Note an image that lies in its place."""
        source = {"source_sha256": scan.scan_sha256, "source_version": scan.scan_version}
        self._add(scan, {"status": "made", **source, **asdict(image)})

    def failed(self, scan: Selected, reason: str) -> None:
        """Note why a scan has no clean image."""
        self._add(scan, {"status": "failed", "reason": reason})

    def finish(self, wanted: set[str]) -> None:
        """Write the rest, and drop the failures of scans that this export no longer wants."""
        self._flush()
        self._connection.execute(
            "delete from doubleread.clean_images where destination = %(destination)s and store_url = %(store_url)s "
            "and bits = %(bits)s and status = 'failed' and md5(png_image) not in "
            "(select md5(image) from unnest(%(wanted)s::text[]) as image)",
            self._row | {"wanted": sorted(wanted)},
        )
        self._connection.commit()
        if self._changed:
            # Without statistics the planner compares every scan with every record.
            self._connection.execute("analyze doubleread.clean_images")
            self._connection.commit()

    def _add(self, scan: Selected, values: dict[str, object]) -> None:
        now = {"png_image": scan.png_image, "code_version": code_version()}
        self._unsaved[scan.png_image] = self._row | now | values
        self._changed = True
        if time.monotonic() - self._saved_at > FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        if self._unsaved:
            with self._connection.cursor() as cursor:
                cursor.executemany(UPSERT, list(self._unsaved.values()))
        self._connection.commit()
        self._unsaved.clear()
        self._saved_at = time.monotonic()


def failed_images(database: Database, destination: str) -> Failures:
    """Scans that should be in the export and are not: the first by name, and how many."""
    query = """
        select png_image, reason, count(*) over ()
        from doubleread.clean_images
        where destination = %s and status = 'failed'
        order by png_image
        limit %s
    """
    with database.tables("training_set") as connection:
        rows = connection.execute(query, [destination, FAILURES_SHOWN]).fetchall()
    shown = [Failure(printable(image) or "(no image)", reason) for image, reason, _ in rows]
    return Failures(rows[0][2] if rows else 0, shown)
