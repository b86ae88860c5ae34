"""What the index and the reports know about one case, in one query."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg.rows import class_row

from orchestration.cases.case import CaseNotFoundError
from orchestration.cases.names import ids_in
from orchestration.database import Database, DatabaseError
from orchestration.outcomes import printable
from orchestration.stores import ObjectVersion
from orchestration.stores.place import quoted

_CASE_ID = re.compile(r"S[0-9]+", re.ASCII)
_MAX_ID_LENGTH = 64
_BLOBS_NAMED = 5  # in one reason; doubleread cases unmatched names all of them

# Of two blobs for one view the one modified last counts, then the name, as in int_clinical_images. The raw tables are
# asked, so that a refreshed index counts at once, whether or not the models have been built since.
_QUERY = """
select * from (
    select distinct on (view) view as part, blob, etag, md5, size_bytes, last_modified, null as report
    from doubleread.clinical_images
    where container = %(container)s and case_id = %(case_id)s and year = %(year)s and problem is null
    order by view, last_modified desc, blob collate "C"
) as images
union all
select 'report', null, null, null, null, null, report
from doubleread.clinical_reports
where case_id = %(case_id)s and year = %(year)s
"""

# A name with two ids has none in the index, so its text is searched. That reads every blob with a problem; it is asked
# only where a case lacks something.
_UNMATCHED = """
select blob, view, problem
from doubleread.clinical_images
where container = %(container)s
    and problem is not null
    and (year is null or year = %(year)s)
    and (case_id = %(case_id)s or (case_id is null and strpos(blob, %(case_id)s) > 0))
order by blob collate "C"
"""


@dataclass(frozen=True)
class KnownCase:
    """The blobs of a case by part (``l_cc`` …), and its report; None where there is none."""

    blobs: dict[str, ObjectVersion]
    report: str | None


@dataclass(frozen=True)
class UnmatchedName:
    """A blob whose name holds a case id and counts for no case; ``view`` is None where the name leaves it open."""

    blob: str
    view: str | None
    problem: str


def look_up(database: Database, container: str, case_id: str, year: int) -> KnownCase:
    """Find the blobs and the report of a case.

    Raises:
        CaseNotFoundError: no blob or report is of this case, or ``case_id`` or ``year`` cannot be those of a case. The
            message names the blobs that name the case and count for no case.
        DatabaseError: no connection, or no index was ever made.
    """
    check_id(case_id, year)
    with database.connect() as connection:
        try:
            rows = connection.execute(_QUERY, {"container": container, "case_id": case_id, "year": year}).fetchall()
        except psycopg.errors.UndefinedTable:
            raise DatabaseError("there is no index of clinical images yet; run doubleread cases index") from None
    if not rows:
        unmatched = unmatched_names(database, container, case_id, year)
        raise CaseNotFoundError(
            f"case {case_id} of {year} is neither in the index of the container {container} nor among the reports"
            f"{though(unmatched)}; doubleread cases list shows the cases that are there, doubleread cases index looks "
            "for new ones"
        )
    blobs = {
        part: ObjectVersion(blob, size, quoted(etag), modified, md5=md5)
        for part, blob, etag, md5, size, modified, _ in rows
        if part != "report"
    }
    return KnownCase(blobs, next((report for part, *_, report in rows if part == "report"), None))


def unmatched_names(database: Database, container: str, case_id: str, year: int) -> list[UnmatchedName]:
    """Find the blobs that name a case, and no other year, but count for no case.

    Raises:
        DatabaseError: no connection.
    """
    with database.connect() as connection, connection.cursor(row_factory=class_row(UnmatchedName)) as cursor:
        cursor.execute(_UNMATCHED, {"container": container, "case_id": case_id, "year": year})
        return [found for found in cursor if case_id in ids_in(found.blob)]


def though(unmatched: Sequence[UnmatchedName]) -> str:
    """The end of a sentence that says something is missing: which blobs name it all the same, and their problems."""
    if not unmatched:
        return ""
    named = ", ".join(f"{printable(found.blob)} ({found.problem})" for found in unmatched[:_BLOBS_NAMED])
    rest = len(unmatched) - _BLOBS_NAMED
    more = f" and {rest:,} more (doubleread cases unmatched)" if rest > 0 else ""
    return f", though these blobs name it: {named}{more}"


def check_id(case_id: str, year: int) -> None:
    """Refuse an id or a year that no case can have, before it reaches a query, a request or a path.

    Raises:
        CaseNotFoundError: the id is not ``S`` and digits, or the year has not four digits.
    """
    if len(case_id) > _MAX_ID_LENGTH or not _CASE_ID.fullmatch(case_id):
        raise CaseNotFoundError(f"{printable(case_id)!r} is not a case id: an S and digits, such as S0000001")
    if not 0 <= year <= 9999:
        raise CaseNotFoundError(f"{year} is not a year of four digits")
