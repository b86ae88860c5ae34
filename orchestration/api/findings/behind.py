"""What is behind a finding: the readings that agree on it and those that do not, and where its picture came from."""

from dataclasses import dataclass
from typing import Any

from orchestration.api.findings.listing import RECORDS
from orchestration.api.listing.listing import select_if_built

_READINGS = """
    with annotated as (
        select
            annotations.reader_id,
            min(annotations.created_at)::text as first_at,
            max(annotations.created_at)::text as last_at
        from staging.stg_annotations__annotations_now as annotations
        inner join intermediate.int_scans as scans on annotations.scan_id = scans.scan_id
        where
            scans.study_id = %(study)s
            and not exists (
                select 1 from intermediate.int_superseded_annotations as superseded
                where superseded.annotation_key = annotations.annotation_key
            )
        group by annotations.reader_id
    )

    select
        readings.reader_id,
        to_jsonb(readings) ->> %(label)s as answer,
        readings.is_complete,
        readings.annotated_scan_count,
        readings.scan_count,
        annotated.first_at,
        annotated.last_at
    from intermediate.int_readings as readings
    left join annotated on readings.reader_id = annotated.reader_id
    where readings.study_id = %(study)s
    order by readings.reader_id collate "C"
"""
_ORIGIN = f"""
    select
        finding.png_image, finding.file_name, scan.store_url, coalesce(scan.version, scan.etag) as version,
        scan.last_modified, scan.size_bytes as scan_bytes, scan.sha256 as scan_sha256, scan.updated_at as retrieved_at,
        scan.run_id as scan_run_id, picture.path, picture.sha256, picture.size_bytes, picture.width, picture.height,
        picture.boxes_drawn, picture.boxes_clipped, picture.boxes_skipped, picture.source_image, picture.source_version,
        picture.source_sha256, picture.drawing_version, picture.verified, picture.run_id, picture.updated_at,
        coalesce(picture.status = 'drawn' and picture.finding_hash = finding.finding_hash, false) as is_current
    from marts.double_matched_findings as finding {RECORDS}
    where finding.finding_id = %s
"""  # noqa: S608  constants
_ORIGIN_NAMES = (
    *("png_image", "file_name", "store_url", "version", "last_modified", "scan_bytes", "scan_sha256", "retrieved_at"),
    *("scan_run_id", "path", "sha256", "size_bytes", "width", "height", "boxes_drawn", "boxes_clipped"),
    *("boxes_skipped", "source_image", "source_version", "source_sha256", "drawing_version", "verified", "run_id"),
    *("updated_at", "is_current"),
)


@dataclass(frozen=True)
class Reading:
    """What one reader said of a label on a study, and between which times, as the source writes them."""

    reader: str
    answer: str
    is_complete: bool
    annotated_scan_count: int
    scan_count: int
    first_at: str | None
    last_at: str | None


def read_readings(study_id: str, label: str) -> list[Reading]:
    """All readings of a study, by reader."""
    return [Reading(*row) for row in select_if_built(_READINGS, {"study": study_id, "label": label})]


def read_origin(finding_id: str) -> dict[str, Any]:
    """What the records have of a finding's scan and picture; None for what was not made yet."""
    rows = select_if_built(_ORIGIN, [finding_id])
    return dict(zip(_ORIGIN_NAMES, rows[0], strict=True)) if rows else {}
