"""Which scans an export withholds, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg

from orchestration.imaging.text import Markers
from orchestration.outcomes import Progress, no_progress, printable
from orchestration.training_set.export.selection import Selected
from orchestration.training_set.export.text_gate.looking import FoundText, LookingTask, detector, look
from orchestration.training_set.export.text_gate.records import (
    Decision,
    add_finding,
    known_findings,
    read_decisions,
)
from orchestration.workers import WorkerLostError, Workers


def withheld_scans(
    connection: psycopg.Connection,
    scans: Sequence[Selected],
    *,
    markers: Markers,
    workers: Workers,
    run_id: str,
    progress: Progress = no_progress,
) -> Mapping[str, str]:
    """Look at the images that this detector has not looked at yet; say which scans must not be exported, and why.

    An image that can't be looked at is withheld as well.

    Args:
        connection: for the records, which are written as they come.
        scans: those that the export is to hold; one that was not retrieved counts by the image that it had.
        markers: what counts as a view marker.
        workers: look at the images; they see the same file system.
        run_id: kept with each image.
        progress: called with the images looked at and the images to look at.

    Returns:
        A reason for each scan that is withheld, by its id.

    Raises:
        TextMissingError: the extra is not installed.
    """
    name = detector(markers)
    sources = {scan.scan_id: sha256 for scan in scans if (sha256 := source_of(scan)) is not None}
    contents = sorted(set(sources.values()))
    found = dict(known_findings(connection, contents, name))
    reasons: dict[str, str] = {}
    tasks = list(_tasks(scans, found, markers))
    for done, (sha256, outcome) in enumerate(workers.run(look, tasks), 1):
        if isinstance(outcome, WorkerLostError):
            reasons[sha256] = f"its scan can't be looked at for text: {outcome}"
        elif isinstance(outcome, Exception):
            raise outcome
        elif outcome.regions is None:
            reasons[sha256] = outcome.reason or "its scan can't be looked at for text"
        else:
            found[sha256] = outcome.regions
            add_finding(connection, sha256, name, outcome.regions, run_id)
        progress(done, len(tasks))
    decisions = read_decisions(connection, contents)
    withheld = {}
    for scan_id, sha256 in sources.items():
        reason = reasons.get(sha256) or _reason(scan_id, found.get(sha256), decisions.get(sha256))
        if reason:
            withheld[scan_id] = reason
    return withheld


def source_of(scan: Selected) -> str | None:
    """The SHA-256 of what the export would make the image of: the scan, or the one that it was made of before."""
    return scan.scan_sha256 if scan.retrieved else scan.clean_source_sha256


def _tasks(
    scans: Sequence[Selected], found: Mapping[str, object], markers: Markers
) -> Iterator[tuple[str, LookingTask]]:
    """Each content that is here and was not looked at, once."""
    taken: set[str] = set()
    for scan in scans:
        if scan.retrieved and scan.scan_path and scan.scan_sha256 and scan.scan_sha256 not in {*found, *taken}:
            taken.add(scan.scan_sha256)
            yield scan.scan_sha256, LookingTask(Path(scan.scan_path), scan.scan_sha256, markers)


def _reason(scan_id: str, regions: Sequence[FoundText] | None, decision: Decision | None) -> str | None:
    """Why a scan is withheld; None where it need not be."""
    if regions is None:
        return "its scan was not looked at for text, since it is not here; run doubleread build"
    if not regions or (decision is not None and decision.decision == "accepted"):
        return None
    where = described(regions)
    if decision is not None:
        return f"text found {where}; refused by {printable(decision.decided_by)}"
    name = printable(scan_id)
    return f"text found {where}; look with: doubleread text show {name}; then: doubleread text accept {name}, or refuse"


def described(regions: Sequence[FoundText]) -> str:
    """Where regions are: ``top left (3 regions), middle``."""
    places = Counter(region.place for region in regions)
    return ", ".join(f"{place} ({count} regions)" if count > 1 else place for place, count in places.items())
