"""The readings behind what differs between two versions, from the history of the raw tables that dbt keeps.

What decides a finding of a study and label is, for each scan of the study and each reader, whether the annotation that
counts calls the label true; what decides its boxes is that annotation on the finding's own scan. So those that count
are taken from the history as it was at the moment of each version, and compared. No comment and nothing of a patient is
read: boxes are counted, and compared by the hash of their text.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.database.raw_tables import IDS
from orchestration.labels import LABELS
from orchestration.training_set.export.publications import VersionRecord

Kind = Literal["reading", "scan"]
Change = Literal["new", "changed", "deleted", "moved", "superseded"]

SCAN_FIELDS = ("mmg_study_id", "png_image", "patient_id")

# Of several annotations by one reader on one scan the latest counts, by time, then by id in the type of the source.
_COUNTED = """
    select distinct on (mmg_scan_id, {reader})
        id,
        mmg_scan_id as scan_id,
        {reader} as reader_id,
        -- A text: a time may be infinite, or before the year 1.
        to_jsonb(created_at) #>> '{{}}' as created_at,
        valid_from,
        array_remove(array[{labels}], null) as labels,
        md5(annotation_bboxes) as boxes_hash,
        coalesce(jsonb_array_length(staging.json_list(annotation_bboxes)), 0) as box_count
    from history.annotation_history
    where
        valid_from <= %(as_of)s and (valid_to is null or valid_to > %(as_of)s)
        and mmg_scan_id = any(%(scans)s) and {reader} is not null
    order by mmg_scan_id, {reader}, annotation_history.created_at desc nulls last, id::{id_type} desc
"""
_SCANS = """
    select id, mmg_study_id, png_image, patient_id, valid_from
    from history.scan_history
    where valid_from <= %(as_of)s and (valid_to is null or valid_to > %(as_of)s) and id in (
        select id from history.scan_history where mmg_study_id = any(%(studies)s)
    )
"""
_PRESENT = """
    select id, max(valid_from) from history.annotation_history
    where id = any(%(ids)s) and valid_from <= %(as_of)s and (valid_to is null or valid_to > %(as_of)s)
    group by id
"""
_ENDED = "select id, max(valid_to) from history.{} where id = any(%s) and valid_to <= %s group by id"


@dataclass(frozen=True)
class Counted:
    """The annotation of a reader on a scan that counts. ``labels`` are those that it calls true."""

    id: str
    scan_id: str
    reader_id: str
    created_at: str | None
    valid_from: datetime
    labels: frozenset[str]
    boxes_hash: str | None
    box_count: int


@dataclass(frozen=True)
class Cause:
    """A change of the raw tables that lies behind a difference of two versions.

    Attributes:
        kind: ``reading`` for what a reader said of a scan, ``scan`` for a row of the scans.
        change: ``new``, ``changed``, ``deleted``; of a reading also ``superseded``: another annotation counts, and
            ``moved``: the annotation is there before and after, as another reader's, on another scan or of another
            time, so that it came to count here or counts no more.
        scan_id: the scan.
        study_id: of the scan.
        reader_id: whose reading.
        annotation_id: the annotation that counts after the change, or that was deleted.
        annotation_id_before: the one that counted before, where it is another.
        created_at: when the annotation was made, as the source says.
        seen_at: when a build first saw the change.
        labels: the labels that it calls true and did not before, or the other way round, with what it says now.
        boxes: how many boxes were drawn before and after, where they differ.
        fields: of a scan, the columns that differ.
    """

    kind: Kind
    change: Change
    scan_id: str
    study_id: str | None
    reader_id: str | None = None
    annotation_id: str | None = None
    annotation_id_before: str | None = None
    created_at: str | None = None
    seen_at: datetime | None = None
    labels: Mapping[str, bool] = field(default_factory=dict)
    boxes: tuple[int, int] | None = None
    fields: tuple[str, ...] = ()

    @property
    def drew(self) -> bool:
        """Whether there were other boxes, and any at all."""
        return self.boxes is not None and self.boxes != (0, 0)


class Causes:
    """What changed in the raw tables of some studies between the moments of two versions."""

    def __init__(self, found: Iterable[Cause]) -> None:
        self._by_study: dict[str | None, list[Cause]] = defaultdict(list)
        for cause in found:
            self._by_study[cause.study_id].append(cause)

    def of_study(self, study_id: str) -> Sequence[Cause]:
        """All changes of a study."""
        return self._by_study[study_id]

    def of_label(self, study_id: str, label: str, *, gained: bool) -> Sequence[Cause]:
        """The changes by which a study gained a label, or lost it.

        More scans that a reader calls true can only make more double matches, so that those which are called true now
        are no reason for a loss, nor the others for a gain.
        """
        return [
            one for one in self._by_study[study_id] if one.labels.get(label) is gained or "mmg_study_id" in one.fields
        ]

    def of_picture(self, study_id: str, label: str, scan_id: str) -> Sequence[Cause]:
        """The changes by which the boxes or the image of a finding may be others."""
        return [
            one
            for one in self._by_study[study_id]
            if label in one.labels or (one.scan_id == scan_id and (one.drew or one.labels or one.fields))
        ]


def find_causes(
    connection: psycopg.Connection, before: VersionRecord, after: VersionRecord, studies: Iterable[str]
) -> Causes:
    """What changed in the raw tables of some studies between the moments of two versions, which must be known."""
    wanted = sorted(set(studies))
    old, new = (_Readings.at(connection, record, wanted) for record in (before, after))
    scans = sorted(old.scans.keys() | new.scans.keys())
    for readings, record in ((old, before), (new, after)):
        readings.load(connection, record, scans)
    causes = [*_scan_causes(old, new), *_reading_causes(old, new)]
    return Causes(_with_ends(connection, list(_with_moves(connection, causes, before, after)), after))


@dataclass
class _Readings:
    """The raw tables at one moment: the scans of some studies, and the annotations on them that count."""

    as_of: datetime | None
    scans: dict[str, dict[str, Any]]
    counted: dict[tuple[str, str], Counted] = field(default_factory=dict)

    @classmethod
    def at(cls, connection: psycopg.Connection, record: VersionRecord, studies: list[str]) -> "_Readings":
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_SCANS, {"as_of": record.as_of, "studies": studies})
            return cls(record.as_of, {row["id"]: row for row in cursor})

    def load(self, connection: psycopg.Connection, record: VersionRecord, scans: list[str]) -> None:
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_counted_query(connection, record), {"as_of": record.as_of, "scans": scans})
            for row in cursor:
                one = Counted(**{**row, "labels": frozenset(row["labels"])})
                self.counted[one.scan_id, one.reader_id] = one

    def study(self, scan_id: str) -> str | None:
        """The study of a scan at that moment."""
        study: str | None = self.scans.get(scan_id, {}).get("mmg_study_id")
        return study


def _counted_query(connection: psycopg.Connection, record: VersionRecord) -> sql.Composed:
    """The query for the annotations that count, by what the version's project called one reader."""
    types = record.project_variables.get("raw_types", {}).get("mmgscans_mmgscanannotation", {})
    exact = record.project_variables.get("reader_id_normalisation") == "exact"
    id_type = str(types.get("id", "text")).partition("(")[0]
    kept = {row[0] for row in connection.execute(
        "select attname from pg_attribute where attrelid = 'history.annotation_history'::regclass and attnum > 0"
    )}  # fmt: skip
    labels = [label for label in LABELS if label in kept]
    return sql.SQL(_COUNTED).format(
        reader=sql.SQL("nullif(reader_id, '')" if exact else "staging.careful_id(reader_id)"),
        labels=sql.SQL(", ").join(
            sql.SQL("case when {} then {} end").format(sql.Identifier(label), sql.Literal(label)) for label in labels
        ),
        id_type=sql.SQL(id_type if id_type in IDS else "text"),
    )


def _scan_causes(old: _Readings, new: _Readings) -> Iterable[Cause]:
    for scan_id in sorted(old.scans.keys() | new.scans.keys()):
        was, is_ = old.scans.get(scan_id), new.scans.get(scan_id)
        rows = [row for row in (was, is_) if row is not None]
        fields = tuple(name for name in SCAN_FIELDS if was is None or is_ is None or was[name] != is_[name])
        change: Change = "new" if was is None else "deleted" if is_ is None else "changed"
        for study in dict.fromkeys(row["mmg_study_id"] for row in rows) if fields else ():
            seen_at = max(row["valid_from"] for row in rows)
            yield Cause("scan", change, scan_id, study, seen_at=seen_at, fields=fields)


def _reading_causes(old: _Readings, new: _Readings) -> Iterable[Cause]:
    for key in sorted(old.counted.keys() | new.counted.keys()):
        was, is_ = old.counted.get(key), new.counted.get(key)
        for study in dict.fromkeys([old.study(key[0]), new.study(key[0])]):
            if study is not None and (found := _reading_cause(was, is_, study, old.as_of)):
                yield found


def _reading_cause(was: Counted | None, is_: Counted | None, study: str, moment: datetime | None) -> Cause | None:
    """What became of a reader's annotation of a scan since ``moment``; None where it says the same."""
    both = [one for one in (was, is_) if one is not None]
    said, says = (one.labels if one else frozenset() for one in (was, is_))
    same_boxes = len(both) == 2 and both[0].boxes_hash == both[1].boxes_hash
    if same_boxes and said == says:
        return None
    change: Change = "new" if was is None else "deleted" if is_ is None else "changed"
    one = both[-1]
    if was is not None and is_ is not None and was.id != is_.id:
        # One that was there before counts again: the later one is gone.
        change = "deleted" if moment is not None and is_.valid_from <= moment else "superseded"
        one = was if change == "deleted" else is_
    return Cause(
        kind="reading",
        change=change,
        scan_id=one.scan_id,
        study_id=study,
        reader_id=one.reader_id,
        annotation_id=one.id,
        annotation_id_before=was.id if was and change == "superseded" else None,
        created_at=one.created_at,
        seen_at=max(one.valid_from for one in both),
        labels={label: label in says for label in sorted(said ^ says)},
        boxes=None if same_boxes else (was.box_count if was else 0, is_.box_count if is_ else 0),
    )


def _with_moves(
    connection: psycopg.Connection, causes: Sequence[Cause], before: VersionRecord, after: VersionRecord
) -> Iterable[Cause]:
    """The causes, of which what began or ended as a reading only, and not as a row, is a move."""
    moved: dict[tuple[str, str | None], datetime] = {}
    for change, record in (("new", before), ("deleted", after)):
        ids = [one.annotation_id for one in causes if one.kind == "reading" and one.change == change]
        if ids:
            found = connection.execute(_PRESENT, {"ids": ids, "as_of": record.as_of})
            moved |= {(change, one): since for one, since in found}
    for cause in causes:
        since = moved.get((cause.change, cause.annotation_id)) if cause.kind == "reading" else None
        seen = [moment for moment in (cause.seen_at, since) if moment is not None]
        yield replace(cause, change="moved", seen_at=max(seen)) if since else cause


def _with_ends(connection: psycopg.Connection, causes: Sequence[Cause], after: VersionRecord) -> Iterable[Cause]:
    """The causes, of which deletions get the time at which a build first saw the row no more."""
    ends: dict[tuple[str, str], datetime] = {}
    for kind, table in (("reading", "annotation_history"), ("scan", "scan_history")):
        ids = [one.annotation_id or one.scan_id for one in causes if one.kind == kind and one.change == "deleted"]
        if ids:
            query = sql.SQL(_ENDED).format(sql.Identifier(table))
            ends |= {(kind, one): end for one, end in connection.execute(query, [ids, after.as_of])}
    for cause in causes:
        end = ends.get((cause.kind, cause.annotation_id or cause.scan_id)) if cause.change == "deleted" else None
        yield replace(cause, seen_at=end) if end else cause
