"""The reports: the table read once, page by page, of which only what changed is written."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from orchestration.database import Database, exclusive
from orchestration.database.differences import write_differences
from orchestration.outcomes import Failures, Waiting, no_waiting, printable
from orchestration.stores import StoreError, StoreUnavailableError

if TYPE_CHECKING:
    from orchestration.cases.report_table import ReportEntity, ReportTable

REPORTS_A_STEP = 250
MAX_ID_BYTES = 1_000  # PostgreSQL keeps at most 2,704 bytes of a row in an index


@dataclass
class ReportsReport:
    """What one reading found and changed.

    ``entities`` counts all that were read, ``superseded`` those of which a later one speaks about the same case.
    ``unusable`` are those that are not reports, by key.
    ``added``, ``changed`` and ``removed`` count rows of ``doubleread.clinical_reports``.
    """

    table: str
    entities: int = 0
    superseded: int = 0
    unusable: Failures = field(default_factory=Failures)
    added: int = 0
    changed: int = 0
    removed: int = 0
    seconds: float = 0.0


def read_reports(
    database: Database,
    table: "ReportTable",
    *,
    progress: Callable[[int], None] = lambda _entities: None,
    on_wait: Waiting = no_waiting,
) -> ReportsReport:
    """Bring ``doubleread.clinical_reports`` to what the table holds.

    Of two entities for one case the one modified last counts, then the one whose key sorts last. An entity that is not
    a report is named, and the others are read.

    Args:
        database: holds the reports.
        table: where they come from.
        progress: called now and then with the number of entities read so far.
        on_wait: called when another reading is at work, which this one then waits for.

    Raises:
        StoreUnavailableError: the table could not be read to its end; the reports stay as they were.
    """
    start = time.perf_counter()
    result = ReportsReport(table.name)
    with exclusive(database, "clinical reports", on_wait=on_wait), database.tables("clinical") as connection:
        _copy(connection, table, result, progress)
        result.superseded = _drop_superseded(connection)
        written = write_differences(
            connection,
            sql.Identifier("doubleread", "clinical_reports"),
            sql.Identifier("listed"),
            key=["case_id", "year"],
            values=["report", "etag"],
            seen="read_at",
        )
    result.added, result.changed, result.removed = written.added, written.changed, written.removed
    result.seconds = time.perf_counter() - start
    return result


def _copy(
    connection: psycopg.Connection, table: "ReportTable", result: ReportsReport, progress: Callable[[int], None]
) -> None:
    """Copy the reports of the table into the temporary table ``listed``; count and name what is none."""
    connection.execute(
        "create temporary table listed (like doubleread.clinical_reports, modified timestamptz, key text) "
        "on commit drop"
    )
    read_at = datetime.now(UTC)
    columns = "case_id, year, report, etag, read_at, modified, key"
    try:
        with connection.cursor().copy(f"copy listed ({columns}) from stdin") as copy:
            for entity in table.entities():
                result.entities += 1
                if result.entities % REPORTS_A_STEP == 0:
                    progress(result.entities)
                if problem := _problem(entity):
                    result.unusable.add(printable(entity.key), problem)
                    continue
                row = (entity.id, _year(entity.year), entity.report, entity.etag)
                copy.write_row((*row, read_at, entity.modified, entity.key))
    except StoreError as error:
        raise StoreUnavailableError(
            f"reading the table {table.name} stopped after {result.entities:,} reports ({error}); "
            "the reports stay as they were"
        ) from error


def _problem(entity: "ReportEntity") -> str | None:
    """Why an entity is not a report; the message repeats nothing that it holds."""
    if not isinstance(entity.id, str) or not entity.id or not _storable(entity.id):
        return "the property id is missing, or is not text that can name a case"
    if len(entity.id.encode()) > MAX_ID_BYTES:
        return f"the property id has more than {MAX_ID_BYTES:,} bytes"
    if _year(entity.year) is None:
        return "the property year is missing, or is not a year of four digits"
    if not isinstance(entity.report, str) or not _storable(entity.report):
        return "the property report is missing, or is not text that the database can hold"
    return None


def _year(value: object) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if len(text) == 4 and text.isascii() and text.isdecimal() else None


def _storable(text: str) -> bool:
    """Whether PostgreSQL can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _drop_superseded(connection: psycopg.Connection) -> int:
    """Delete from ``listed`` all reports of a case but the one modified last; how many were deleted."""
    return connection.execute(
        """
        delete from listed as earlier
        using (
            select ctid, row_number() over (
                partition by case_id, year order by modified desc nulls last, key collate "C" desc
            ) as place
            from listed
        ) as placed
        where earlier.ctid = placed.ctid and placed.place > 1
        """
    ).rowcount
