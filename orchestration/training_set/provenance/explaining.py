"""Putting an answer together: what the marts decided, what the rows say now, what was made of it, what does not fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from json import loads

import psycopg
from psycopg.types.json import set_json_loads

from orchestration.database import Database, DatabaseError
from orchestration.errors import DoublereadError
from orchestration.outcomes import printable
from orchestration.settings import Settings
from orchestration.training_set.export.holding import Destinations
from orchestration.training_set.provenance.answers import (
    Answer,
    Box,
    Decision,
    Finding,
    Image,
    ModelRun,
    Verdict,
)
from orchestration.training_set.provenance.asking import Asking, NoAnswerError, Subject, as_text
from orchestration.training_set.provenance.made import image_of, picture_of
from orchestration.training_set.provenance.noting import notes
from orchestration.training_set.provenance.records import NotBuiltError, Records, Row, built_verdicts
from orchestration.training_set.provenance.rule import Rule, boxes_now, verdict_now
from orchestration.training_set.provenance.study import StudyNow, read_study
from orchestration.training_set.provenance.words import because
from orchestration.transformations import project_variables


class UnknownLabelError(DoublereadError):
    """The project has no such label."""


def why(database: Database, settings: Settings, question: str) -> Answer:
    """Say where a picture, an image or a finding comes from, or what there is of a scan or study.

    Args:
        database: holds the raw tables, the marts and the records.
        settings: say where pictures lie and which store images come from.
        question: a file, a path, a SHA-256 or its beginning, or an id.

    Raises:
        NoAnswerError: nothing is known by that name.
        AmbiguousError: it may mean several things.
        NotBuiltError: no build made the marts yet.
    """
    with _asking(database, settings) as explaining:
        return explaining.explain(question, explaining.asking.recognise(question))


def why_not(database: Database, settings: Settings, study: str, label: str | None = None) -> Answer:
    """Say of each label of a study, or of one, why it is no finding, or that it is one.

    Raises:
        NoAnswerError: there is no such study.
        UnknownLabelError: the label is none of the project's.
        NotBuiltError: no build made the marts yet.
    """
    with _asking(database, settings) as explaining:
        if label is not None and label not in explaining.rule.labels:
            raise UnknownLabelError(f"{printable(label)} is no label; labels are {', '.join(explaining.rule.labels)}")
        known = as_text(study)
        subject = explaining.asking.study(known)
        if subject is None:
            scan = explaining.asking.scan(known)
            hint = f"; it is a scan of the study {printable(scan.study_id)}" if scan else ""
            raise NoAnswerError(f"no study has the id {printable(study)}: the raw tables hold no scan of it{hint}")
        return explaining.explain(study, subject, label)


@contextmanager
def _asking(database: Database, settings: Settings) -> Iterator["_Explaining"]:
    """One connection that only reads, and sees one state of the database."""
    with _readable(), database.connect(application_name="doubleread why") as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute("set local timezone to 'UTC'")
        set_json_loads(partial(loads, parse_float=Decimal), connection)
        records = Records(connection)
        models = records.model_run_of_marts()
        rule = Rule.of(models.variables if models else project_variables())
        asking = Asking(connection, records, rule.labels, settings.doubleread_training_set)
        yield _Explaining(connection, settings, records, models, rule, asking, Destinations(settings))


@contextmanager
def _readable() -> Iterator[None]:
    """Say in a sentence what a query lacks: a view that is gone, a table that the user may not read."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedFunction):
        raise NotBuiltError(
            "the models over the raw tables are gone or of other labels: the tables were loaded anew, or the project "
            "changed, since the last build; run: doubleread build"
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseError(
            f"PGUSER may not read what an answer needs ({str(error).splitlines()[0]}); grant usage on the schemas "
            "staging, marts and doubleread, and select on their tables"
        ) from None


@dataclass(frozen=True)
class _Explaining:
    """What every part of an answer is read from."""

    connection: psycopg.Connection
    settings: Settings
    records: Records
    models: ModelRun | None
    rule: Rule
    asking: Asking
    destinations: Destinations

    def explain(self, question: str, subject: Subject, label: str | None = None) -> Answer:
        """The answer about a subject, of one label where it is given or follows from the subject."""
        now = read_study(self.connection, subject.study_id, self.rule, self.models.started_at if self.models else None)
        rows = self.records.findings(subject.study_id)
        built = built_verdicts(rows, self.records.rejected(subject.study_id), self.rule.labels)
        label = label or subject.label
        labels = [label] if label else list(self.rule.labels)
        wanted = [row for row in rows if row["label"] in labels and subject.scan_id in {None, row["scan_id"]}]
        images = {scan.scan_id: scan.png_image for scan in now.study.scans} | {
            row["scan_id"]: row["png_image"] for row in wanted
        }
        scans = [scan_id for scan_id in images if subject.scan_id in {None, scan_id}]
        decisions = [self._decision(now, one, built[one]) for one in labels]
        shown = {scan: self._image(scan, images[scan]) for scan in scans}
        findings = [
            Finding(
                finding_id=row["finding_id"],
                finding_hash=row["finding_hash"],
                scan_id=row["scan_id"],
                label=row["label"],
                matching_readers=row["matching_readers"],
                boxes=self._boxes(row, now),
                picture=picture_of(row, shown[row["scan_id"]], subject.training_set, self.records, self.settings),
            )
            for row in wanted
        ]
        return Answer(
            question=question.encode(errors="replace").decode(),
            kind=subject.kind,
            recognised=subject.recognised,
            file=subject.file,
            study=now.study,
            decisions=decisions,
            findings=findings,
            images=list(shown.values()),
            models=self.models,
            rule=self.rule.as_json(),
            notes=notes(
                subject,
                study=now.study,
                decisions=decisions,
                findings=findings,
                images=list(shown.values()),
                models=self.models,
                other_boxes=[row["finding_id"] for row in wanted if not self._has_boxes_of_now(row, now)],
            ),
        )

    def _image(self, scan_id: str, png_image: str | None) -> Image:
        return image_of(
            scan_id,
            png_image,
            records=self.records,
            destinations=self.destinations,
            store_url=self.settings.images_url,
        )

    def _decision(self, now: StudyNow, label: str, built: Verdict) -> Decision:
        study = now.study
        verdict = verdict_now(study.readings, len(study.scans), label, self.rule)
        return Decision(
            label=label,
            built=built,
            now=verdict,
            is_current=_agree(built, verdict),
            because=because(study, label, verdict, self.rule),
        )

    def _boxes(self, row: Row, now: StudyNow) -> list[Box]:
        """The boxes of a finding as the mart has them, each with the reason why it is this label's."""
        counting = {
            one.reader_id: one.annotation_id
            for one in now.study.annotations
            if one.counts and one.scan_id == row["scan_id"]
        }
        pattern = self.rule.patterns[row["label"]]
        boxes = []
        for box in row["boxes"]:
            is_named = row["label"] in self.rule.labels_named(box["comment"])
            boxes.append(
                Box(
                    reader_id=box["reader"],
                    **{side: float(box[side]) for side in ("x", "y", "width", "height")},
                    origin="pattern" if is_named else "only_label",
                    pattern=pattern if is_named else None,
                    annotation_id=counting.get(box["reader"]),
                )
            )
        return boxes

    def _has_boxes_of_now(self, row: Row, now: StudyNow) -> bool:
        """Whether the rows as they are now give a finding the boxes that the mart has."""
        today = boxes_now(
            now.boxes,
            now.study.readings,
            matching=row["matching_readers"],
            scan_id=row["scan_id"],
            label=row["label"],
            rule=self.rule,
        )
        sides = ("x", "y", "width", "height")
        return today == sorted((box["reader"], *(Decimal(box[side]) for side in sides)) for box in row["boxes"])


def _agree(built: Verdict, now: Verdict) -> bool:
    """Whether two verdicts say the same, as far as the marts keep what they are made of."""
    if built.verdict != now.verdict:
        return False
    pairs = (
        (built.reader_count, now.reader_count),
        (built.matching_reader_count, now.matching_reader_count),
        (built.matching_readers, now.matching_readers),
    )
    return all(ours is None or ours == theirs for ours, theirs in pairs)
