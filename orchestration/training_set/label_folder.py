"""One folder per label: a picture for each finding of the mart, and nothing else."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.database import Database, exclusive
from orchestration.labels import CAPTIONS
from orchestration.outcomes import Failures, Progress, Waiting, no_progress, no_waiting, printable
from orchestration.stores import UnsafePathError, check_name
from orchestration.stores.publishing import partial_folder
from orchestration.training_set.findings import Finding, read_findings
from orchestration.training_set.picture_files import DRAWING_VERSION, DrawingOutcome, DrawingTask, draw
from orchestration.training_set.picture_records import PictureRecords
from orchestration.workers import WorkerLostError, Workers, process_workers

TASKS_A_WORKER = 8  # each is a path and some boxes, and takes hundredths of a second


def drawing_workers(count: int | None = None) -> Workers:
    """Processes for :func:`build_label_folder` and for verification, one for each core unless told."""
    return process_workers(count, preload=["orchestration.training_set.picture_files"], tasks_a_worker=TASKS_A_WORKER)


@dataclass
class FolderReport:
    """What one build of a label's folder did. ``findings`` counts the mart's rows for the label."""

    label: str
    findings: int = 0
    drawn: int = 0
    untouched: int = 0
    removed: int = 0
    bytes_written: int = 0
    boxes_drawn: int = 0
    boxes_clipped: int = 0
    boxes_skipped: int = 0
    seconds: float = 0.0
    failures: Failures = field(default_factory=Failures)
    examples: list[Path] = field(default_factory=list)


def build_label_folder(
    database: Database,
    *,
    label: str,
    store_url: str,
    training_set: Path,
    workers: Workers,
    run_id: str,
    progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> FolderReport:
    """Make ``<training_set>/<label>`` say exactly what the mart says.

    A finding is drawn when it has no picture yet, or when its hash, its scan's bytes or the way of drawing changed, or
    when its picture was touched; all others are left alone. A picture is drawn beside its final place and renamed. A
    finding whose scan can't be retrieved or drawn has no picture and is named in the report and in
    ``doubleread.pictures``; the picture that it had stays only where the store did not answer, since its scan may well
    be there.

    Args:
        database: holds the mart and the records.
        label: one of ``orchestration.labels.LABELS``.
        store_url: the store that the scans were retrieved from.
        training_set: the folder that holds the label folders.
        workers: draw the pictures; they see the same file system.
        run_id: kept with each picture.
        progress: called with the findings done and the findings in all.
        on_wait: called when another run is at work on the same training set, which this one then waits for.
    """
    start = time.perf_counter()
    build = _Build(FolderReport(label), training_set / label, Path())
    with (
        exclusive(database, f"training set {training_set}", on_wait=on_wait),
        partial_folder(training_set) as build.partial,
        database.tables("training_set") as connection,
        database.connect() as reader,
    ):
        records = PictureRecords(connection, str(training_set), label, run_id)
        build.folder.mkdir(exist_ok=True)
        total = records.count_findings()
        findings = read_findings(reader, label=label, store_url=store_url, training_set=str(training_set))
        for finding, outcome in workers.run(draw, build.sort_out(findings, records), in_order=True):
            build.finish(finding, outcome, records)
            progress(build.report.findings, total)
        records.remove_findings_that_left()
        records.finish()
        build.remove_what_is_not_a_finding()
    build.report.seconds = time.perf_counter() - start
    return build.report


@dataclass
class _Build:
    """The state of one build: the report, and the names that belong in the folder."""

    report: FolderReport
    folder: Path
    partial: Path
    expected: set[str] = field(default_factory=set)

    def sort_out(self, findings: Iterator[Finding], records: PictureRecords) -> Iterator[tuple[Finding, DrawingTask]]:
        """Settle the findings that need no drawing; yield the others with their task."""
        for finding in findings:
            self.report.findings += 1
            try:
                path = self.folder / f"{check_name(finding.scan_id)}.png"
            except UnsafePathError as error:
                self.fail(finding, f"refused: {error}", records)
                continue
            untouched = finding.picture_untouched(path) and _drawn_the_same(finding)
            if finding.scan_status != "retrieved" or not finding.scan_sha256 or not finding.scan_path:
                reason = f"its scan: {finding.scan_reason or 'not retrieved yet'}"
                if untouched and finding.scan_retryable:
                    self.expected.add(path.name)
                    self.report_failure(finding, reason)
                else:
                    self.fail(finding, reason, records)
            elif untouched and finding.drawn_source_sha256 == finding.scan_sha256:
                self.expected.add(path.name)
                self.report.untouched += 1
                if finding.drawn_source_version != finding.scan_version:
                    records.note_source_version(finding)
            else:
                yield finding, self.task(finding, Path(finding.scan_path), finding.scan_sha256)

    def task(self, finding: Finding, scan: Path, scan_sha256: str) -> DrawingTask:
        """The task of drawing ``finding`` from the local copy of its scan."""
        return DrawingTask(
            finding.finding_id,
            scan,
            scan_sha256,
            CAPTIONS[self.report.label],
            finding.drawing_boxes,
            self.partial / f"{finding.finding_id}.png",
        )

    def finish(self, finding: Finding, outcome: DrawingOutcome | Exception, records: PictureRecords) -> None:
        """Put a drawn picture in its place, or note why there is none."""
        if isinstance(outcome, WorkerLostError):
            self.fail(finding, f"its scan can't be drawn: {outcome}", records)
            return
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.reason is not None:
            if outcome.source_damaged:
                records.forget_scan(finding)
            self.fail(finding, outcome.reason, records)
            return
        path = self.folder / f"{finding.scan_id}.png"
        (self.partial / f"{finding.finding_id}.png").replace(path)
        records.drawn(finding, outcome, path.stat().st_mtime_ns, DRAWING_VERSION)
        self.expected.add(path.name)
        report = self.report
        report.drawn += 1
        report.bytes_written += outcome.size_bytes
        report.boxes_drawn += outcome.boxes_drawn
        report.boxes_clipped += outcome.boxes_clipped
        report.boxes_skipped += outcome.boxes_skipped
        if len(report.examples) < 3:
            report.examples.append(path)

    def fail(self, finding: Finding, reason: str, records: PictureRecords) -> None:
        """Note that ``finding`` has no picture, and why."""
        self.report_failure(finding, reason)
        records.failed(finding, reason, DRAWING_VERSION)

    def report_failure(self, finding: Finding, reason: str) -> None:
        """Count a failure and name the first ones."""
        self.report.failures.add(f"{self.report.label}/{printable(finding.scan_id)}", reason)

    def remove_what_is_not_a_finding(self) -> None:
        """Remove every file but the findings' pictures. A folder in the folder is not ours and stays, for the check."""
        for path in self.folder.iterdir():
            if path.name not in self.expected and (path.is_symlink() or not path.is_dir()):
                path.unlink()
                self.report.removed += 1


def _drawn_the_same(finding: Finding) -> bool:
    return finding.drawn_hash == finding.finding_hash and finding.drawing_version == DRAWING_VERSION
