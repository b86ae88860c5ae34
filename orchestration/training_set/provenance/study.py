"""A study as the raw tables have it now: its scans, every annotation of them, and the readings that follow.

Read through the staging views, which know the installation's columns and who is one reader, by keys of the columns' own
types, for which raw tables have indexes.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.training_set.provenance.answers import Annotation, Reading, Said, Scan, Study
from orchestration.training_set.provenance.rule import Rule

ROWS = 5_000  # of one study: a study of four scans and ten readers has some forty

SCANS = sql.Identifier("staging", "stg_annotations__scans_now")
_SCANS_OF_STUDY = sql.SQL(
    "select scan_id, scan_key::text as key, png_image from {scans} where study_key = %s::{type} "
    'order by scan_id collate "C" limit {rows}'
)
_ANNOTATIONS = sql.SQL(
    """
    select
        annotation_id,
        scan_id,
        reader_id,
        to_jsonb(created_at) #>> '{{}}' as created_at,
        coalesce(created_at > %(models_at)s::timestamptz, false) as newer_than_models,
        {labels},
        case when reader_id is not null then first_value(annotation_id) over latest end as counting_id,
        staging.json_list(boxes_text) as boxes
    from staging.stg_annotations__annotations_now
    where scan_key = any(%(scans)s::text[]::{type}[])
    window latest as (
        partition by scan_key, reader_id order by coalesce(created_at, '-infinity') desc, annotation_key desc
    )
    order by scan_id collate "C", reader_id collate "C", created_at nulls first, annotation_key
    limit {rows}
    """
)


@dataclass(frozen=True)
class StudyNow:
    """A study, and the lists of boxes of the annotations that count, by reader and scan."""

    study: Study
    boxes: Mapping[tuple[str, str], Sequence[Any]]


def key_type(connection: psycopg.Connection, column: LiteralString) -> sql.SQL:
    """The type of a key of the staged scans, to cast a text to."""
    row = connection.execute(
        "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = %s::regclass and attname = %s",
        ["staging.stg_annotations__scans_now", column],
    ).fetchone()
    return sql.SQL(row[0] if row else "text")


def read_study(connection: psycopg.Connection, study_id: str, rule: Rule, models_at: str | None) -> StudyNow:
    """Read a study's scans and annotations.

    Args:
        connection: to the annotation database.
        study_id: as the marts spell it.
        rule: what a complete reading is, and the labels.
        models_at: when the models of the marts began to run, where that is known.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        query = _SCANS_OF_STUDY.format(scans=SCANS, type=key_type(connection, "study_key"), rows=sql.Literal(ROWS))
        scans = cursor.execute(query, [study_id]).fetchall()
        labels = sql.SQL(", ").join(map(sql.Identifier, rule.labels))
        query = _ANNOTATIONS.format(labels=labels, type=key_type(connection, "scan_key"), rows=sql.Literal(ROWS))
        keys = [scan["key"] for scan in scans]
        rows = cursor.execute(query, {"models_at": models_at, "scans": keys}).fetchall() if scans else []
    counting = [row for row in rows if row["counting_id"] == row["annotation_id"]]
    study = Study(
        study_id=study_id,
        scans=[Scan(scan_id=scan["scan_id"], png_image=scan["png_image"]) for scan in scans],
        readings=_readings(counting, rule, len(scans)),
        annotations=[_annotation(row, rule) for row in rows],
        truncated=ROWS in {len(scans), len(rows)},
    )
    return StudyNow(study, {(row["reader_id"], row["scan_id"]): row["boxes"] or [] for row in counting})


def _annotation(row: Mapping[str, Any], rule: Rule) -> Annotation:
    counts = row["counting_id"] == row["annotation_id"]
    return Annotation(
        annotation_id=row["annotation_id"],
        scan_id=row["scan_id"],
        reader_id=row["reader_id"],
        created_at=row["created_at"],
        counts=counts,
        superseded_by=None if counts else row["counting_id"],
        newer_than_models=row["newer_than_models"],
        says={label: row[label] for label in rule.labels},
    )


def _readings(rows: Sequence[Mapping[str, Any]], rule: Rule, scan_count: int) -> list[Reading]:
    """What each reader says, of the rows that count."""
    by_reader: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_reader[row["reader_id"]].append(row)
    readings = []
    for reader_id, said in sorted(by_reader.items()):
        says = {label: {row["scan_id"]: row[label] is True for row in said} for label in rule.labels}
        times = sorted(row["created_at"] for row in said if row["created_at"] is not None)
        readings.append(
            Reading(
                reader_id=reader_id,
                is_complete=len(said) == scan_count == rule.scans_per_study,
                annotated_scan_count=len(said),
                first_at=times[0] if times else None,
                last_at=times[-1] if times else None,
                answers={label: _answer(on_scans) for label, on_scans in says.items()},
                says=says,
            )
        )
    return readings


def _answer(on_scans: Mapping[str, bool]) -> Said:
    said = set(on_scans.values())
    return "inconsistent" if len(said) == 2 else "positive" if said == {True} else "negative"
