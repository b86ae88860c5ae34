"""Clinical cases: four views from an Azure container, a report from an Azure table, found by id and year.

The index of the container and the reports are tables (``database/schema/clinical.sql``), refreshed by one listing and
one reading; looking up a case lists nothing.
"""

from orchestration.cases.case import (
    CaseError,
    CaseNotFoundError,
    ClinicalCase,
    ContradictoryCaseError,
    IncompleteCaseError,
    OutdatedIndexError,
)
from orchestration.cases.catalogue import CaseSummary, UnmatchedImage, list_cases, list_unmatched
from orchestration.cases.contradictions import Contradiction
from orchestration.cases.get import CaseSource, get_case, open_case_source
from orchestration.cases.image import CaseImage, Source
from orchestration.cases.index import IndexReport, index_images
from orchestration.cases.opening import open_container, open_report_table
from orchestration.cases.reports import ReportsReport, read_reports
from orchestration.cases.saving import load_case

__all__ = [
    "CaseError",
    "CaseImage",
    "CaseNotFoundError",
    "CaseSource",
    "CaseSummary",
    "ClinicalCase",
    "Contradiction",
    "ContradictoryCaseError",
    "IncompleteCaseError",
    "IndexReport",
    "OutdatedIndexError",
    "ReportsReport",
    "Source",
    "UnmatchedImage",
    "get_case",
    "index_images",
    "list_cases",
    "list_unmatched",
    "load_case",
    "open_case_source",
    "open_container",
    "open_report_table",
    "read_reports",
]
