"""Checking the pictures themselves, not what the records say of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.database import Database
from orchestration.labels import LABELS
from orchestration.outcomes import Failures, printable
from orchestration.stores import UnsafePathError, check_name
from orchestration.training_set.findings import Finding, read_findings
from orchestration.training_set.picture_files import read_and_compare
from orchestration.workers import WorkerLostError, Workers


@dataclass
class VerificationReport:
    """What one verification found; ``failures`` are the findings without a right picture."""

    findings: int = 0
    read: int = 0
    failures: Failures = field(default_factory=Failures)


def verify_pictures(
    database: Database, *, store_url: str, training_set: Path, workers: Workers, everything: bool = False
) -> VerificationReport:
    """Check that every finding of the mart has a picture of its hash that decodes and has the recorded SHA-256.

    A picture that passed before and was not touched since (size and time of modification) is not read again, unless
    ``everything`` is asked for.
    """
    report = VerificationReport()
    with database.tables("training_set") as connection, database.connect() as reader:
        for label in LABELS:
            findings = read_findings(reader, label=label, store_url=store_url, training_set=str(training_set))
            to_read = _sort_out(findings, training_set / label, report, everything=everything)
            passed = []
            for finding, reason in workers.run(read_and_compare, to_read, in_order=True):
                report.read += 1
                if isinstance(reason, Exception) and not isinstance(reason, WorkerLostError):
                    raise reason
                if reason:
                    report.failures.add(f"{label}/{printable(finding.scan_id)}.png", str(reason))
                else:
                    passed.append(finding.finding_id)
            connection.execute(
                "update doubleread.pictures set verified = true where training_set = %s and finding_id = any(%s)",
                [str(training_set), passed],
            )
            connection.commit()
    return report


def find_orphans(database: Database, training_set: Path) -> list[str]:
    """Whatever lies in the label folders and is no finding's picture, as paths below ``training_set``."""
    orphans = []
    with database.connect() as connection:
        for label in LABELS:
            folder = training_set / label
            query = "select scan_id from marts.double_matched_findings where label = %s"
            expected = {f"{scan_id}.png" for (scan_id,) in connection.execute(query, [label])}
            names = (path.name for path in folder.iterdir()) if folder.is_dir() else ()
            orphans += [f"{label}/{printable(name)}" for name in names if name not in expected]
    return sorted(orphans)


def _sort_out(
    findings: Iterable[Finding], folder: Path, report: VerificationReport, *, everything: bool
) -> Iterator[tuple[Finding, tuple[Path, str]]]:
    """Count the findings and name those without a picture; yield the others whose picture must be read."""
    for finding in findings:
        report.findings += 1
        item = f"{folder.name}/{printable(finding.scan_id)}.png"
        try:
            path = folder / f"{check_name(finding.scan_id)}.png"
        except UnsafePathError as error:
            report.failures.add(item, f"refused: {error}")
            continue
        if not finding.drawn or not finding.picture_sha256:
            report.failures.add(item, f"no picture: {finding.scan_reason or 'see doubleread.pictures'}; build again")
        elif finding.drawn_hash != finding.finding_hash:
            report.failures.add(item, "its picture shows an earlier state of the finding; build again")
        elif everything or not (finding.verified and finding.picture_untouched(path)):
            yield finding, (path, finding.picture_sha256)
