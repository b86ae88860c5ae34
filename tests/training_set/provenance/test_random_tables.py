"""Answers about random raw tables are what follows from the rows, recomputed here in plain Python."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.database import Database
from orchestration.settings import Settings
from orchestration.training_set.provenance.answers import Answer, Finding
from orchestration.training_set.provenance.asking import AmbiguousError
from orchestration.training_set.provenance.explaining import why, why_not
from orchestration.training_set.provenance.telling import markdown, told
from orchestration.transformations import project_variables, record_model_run
from orchestration.transformations.runs import ModelRun
from tests.conftest import empty_database
from tests.dbt import oracle
from tests.dbt.generated import RawTables, seeded
from tests.dbt.oracle import LABELS, Annotation, Scan
from tests.dbt.project import NO_TESTS, built
from tests.dbt.raw import TEXTS, UUIDS, Dialect, write

STUDIES = 60
HOSTILE = "study\x1b[31m\n\u202e|<b>"  # an id that a terminal or a page would obey
# A uuid's text is the database's; of texts one study has a hostile id.
DIALECTS = {"uuids": UUIDS, "texts": TEXTS}


@dataclass(frozen=True)
class Tables:
    """Raw rows, what an independent reading of the rule makes of them, and the database in which dbt did."""

    scans: list[Scan]
    annotations: list[Annotation]
    marts: oracle.Marts
    database: Database
    settings: Settings

    def counting(self, study: str) -> Iterator[Annotation]:
        """Of each reader and scan of a study the latest annotation: by time, none being the earliest, then by id."""
        scans = {scan.id for scan in self.scans if str(scan.study) == study}
        latest: dict[tuple[Any, str], Annotation] = {}
        for one in self.annotations:
            if one.scan in scans and one.reader_id:
                key = one.scan, one.reader_id
                latest[key] = max(
                    latest.get(key, one), one, key=lambda row: (row.created_at or oracle.EARLIEST, row.id)
                )
        return iter(latest.values())


@pytest.fixture(scope="module", params=DIALECTS)
def tables(request: pytest.FixtureRequest, database_server: Database, dbt_target: Path) -> Iterator[Tables]:
    with empty_database(database_server) as database:
        yield random_tables(DIALECTS[request.param], database, dbt_target)


def random_tables(dialect: Dialect, database: Database, dbt_target: Path) -> Tables:
    raw = RawTables(seeded(13), STUDIES, dialect.boxes_type)
    scans = [dialect.scan(scan) for scan in raw.scans]
    annotations = [dialect.annotation(one) for one in raw.annotations]
    if dialect is TEXTS:
        first = next(scan.study for scan in scans if scan.study is not None)
        scans = [replace(scan, study=HOSTILE) if scan.study == first else scan for scan in scans]
    write(database, dialect, scans, annotations)
    built(database, dbt_target, *NO_TESTS, variables=dialect.variables)
    settings = Settings(_env_file=None, doubleread_home=dbt_target, doubleread_training_set=dbt_target)
    return Tables(scans, annotations, oracle.marts(scans, annotations), database, settings)


def test_every_study_is_answered_as_the_rule_and_its_rows_say(tables: Tables) -> None:
    studies = sorted({str(scan.study) for scan in tables.scans if scan.study is not None})
    assert len(studies) > STUDIES / 2
    for study in studies:
        answer = why_not(tables.database, tables.settings, study)
        check_readings(tables, study, answer)
        check_rows(tables, study, answer)
        for decision in answer.decisions:
            scan_ids = [scan.scan_id for scan in answer.study.scans]
            assert decision.is_current, (study, decision)
            check_verdict(tables, study, scan_ids, decision.label, decision.built.verdict)
            check_sentences(answer, decision.label, " ".join(decision.because))
        assert [note for note in answer.notes if "boxes" in note] == []
        for finding in answer.findings:
            check_boxes(tables, finding)
        shown = markdown(told(answer)) + str(answer.decisions)
        assert "\x1b" not in json.dumps(answer.model_dump(mode="json")) + shown
        assert "\u202e" not in shown


def test_every_finding_is_found_by_its_id_and_path(tables: Tables) -> None:
    for scan_id, label in sorted(tables.marts.accepted)[:10]:
        by_path = why(tables.database, tables.settings, f"{label}/{scan_id}.png")
        (finding,) = by_path.findings
        assert (finding.scan_id, finding.label) == (scan_id, label)
        try:
            by_id = why(tables.database, tables.settings, finding.finding_id)
        except AmbiguousError as error:
            pytest.fail(f"{finding.finding_id} is one thing alone: {error.candidates}")
        assert by_id.findings == by_path.findings


def check_readings(tables: Tables, study: str, answer: Answer) -> None:
    """Who says what of which scan, and which readings are complete."""
    says: dict[str, dict[str, Annotation]] = defaultdict(dict)
    for one in tables.counting(study):
        says[str(one.reader_id)][str(one.scan)] = one
    scan_ids = {str(scan.id) for scan in tables.scans if str(scan.study) == study}
    assert [reading.reader_id for reading in answer.study.readings] == sorted(says)
    for reading in answer.study.readings:
        said = says[reading.reader_id]
        assert reading.annotated_scan_count == len(said)
        assert reading.is_complete == (len(said) == len(scan_ids) == oracle.SCANS_PER_STUDY)
        for label in LABELS:
            assert reading.says[label] == {scan: one.says(label) for scan, one in said.items()}


def check_rows(tables: Tables, study: str, answer: Answer) -> None:
    """Every row of the study's scans is there, and each that does not count names the one that does."""
    scans = {scan.id for scan in tables.scans if str(scan.study) == study}
    rows = {str(one.id): one for one in tables.annotations if one.scan in scans}
    counting = {(one.scan, one.reader_id): str(one.id) for one in tables.counting(study)}
    assert {row.annotation_id for row in answer.study.annotations} == rows.keys()
    for row in answer.study.annotations:
        one = rows[row.annotation_id]
        assert row.says == dict(zip(LABELS, one.labels, strict=True))
        counts = counting.get((one.scan, one.reader_id))
        assert row.counts == (counts == row.annotation_id)
        assert row.superseded_by == (None if row.counts else counts)


def check_verdict(tables: Tables, study: str, scan_ids: list[str], label: str, verdict: str) -> None:
    if all((scan, label) in tables.marts.accepted for scan in scan_ids):
        assert verdict == "double_matched"
    elif (study, label) in tables.marts.rejected:
        assert verdict == tables.marts.rejected[study, label]["reason"]
    else:
        assert verdict == "not_called"


def check_sentences(answer: Answer, label: str, text: str) -> None:
    """The sentences count who is counted, and name each reader who calls the label true."""
    readings = answer.study.readings
    complete = [reading for reading in readings if reading.is_complete]
    matching = [reading for reading in complete if set(reading.says[label].values()) == {True}]
    callers = [reading.reader_id for reading in readings if any(reading.says[label].values())]
    if complete and callers:
        assert f"{len(matching)} of {len(complete)} reader" in text
    assert all(reader in text for reader in callers)


def check_boxes(tables: Tables, finding: Finding) -> None:
    """Boxes are those of the raw rows, each from the row that it names, for the reason that it names."""
    rows = {str(one.id): one for one in tables.annotations}
    for box in finding.boxes:
        row = rows[str(box.annotation_id)]
        assert (str(row.scan), row.reader_id) == (finding.scan_id, box.reader_id)
        sides = (box.x, box.y, box.width, box.height)
        alike = [one for one in oracle.boxes_of(row) if tuple(map(float, one.geometry[1:])) == sides]
        pattern = oracle.PATTERNS[finding.label].lower()
        origins = {
            "pattern" if pattern in (one.comment or "").lower() else "only_label"
            for one in alike
            if finding.label in oracle.labels_of(one, row)
        }
        assert box.origin in origins
    assert len(finding.boxes) == tables.marts.accepted[finding.scan_id, finding.label]["box_count"]


def test_a_record_of_a_run_is_of_the_tables_that_it_made(tables: Tables) -> None:
    at = oracle.EARLIEST
    made = [("marts", "double_matched_findings"), ("marts", "no_such_table")]
    run = ModelRun("an invocation", False, at, at, made, project_variables())
    for _ in range(2):
        record_model_run(tables.database, run, "a run")
    study = next(str(scan.study) for scan in tables.scans if scan.study is not None)
    models = why_not(tables.database, tables.settings, study).models
    assert models is not None
    assert (models.invocation_id, models.run_id, models.status) == ("an invocation", "a run", "failed")
