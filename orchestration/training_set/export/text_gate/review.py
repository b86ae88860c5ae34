"""What a person needs to decide: the scans with text, and a picture of where it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from orchestration.errors import DoublereadError
from orchestration.imaging import read_image
from orchestration.imaging.text.sheet import text_sheet
from orchestration.training_set.copies import DamagedCopyError, read_copy
from orchestration.training_set.export.text_gate.looking import FoundText
from orchestration.training_set.export.text_gate.records import Decision, regions_of

_QUERY = """
    select
        scan.scan_id,
        copy.sha256,
        copy.local_path,
        finding.regions,
        decision.decision,
        decision.decided_by,
        decision.decided_at
    from marts.trainable_scans as scan
    inner join doubleread.retrieved_scans as copy
        on copy.store_url = %(store_url)s and copy.png_image = scan.png_image and copy.status = 'retrieved'
    inner join lateral (
        select regions from doubleread.text_findings
        where source_sha256 = copy.sha256
        order by updated_at desc
        limit 1
    ) as finding on true
    left join lateral (
        select decision, decided_by, decided_at from doubleread.text_decisions
        where source_sha256 = copy.sha256
        order by decision_id desc
        limit 1
    ) as decision on true
    where jsonb_array_length(finding.regions) > 0 and (%(scan_ids)s::text[] is null or scan.scan_id = any(%(scan_ids)s))
    order by scan.scan_id collate "C"
"""


@dataclass(frozen=True)
class ScanWithText:
    """A scan on which text was found, as it was looked at last, and what a person decided of it."""

    scan_id: str
    source_sha256: str
    path: Path
    regions: tuple[FoundText, ...]
    decision: Decision | None


def scans_with_text(
    connection: psycopg.Connection, *, store_url: str, scan_ids: Sequence[str] | None = None
) -> list[ScanWithText]:
    """The scans on which text was found, all or those named, in the order of their ids.

    Raises:
        DoublereadError: nothing was built yet.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        try:
            cursor.execute(_QUERY, {"store_url": store_url, "scan_ids": None if scan_ids is None else list(scan_ids)})
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
            raise DoublereadError("there are no scans yet; run: doubleread build") from None
        return [_scan(row) for row in cursor]


def _scan(row: dict[str, Any]) -> ScanWithText:
    decided = row["decision"] and Decision(row["decision"], row["decided_by"], row["decided_at"])
    return ScanWithText(row["scan_id"], row["sha256"], Path(row["local_path"]), regions_of(row["regions"]), decided)


def review_picture(folder: Path, scan: ScanWithText) -> Path:
    """Where the picture of a scan lies: a name that says nothing, since a scan id may be none for a file."""
    return folder / f"{scan.source_sha256[:16]}.png"


def picture_of(scan: ScanWithText) -> bytes:
    """A PNG that shows where the text of a scan is, and each region as it is. It may show a patient's name.

    Raises:
        DoublereadError: the copy of the scan is gone or was changed.
        ImageError: the scan can't be read.
    """
    try:
        image = read_image(read_copy(scan.path, scan.source_sha256))
    except DamagedCopyError as error:
        raise DoublereadError(f"{error}: doubleread build") from None
    return text_sheet(image, [(region.x, region.y, region.width, region.height) for region in scan.regions])
