"""What is left failed: the records as a person asks for them."""

from pathlib import Path

from orchestration.database import Database
from orchestration.outcomes import FAILURES_SHOWN, Failure, Failures, printable


def failed_scans(database: Database, store_url: str) -> Failures:
    """Images that a finding needs and that could not be retrieved: the first by name, and how many."""
    query = """
        select scan.png_image, scan.reason, count(*) over ()
        from doubleread.retrieved_scans as scan
        where scan.store_url = %s and scan.status = 'failed' and exists (
            select 1
            from marts.double_matched_findings as finding
            where coalesce(finding.png_image, '') = scan.png_image
        )
        order by scan.png_image
        limit %s
    """
    return _failures(database, query, [store_url, FAILURES_SHOWN])


def failed_pictures(database: Database, training_set: Path) -> Failures:
    """Findings without a picture: the first by name, and how many."""
    query = """
        select label || '/' || scan_id, reason, count(*) over ()
        from doubleread.pictures
        where training_set = %s and status = 'failed'
        order by 1
        limit %s
    """
    return _failures(database, query, [str(training_set), FAILURES_SHOWN])


def _failures(database: Database, query: str, parameters: list[object]) -> Failures:
    with database.tables("training_set") as connection:
        rows = connection.execute(query, parameters).fetchall()
    shown = [Failure(printable(item), reason) for item, reason, _ in rows]
    return Failures(rows[0][2] if rows else 0, shown)
