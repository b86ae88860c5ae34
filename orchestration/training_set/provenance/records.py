"""What builds kept: the marts' rows, and the records of images, pictures, exports and runs of dbt.

Records are read as JSON, so that a table of an earlier version, which lacks a column, is read as well; a table that
nothing made yet has no rows. Nothing is created: whoever may only read can ask.
"""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from orchestration.errors import DoublereadError
from orchestration.training_set.provenance.answers import DOUBLE_MATCHED, NOT_CALLED, ModelRun, Verdict

CANDIDATES = 20  # files of equal content, or a short beginning of a digest, can mean many

Row = Mapping[str, Any]

_FINDINGS = """
    select to_jsonb(finding)
    from marts.double_matched_findings as finding
    where study_id = %s
    order by label collate "C", scan_id collate "C"
"""
_MADE_THE_TABLE: LiteralString = """
    relations ->> 'marts.double_matched_findings' = to_regclass('marts.double_matched_findings')::oid::text
    order by ended_at desc
"""


class NotBuiltError(DoublereadError):
    """There are no marts to ask."""


class Records:
    """The marts and records of one database, as they are at one moment."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._tables = {
            name
            for (name,) in connection.execute(
                "select namespace.nspname || '.' || relation.relname from pg_class as relation "
                "inner join pg_namespace as namespace on relation.relnamespace = namespace.oid "
                "where relation.relkind in ('r', 'v', 'p') and namespace.nspname in ('doubleread', 'marts')"
            )
        }
        if "marts.double_matched_findings" not in self._tables:
            raise NotBuiltError("the database holds no models of findings yet; run: doubleread build")

    def find(self, table: LiteralString, condition: LiteralString, values: Sequence[object]) -> list[Row]:
        """The first rows of a table of records for which a condition holds."""
        if f"doubleread.{table}" not in self._tables:
            return []
        query = sql.SQL("select to_jsonb(one) from {} as one where {} limit {}").format(
            sql.Identifier("doubleread", table), sql.SQL(condition), sql.Literal(CANDIDATES)
        )
        return [row for (row,) in self._connection.execute(query, values)]

    def findings(self, study_id: str) -> list[Row]:
        """A study's rows of ``double_matched_findings``."""
        return [row for (row,) in self._connection.execute(_FINDINGS, [study_id])]

    def finding_by_id(self, finding_id: str) -> Row | None:
        """Study, scan and label of a finding."""
        query = "select study_id, scan_id, label from marts.double_matched_findings where finding_id = %s"
        row = self._connection.execute(query, [finding_id]).fetchone()
        return None if row is None else dict(zip(("study_id", "scan_id", "label"), row, strict=True))

    def rejected(self, study_id: str) -> dict[str, Verdict]:
        """A study's rows of ``rejected_findings``, by label."""
        query = (
            "select label, reason, reader_count, positive_reader_count from marts.rejected_findings where study_id = %s"
        )
        return {
            label: Verdict(verdict=reason, reader_count=readers, matching_reader_count=positive, matching_readers=None)
            for label, reason, readers, positive in self._connection.execute(query, [study_id])
        }

    def scans_of_images(self, images: Sequence[str]) -> list[tuple[str, str]]:
        """Study and scan of images by their paths, of the scans that the marts know."""
        if "marts.trainable_scans" not in self._tables:
            return []
        query = """
            select study_id, scan_id
            from marts.trainable_scans
            where
                hashtext(png_image) = any(array(select hashtext(image) from unnest(%(images)s::text[]) as image))
                and png_image = any(%(images)s)
            limit %(rows)s
        """
        return self._connection.execute(query, {"images": list(images), "rows": CANDIDATES}).fetchall()

    def model_run_of_marts(self) -> ModelRun | None:
        """The run of dbt that made the table of findings as it is now."""
        found = self.find("model_runs", _MADE_THE_TABLE, [])
        return _model_run(found[0]) if found else None

    def model_run_of(self, run_id: str | None) -> ModelRun | None:
        """The run of dbt in a run of Dagster's that made the table of findings."""
        found = self.find("model_runs", "run_id = %s and relations ? 'marts.double_matched_findings'", [run_id])
        return _model_run(found[0]) if found else None


def built_verdicts(
    findings: Sequence[Row], rejected: Mapping[str, Verdict], labels: Sequence[str]
) -> dict[str, Verdict]:
    """What the marts say of each label of a study."""
    verdicts = {
        label: Verdict(verdict=NOT_CALLED, reader_count=None, matching_reader_count=None, matching_readers=None)
        for label in labels
    } | dict(rejected)
    for finding in findings:
        readers = finding["matching_readers"]
        verdicts[finding["label"]] = Verdict(
            verdict=DOUBLE_MATCHED,
            reader_count=finding["reader_count"],
            matching_reader_count=len(readers),
            matching_readers=readers,
        )
    return verdicts


def _model_run(row: Row) -> ModelRun:
    return ModelRun(**{name: row[name] for name in ModelRun.model_fields})
