"""Findings of the mart beside what is known of their scans and pictures, one row per finding."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from orchestration.imaging import Box

FETCH_ROWS = 500

QUERY = """
    select
        finding.finding_id,
        finding.scan_id,
        finding.png_image,
        finding.boxes,
        finding.finding_hash,
        scan.status as scan_status,
        scan.reason as scan_reason,
        coalesce(scan.retryable, true) as scan_retryable,
        scan.sha256 as scan_sha256,
        coalesce(scan.version, scan.etag) as scan_version,
        scan.local_path as scan_path,
        picture.status = 'drawn' as drawn,
        picture.finding_hash as drawn_hash,
        picture.drawing_version,
        picture.source_sha256 as drawn_source_sha256,
        picture.source_version as drawn_source_version,
        picture.sha256 as picture_sha256,
        picture.size_bytes as picture_size,
        picture.mtime_ns as picture_mtime_ns,
        coalesce(picture.verified, false) as verified
    from marts.double_matched_findings as finding
    left join doubleread.retrieved_scans as scan
        on scan.store_url = %(store_url)s and scan.png_image = finding.png_image
    left join doubleread.pictures as picture
        on picture.training_set = %(training_set)s and picture.finding_id = finding.finding_id
    where finding.label = %(label)s
    order by finding.png_image, finding.finding_id
"""


@dataclass(frozen=True)
class Finding:
    """One row of the mart, with the records of its scan (``scan_…``) and of its picture, where there are any."""

    finding_id: str
    scan_id: str
    png_image: str | None
    boxes: list[dict[str, Any]]
    finding_hash: str
    scan_status: str | None
    scan_reason: str | None
    scan_retryable: bool
    scan_sha256: str | None
    scan_version: str | None
    scan_path: str | None
    drawn: bool | None
    drawn_hash: str | None
    drawing_version: int | None
    drawn_source_sha256: str | None
    drawn_source_version: str | None
    picture_sha256: str | None
    picture_size: int | None
    picture_mtime_ns: int | None
    verified: bool

    def picture_untouched(self, path: Path) -> bool:
        """Whether the file at ``path`` is the picture of the records, by size and time of modification."""
        if not self.drawn:
            return False
        try:
            status = path.stat(follow_symlinks=False)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.picture_size, self.picture_mtime_ns)

    @property
    def drawing_boxes(self) -> tuple[Box, ...]:
        """The boxes as the drawing takes them."""
        return tuple(
            Box(
                reader=str(box["reader"]),
                x=float(box["x"]),
                y=float(box["y"]),
                width=float(box["width"]),
                height=float(box["height"]),
            )
            for box in self.boxes
        )


def read_findings(
    connection: psycopg.Connection, *, label: str, store_url: str, training_set: str
) -> Iterator[Finding]:
    """The findings of one label, streamed, ordered so that findings of one scan follow each other."""
    with connection.cursor("findings", row_factory=class_row(Finding)) as cursor:
        cursor.itersize = FETCH_ROWS
        cursor.execute(QUERY, {"store_url": store_url, "training_set": training_set, "label": label})
        yield from cursor
