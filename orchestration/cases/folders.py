"""The folders of all cases of a year, brought to what the index and the reports say."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from orchestration.cases.case import CaseError
from orchestration.cases.catalogue import list_cases
from orchestration.cases.get import CaseSource, get_case
from orchestration.cases.lookup import KnownCase, look_up
from orchestration.cases.saving import CASE, REPORT, CaseRecord
from orchestration.database import Database
from orchestration.errors import DoublereadError
from orchestration.outcomes import Failures, Progress, no_progress


@dataclass
class YearReport:
    """What became of the cases of a year; ``failures`` are those that failed.

    ``incomplete`` counts the cases that lack a view or the report; they have no folder.
    """

    saved: int = 0
    untouched: int = 0
    incomplete: int = 0
    failures: Failures = field(default_factory=Failures)


def save_year(source: CaseSource, year: int, folder: Path, *, progress: Progress = no_progress) -> YearReport:
    """Save every complete case of a year to ``<folder>/<year>/<id>``.

    A folder that was made of the same blobs and the same report is left alone. One case that fails stops no other.

    Args:
        source: where the cases come from.
        year: four digits.
        folder: where the folders of the years go.
        progress: called with the cases done and the cases in all.

    Raises:
        DatabaseError: the mart of cases was never built.
    """
    cases = list(list_cases(source.database, year=year))
    complete = [case.case_id for case in cases if case.is_complete]
    report = YearReport(incomplete=len(cases) - len(complete))
    for done, case_id in enumerate(complete, start=1):
        try:
            known = look_up(source.database, source.store.container, case_id, year)
            if _is_saved(known, folder / f"{year:04d}" / case_id):
                report.untouched += 1
            else:
                get_case(case_id, year, save_case=True, folder=folder, source=source)
                report.saved += 1
        except (CaseError, DoublereadError, OSError) as error:
            report.failures.add(case_id, str(error))
        progress(done, len(complete))
    return report


def cases_without_folder(database: Database, folder: Path) -> Failures:
    """The complete cases that have no folder, of the years that ``folder`` holds.

    Raises:
        DatabaseError: the mart of cases was never built.
    """
    missing = Failures()
    for case in list_cases(database, complete=True):
        year = folder / f"{case.year:04d}"
        if year.is_dir() and not (year / case.case_id / CASE).is_file():
            missing.add(f"{case.case_id} of {case.year}", "has no folder")
    return missing


def _is_saved(known: KnownCase, folder: Path) -> bool:
    """Whether the folder was made of these blobs and this report, without contradictions, and its files are there."""
    try:
        record = CaseRecord.model_validate_json((folder / CASE).read_bytes())
    except (OSError, ValidationError):
        return False
    report = hashlib.sha256(known.report.encode()).hexdigest() if known.report is not None else None
    made_of = {part: (image.source.blob, image.source.etag) for part, image in record.images.items()}
    return (
        record.contradictions == []
        and made_of == {part: (version.path, version.etag) for part, version in known.blobs.items()}
        and record.sha256.get(REPORT) == report
        and all((folder / file).is_file() for file in record.sha256)
    )
