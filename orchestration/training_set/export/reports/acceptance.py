"""Who agrees on each finding, and when they last annotated its scan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

# In UTC, a time without a zone counts as one of UTC, whatever the server's own zone is.
_QUERY = """
    select
        finding.finding_id,
        finding.matching_readers,
        max(annotation.created_at::timestamptz) filter (where isfinite(annotation.created_at::timestamptz))
    from {marts}.double_matched_findings as finding
    left join {staging}.stg_annotations__annotations as annotation
        on
            annotation.scan_id = finding.scan_id
            and finding.matching_readers ? annotation.reader_id
            and not exists (
                select 1 from {intermediate}.int_superseded_annotations as superseded
                where superseded.annotation_key = annotation.annotation_key
            )
    group by finding.finding_id
"""


@dataclass(frozen=True)
class Acceptance:
    """The readers who agree on a finding, and when the last of them annotated; None where no annotation has a time."""

    readers: tuple[str, ...]
    annotated_at: datetime | None


def read_acceptances(connection: psycopg.Connection, schemas: Mapping[str, sql.Identifier]) -> Mapping[str, Acceptance]:
    """The acceptance of every finding, by its id.

    Args:
        connection: in a transaction, which sees one state of the marts.
        schemas: those of the models, by what the project calls them.
    """
    connection.execute("select set_config('TimeZone', 'UTC', true)")
    return {
        finding_id: Acceptance(tuple(readers), annotated_at)
        for finding_id, readers, annotated_at in connection.execute(sql.SQL(_QUERY).format(**schemas))
    }
