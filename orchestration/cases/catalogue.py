"""The list of cases, from the mart ``clinical_cases``, and the blobs that belong to none."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from psycopg.rows import class_row

from orchestration.database import Database, DatabaseError

T = TypeVar("T")

ROWS_A_FETCH = 500  # reports may have 64 KiB each


@dataclass(frozen=True)
class CaseSummary:
    """One case of the catalogue; ``missing_views`` holds ``l_cc``, ``l_mlo``, ``r_cc`` or ``r_mlo``."""

    case_id: str
    year: int
    missing_views: tuple[str, ...]
    has_report: bool

    @property
    def is_complete(self) -> bool:
        """Whether all four views and the report are there."""
        return not self.missing_views and self.has_report


@dataclass(frozen=True)
class UnmatchedImage:
    """A blob that counts for no case.

    Attributes:
        blob: its name.
        reason: ``partial`` or ``superseded``.
        problem: what the name lacks or leaves open; None where it is superseded.
        year: the year in the name, as far as there is one; likewise ``case_id`` and ``view``.
        counted_blob: the blob that was modified later and counts for the view in its place; None where it is partial.
    """

    blob: str
    reason: str
    problem: str | None
    year: int | None
    case_id: str | None
    view: str | None
    counted_blob: str | None


@dataclass(frozen=True)
class _Row:
    case_id: str
    year: int
    missing_views: list[str]
    has_report: bool
    report: str | None


def list_cases(
    database: Database, *, year: int | None = None, complete: bool | None = None, text: str | None = None
) -> Iterator[CaseSummary]:
    """The cases that fit every condition, by year and id.

    Args:
        database: holds the mart and the reports.
        year: only cases of this year.
        complete: only cases with four views and a report, or only the others.
        text: only cases whose report holds it, whatever the case of its letters and however they are composed.

    Raises:
        DatabaseError: the mart was never built.
    """
    wanted = None if text is None else _folded(text)
    for row in _rows(database, year, complete, with_report=wanted is not None):
        if wanted is None or (row.report is not None and wanted in _folded(row.report)):
            yield CaseSummary(row.case_id, row.year, tuple(row.missing_views), row.has_report)


def list_unmatched(database: Database, container: str) -> Iterator[UnmatchedImage]:
    """The blobs of a container that count for no case, by name, as of the last ``doubleread cases index``.

    Raises:
        DatabaseError: the model was never built.
    """
    query = """
        select blob, reason, problem, year, case_id, view, counted_blob
        from quality.unmatched_clinical_images
        where container = %s
        order by blob collate "C"
    """
    with _cursor(database, UnmatchedImage) as cursor:
        cursor.execute(query, [container])
        yield from cursor


def _rows(database: Database, year: int | None, complete: bool | None, *, with_report: bool) -> Iterator[_Row]:
    """The rows of the mart, with the text of each report only where it is searched."""
    query = """
        select cases.case_id, cases.year, cases.missing_views, cases.has_report, reports.report
        from marts.clinical_cases as cases
        left join doubleread.clinical_reports as reports
            on %(with_report)s and cases.case_id = reports.case_id and cases.year = reports.year
        where (%(year)s::integer is null or cases.year = %(year)s)
            and (%(complete)s::boolean is null or (cases.view_count = 4 and cases.has_report) = %(complete)s)
        order by cases.year, cases.case_id collate "C"
    """
    with _cursor(database, _Row) as cursor:
        cursor.execute(query, {"year": year, "complete": complete, "with_report": with_report})
        yield from cursor


@contextmanager
def _cursor(database: Database, row: type[T]) -> Iterator[psycopg.ServerCursor[T]]:
    """A cursor that fetches rows as they are read, from models that may not be built yet."""
    with database.connect() as connection, connection.cursor("cases", row_factory=class_row(row)) as cursor:
        cursor.itersize = ROWS_A_FETCH
        try:
            yield cursor
        except psycopg.errors.UndefinedTable:
            raise DatabaseError("there is no list of cases yet: run doubleread cases index") from None


def _folded(text: str) -> str:
    # Compared here and not by lower(), which knows only the letters of the database's own locale.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
