"""Clinical cases: four views from an Azure container, a report from an Azure table, found by id and year.

The index of the container and the reports are tables in the database (``tables.sql``), refreshed by one listing and
one reading; looking up a case lists nothing.
"""

from orchestration.cases.index import IndexReport, index_images
from orchestration.cases.opening import open_container, open_report_table
from orchestration.cases.reports import ReportsReport, read_reports

__all__ = [
    "IndexReport",
    "ReportsReport",
    "index_images",
    "open_container",
    "open_report_table",
    "read_reports",
]
