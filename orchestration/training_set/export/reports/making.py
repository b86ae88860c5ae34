"""The reports of an export: which scans have one, and the objects that hold them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.labels import FINDING_CODES, IMPRESSION_CODES
from orchestration.outcomes import Failures, printable
from orchestration.stores import Place
from orchestration.training_set.export.exported import ExportedFinding, ExportedScan
from orchestration.training_set.export.generation import Generation, GenerationFile, ListedReport
from orchestration.training_set.export.objects import object_path
from orchestration.training_set.export.reports.acceptance import Acceptance
from orchestration.training_set.export.reports.encoding import encode
from orchestration.training_set.export.reports.report import Report, ReportedBox, ReportedFinding, ReportError
from orchestration.workers import WorkerLostError, Workers

REPORTS = "reports"


@dataclass
class MadeReports:
    """The reports of a generation, as its manifest lists them.

    Attributes:
        listed: each report's path and UID.
        files: their files, as objects.
        made: how many were made; the others were there.
        not_dicom: scans with findings that have no report, since their source is no DICOM that names itself by UIDs.
        failures: scans whose report could not be made.
    """

    listed: list[ListedReport] = field(default_factory=list)
    files: list[GenerationFile] = field(default_factory=list)
    made: int = 0
    not_dicom: int = 0
    failures: Failures = field(default_factory=Failures)


def make_reports(
    scans: Sequence[ExportedScan],
    acceptances: Mapping[str, Acceptance],
    variables: Mapping[str, Any],
    *,
    destination: Place,
    previous: Generation | None,
    workers: Workers,
) -> MadeReports:
    """Make the report of each scan with findings, unless the generation before holds the same one.

    Args:
        scans: of the export, in the order of their ids.
        acceptances: who agrees on each finding, by its id.
        variables: of the dbt project, with which the marts were made; a report tells the rule.
        destination: where reports go, as objects.
        previous: a generation of the same destination whose reports need not be made again.
        workers: make the reports.

    Raises:
        StoreError: a report can't be put.
    """
    made = MadeReports()
    known = _known(previous, destination)
    rule = int(variables["min_matching_readers"]), int(variables["scans_per_study"])
    for (path, scan_id, uid), outcome in workers.run(
        encode, _to_make(scans, acceptances, rule, known, made), in_order=True
    ):
        if isinstance(outcome, WorkerLostError):
            made.failures.add(printable(scan_id), f"it has no report: {outcome}")
            continue
        if isinstance(outcome, Exception):
            raise outcome
        made.made += 1
        made.listed.append(ListedReport(path=path, uid=uid))
        made.files.append(_put(destination, path, outcome))
    made.listed.sort(key=lambda report: report.path)
    return made


def _known(previous: Generation | None, destination: Place) -> dict[str, GenerationFile]:
    """The reports of a generation whose objects are there, by their UIDs."""
    if previous is None:
        return {}
    by_path = previous.by_path()
    files = {report.uid: by_path[report.path] for report in previous.reports if report.path in by_path}
    there = destination.describe_all([file.object for file in files.values() if file.object])
    sizes = {path: found.size_bytes for path, found in there.items() if not isinstance(found, Exception)}
    return {uid: file for uid, file in files.items() if file.object and sizes.get(file.object) == file.size_bytes}


def _to_make(
    scans: Sequence[ExportedScan],
    acceptances: Mapping[str, Acceptance],
    rule: tuple[int, int],
    known: Mapping[str, GenerationFile],
    made: MadeReports,
) -> Iterator[tuple[tuple[str, str, str], Report]]:
    """Settle the scans that need no new report; yield the others with the path and UID of theirs."""
    for scan in scans:
        if not scan.findings:
            continue
        try:
            report = report_of(scan, acceptances, *rule)
        except ReportError as error:
            made.failures.add(printable(scan.scan_id), f"it has no report: {error}")
            continue
        if report is None:
            made.not_dicom += 1
            continue
        path, uid = f"{REPORTS}/{scan.scan_id}.dcm", report.uid
        if uid in known:
            made.listed.append(ListedReport(path=path, uid=uid))
            made.files.append(known[uid].model_copy(update={"path": path}))
        else:
            yield (path, scan.scan_id, uid), report


def report_of(
    scan: ExportedScan, acceptances: Mapping[str, Acceptance], min_matching_readers: int, scans_per_study: int
) -> Report | None:
    """The report on a scan; None where its source is no DICOM that names itself by UIDs.

    Raises:
        ReportError: no annotation behind its findings has a time.
    """
    reference = scan.clean.reference
    if reference is None:
        return None
    behind = [acceptances[finding.finding_id] for finding in scan.findings]
    times = [one.annotated_at for one in behind if one.annotated_at is not None]
    if not times:
        raise ReportError("no annotation behind its findings has a time, and a report must have one")
    findings = tuple(_reported(finding, one) for finding, one in zip(scan.findings, behind, strict=True))
    return Report(reference, findings, max(times), min_matching_readers, scans_per_study)


def _reported(finding: ExportedFinding, acceptance: Acceptance) -> ReportedFinding:
    boxes = tuple(
        ReportedBox(box.box_id, drawn.reader, (drawn.x, drawn.y, drawn.width, drawn.height))
        for box in finding.boxes
        for drawn in [box.placed]
    )
    label = finding.label
    return ReportedFinding(
        finding.finding_id, label, FINDING_CODES[label], IMPRESSION_CODES[label], acceptance.readers, boxes
    )


def _put(destination: Place, path: str, data: bytes) -> GenerationFile:
    digest = hashlib.sha256(data).hexdigest()
    target = object_path(digest, path)
    found = destination.find(target)
    if found is None or found.size_bytes != len(data):
        destination.put(target, [data])
    return GenerationFile(path=path, size_bytes=len(data), sha256=digest, object=target)
