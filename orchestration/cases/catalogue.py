"""Which cases there are, as the mart ``clinical_cases`` says."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from orchestration.database import Database, DatabaseError

CASES_A_FETCH = 500  # reports may have 64 KiB each


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
        DatabaseError: there is no mart yet.
    """
    wanted = None if text is None else _folded(text)
    for row in _rows(database, year, complete, with_report=wanted is not None):
        if wanted is None or (row.report is not None and wanted in _folded(row.report)):
            yield CaseSummary(row.case_id, row.year, tuple(row.missing_views), row.has_report)


def _rows(database: Database, year: int | None, complete: bool | None, *, with_report: bool) -> Iterator[_Row]:
    query = """
        select cases.case_id, cases.year, cases.missing_views, cases.has_report, reports.report
        from marts.clinical_cases as cases
        left join doubleread.clinical_reports as reports
            on %(with_report)s and cases.case_id = reports.case_id and cases.year = reports.year
        where (%(year)s::integer is null or cases.year = %(year)s)
            and (%(complete)s::boolean is null or (cases.view_count = 4 and cases.has_report) = %(complete)s)
        order by cases.year, cases.case_id collate "C"
    """
    with database.connect() as connection, connection.cursor("cases", row_factory=class_row(_Row)) as cursor:
        cursor.itersize = CASES_A_FETCH
        try:
            cursor.execute(query, {"year": year, "complete": complete, "with_report": with_report})
        except psycopg.errors.UndefinedTable:
            raise DatabaseError("there is no list of cases yet: run doubleread cases index") from None
        yield from cursor


def _folded(text: str) -> str:
    # Compared here and not by lower(), which knows only the letters of the database's own locale.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
