"""What the index and the reports know about one case, in one query."""

import re
from dataclasses import dataclass

import psycopg

from orchestration.cases.case import CaseNotFoundError
from orchestration.database import Database, DatabaseError
from orchestration.stores import ObjectVersion, printable
from orchestration.stores.azure import quoted

_CASE_ID = re.compile(r"S[0-9]+", re.ASCII)
_MAX_ID_LENGTH = 64

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


@dataclass(frozen=True)
class KnownCase:
    """The blobs of a case by part (``l_cc`` …), and its report, where there are any."""

    blobs: dict[str, ObjectVersion]
    report: str | None


def look_up(database: Database, container: str, case_id: str, year: int) -> KnownCase:
    """What is known about a case.

    Raises:
        CaseNotFoundError: nothing, or the id or the year is none.
        DatabaseError: no connection, or no index was ever made.
    """
    check_id(case_id, year)
    with database.connect() as connection:
        try:
            rows = connection.execute(_QUERY, {"container": container, "case_id": case_id, "year": year}).fetchall()
        except psycopg.errors.UndefinedTable:
            raise DatabaseError("there is no index of clinical images yet; run doubleread cases index") from None
    if not rows:
        raise CaseNotFoundError(
            f"case {case_id} of {year} is neither in the index of the container {container} nor among the reports; "
            "doubleread cases list shows those that are, doubleread cases index looks for new ones"
        )
    blobs = {
        part: ObjectVersion(blob, size, quoted(etag), modified, md5=md5)
        for part, blob, etag, md5, size, modified, _ in rows
        if part != "report"
    }
    return KnownCase(blobs, next((report for part, *_, report in rows if part == "report"), None))


def check_id(case_id: str, year: int) -> None:
    """Refuse what no case can be called, before it reaches a query, a request or a path.

    Raises:
        CaseNotFoundError: the id is not ``S`` and digits, or the year has not four digits.
    """
    if len(case_id) > _MAX_ID_LENGTH or not _CASE_ID.fullmatch(case_id):
        raise CaseNotFoundError(f"{printable(case_id)!r} is no case id: an S and digits, such as S0000001")
    if not 0 <= year <= 9999:
        raise CaseNotFoundError(f"{year} is no year of four digits")
