"""The table ``doubleread.pictures`` as one build of a label's folder writes it."""

import time
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from orchestration.code_version import code_version
from orchestration.training_set.findings import Finding
from orchestration.training_set.picture_files import DrawingOutcome
from orchestration.training_set.scans import forget_scan

# A commit takes 1 to 10 ms: often enough that a killed run draws again what took about a second.
FLUSH_SECONDS = 1.0

COLUMNS = (
    "training_set",
    "finding_id",
    "label",
    "scan_id",
    "status",
    "reason",
    "finding_hash",
    "path",
    "sha256",
    "size_bytes",
    "mtime_ns",
    "width",
    "height",
    "boxes_drawn",
    "boxes_clipped",
    "boxes_skipped",
    "source_image",
    "source_version",
    "source_sha256",
    "source_keepable",
    "drawing_version",
    "drawing",
    "run_id",
    "code_version",
)
UPSERT = f"""
    insert into doubleread.pictures as known ({", ".join(COLUMNS)})
    values ({", ".join(f"%({column})s" for column in COLUMNS)})
    on conflict (training_set, finding_id) do update set
        verified = false, updated_at = now(), {", ".join(f"{column} = excluded.{column}" for column in COLUMNS)}
"""  # noqa: S608  column names of our own


class PictureRecords:
    """Records of one label's pictures, written together about once a second."""

    def __init__(self, connection: psycopg.Connection, training_set: str, label: str, run_id: str) -> None:
        self._connection = connection
        self._training_set = training_set
        self._label = label
        self._run_id = run_id
        self._unsaved: list[dict[str, Any]] = []
        self._saved_at = time.monotonic()
        self._changed = False

    def count_findings(self) -> int:
        """Rows of the mart for the label."""
        query = "select count(*) from marts.double_matched_findings where label = %s"
        row = self._connection.execute(query, [self._label]).fetchone()
        return int(row[0]) if row else 0

    def drawn(self, finding: Finding, outcome: DrawingOutcome, mtime_ns: int, drawing_version: int) -> None:
        """Note a picture that is in its place."""
        self._add(
            finding,
            status="drawn",
            path=f"{self._label}/{finding.scan_id}.png",
            sha256=outcome.sha256,
            size_bytes=outcome.size_bytes,
            mtime_ns=mtime_ns,
            width=outcome.width,
            height=outcome.height,
            boxes_drawn=outcome.boxes_drawn,
            boxes_clipped=outcome.boxes_clipped,
            boxes_skipped=outcome.boxes_skipped,
            source_version=finding.scan_version,
            source_sha256=finding.scan_sha256,
            source_keepable=outcome.source_keepable,
            drawing_version=drawing_version,
            drawing=Jsonb(outcome.drawing),
        )

    def failed(self, finding: Finding, reason: str, drawing_version: int) -> None:
        """Note why a finding has no picture."""
        self._add(finding, status="failed", reason=reason, drawing_version=drawing_version)

    def note_source_version(self, finding: Finding) -> None:
        """Note that the store now calls the same bytes another version."""
        self._connection.execute(
            "update doubleread.pictures set source_version = %s where training_set = %s and finding_id = %s",
            [finding.scan_version, self._training_set, finding.finding_id],
        )

    def forget_scan(self, finding: Finding) -> None:
        """Drop the record of a local copy that is not what was retrieved, so that the next run retrieves it."""
        forget_scan(self._connection, finding.png_image or "", finding.scan_path or "")

    def remove_findings_that_left(self) -> None:
        """Drop the records of findings that the mart no longer holds under this label."""
        self._connection.execute(
            """
            delete from doubleread.pictures as picture
            where picture.training_set = %s and picture.label = %s and not exists (
                select 1 from marts.double_matched_findings as finding
                where finding.finding_id = picture.finding_id and finding.label = picture.label
            )
            """,
            [self._training_set, self._label],
        )

    def flush(self) -> None:
        """Write and commit everything noted so far."""
        if self._unsaved:
            with self._connection.cursor() as cursor:
                cursor.executemany(UPSERT, self._unsaved)
        self._connection.commit()
        self._unsaved.clear()
        self._saved_at = time.monotonic()

    def finish(self) -> None:
        """Write the rest, and let the planner know how many there are now."""
        self.flush()
        if self._changed:
            self._connection.execute("analyze doubleread.pictures")
            self._connection.commit()

    def _add(self, finding: Finding, **values: object) -> None:
        """Note one row, and write those that were noted about once a second."""
        row = dict.fromkeys(COLUMNS) | {
            "training_set": self._training_set,
            "finding_id": finding.finding_id,
            "label": self._label,
            "scan_id": finding.scan_id,
            "finding_hash": finding.finding_hash,
            "source_image": finding.png_image or "",
            "run_id": self._run_id,
            "code_version": code_version(),
        }
        self._unsaved.append(row | values)
        self._changed = True
        if time.monotonic() - self._saved_at > FLUSH_SECONDS:
            self.flush()
