"""One export: from the marts and the verified copies of scans to a published generation."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from orchestration.database import Database, exclusive
from orchestration.errors import DoublereadError
from orchestration.imaging.text import require_rapidocr
from orchestration.outcomes import Failures, Progress, Waiting, no_progress, no_waiting, printable
from orchestration.stores import Place, StoreError, UnsafePathError, check_name
from orchestration.training_set.export.card.composing import current_with_pages, with_pages
from orchestration.training_set.export.card.facts import FromDatabase, gather, read_facts, reader_numbers
from orchestration.training_set.export.composing import compose
from orchestration.training_set.export.exported import Ready, exported
from orchestration.training_set.export.generation import Contents, Generation, Splits, current_id, find_generation
from orchestration.training_set.export.images import CleaningOutcome, CleaningTask, MadeImage, clean
from orchestration.training_set.export.publications import Publishing, read_state, record_publication
from orchestration.training_set.export.publishing import (
    is_told,
    is_whole,
    publish,
    take_object,
    unfinished_objects,
    workspace,
)
from orchestration.training_set.export.records import ImageRecords
from orchestration.training_set.export.reports.acceptance import Acceptance, read_acceptances
from orchestration.training_set.export.reports.encoding import require_highdicom
from orchestration.training_set.export.reports.making import MadeReports, make_reports
from orchestration.training_set.export.selection import (
    LAST_BUILD,
    ExportOptions,
    Selected,
    Source,
    images_beside_findings,
    select_scans,
)
from orchestration.training_set.export.splits import Group, Rule, StudyPatients, group_studies
from orchestration.training_set.export.text_gate.gate import withheld_scans
from orchestration.training_set.scans import forget_scan, retrieve_scans
from orchestration.transformations import MARTS_LOCK
from orchestration.workers import WorkerLostError, Workers, process_workers

NO_THUMBNAIL = (
    "its clean image was changed after it was made, so the data card shows none; remove it below objects/, and "
    "index.html from the generation, then export again"
)


class NotWrittenError(DoublereadError):
    """An export can't be written; the generation that was current still is."""


def export_workers(count: int | None = None) -> Workers:
    """Processes for :func:`export`, one for each core unless told."""
    return process_workers(count, preload=["orchestration.training_set.export.images"])


@contextmanager
def export_exclusively(database: Database, destination: Place, *, on_wait: Waiting = no_waiting) -> Iterator[None]:
    """Keep other exports to a destination out while the block runs, waiting for one that is under way."""
    with exclusive(database, f"export {destination.url}", on_wait=on_wait):
        yield


@contextmanager
def _writing(destination: Place) -> Iterator[None]:
    """Make one sentence of what the place says where it takes no more, such as a disk that is full."""
    try:
        yield
    except DoublereadError:
        raise
    except (StoreError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise NotWrittenError(
            f"the export to {destination.url} can't be written: {reason}; the generation that was current still is; "
            "mend that, export again"
        ) from None


@dataclass
class ExportReport:
    """What one export did.

    ``scans`` counts those that the options ask for, failed ones included; ``reports`` is None where none are asked for.
    """

    generation: str = ""
    changed: bool = False
    scans: int = 0
    images_made: int = 0
    images_kept: int = 0
    bytes_written: int = 0
    reports: MadeReports | None = None
    contents: Contents | None = None
    seconds: float = 0.0
    failures: Failures = field(default_factory=Failures)


def export(
    database: Database,
    destination: Place,
    *,
    options: ExportOptions,
    rule: Rule,
    store: Place,
    scans_folder: Path,
    workers: Workers,
    run_id: str,
    source: Source = LAST_BUILD,
    progress: Progress = no_progress,
    text_progress: Progress = no_progress,
    on_wait: Waiting = no_waiting,
) -> ExportReport:
    """Publish a generation that holds what the marts say now; nothing is written where it is the current one already.

    A scan whose image can't be retrieved or read is left out and named, in the report and in
    ``doubleread.clean_images``; one whose store did not answer keeps the image that it had.

    Args:
        database: holds the marts and the records.
        destination: where the generation goes.
        options: what it is to hold.
        rule: how train, validation and test are told apart.
        store: the store of the images. Those of findings are retrieved beforehand; others that the options ask for are
            retrieved here.
        scans_folder: where verified copies go.
        workers: make the images; they see the same file system.
        run_id: kept with each image and publication.
        source: where the scans come from; those of an earlier state are retrieved beforehand.
        progress: called with the scans done and the scans in all.
        text_progress: called with the scans that were looked at for text, and those to look at.
        on_wait: called when another run is exporting there, which this one then waits for.

    Raises:
        NotWrittenError: the destination does not take the annotations; the generation that was current still is.
        ReportsMissingError: the options ask for reports, and the extra that makes them is not installed.
        TextMissingError: the options ask for a look at text, and the extra for that is not installed.
    """
    start = time.perf_counter()
    if options.reports:
        require_highdicom()
    if options.check_text:
        require_rapidocr()
    if source is LAST_BUILD and (query := images_beside_findings(options)):
        retrieve_scans(database, store, scans_folder, run_id=run_id, images=query, on_wait=on_wait)
    with (
        export_exclusively(database, destination, on_wait=on_wait),
        database.tables("training_set") as connection,
        database.connect() as reader,
    ):
        records = ImageRecords(
            connection, destination=destination.url, store_url=store.url, options=options, run_id=run_id
        )
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ  # all queries see one state of the marts
        with exclusive(database, MARTS_LOCK, on_wait=on_wait) if source is LAST_BUILD else nullcontext():
            state = read_state(reader, source)
            selected = list(
                select_scans(reader, options, store_url=store.url, destination=destination.url, source=source)
            )
            beyond = read_facts(reader, source.schemas, state.variables)
            acceptances = read_acceptances(reader, source.schemas) if options.reports else None
            reader.commit()  # an open transaction would hold up another run that makes tables, and this one behind it
        withheld: Mapping[str, str] = {}
        if options.check_text and source is LAST_BUILD:  # of an earlier state, what was withheld then is left out
            withheld = withheld_scans(
                connection, selected, markers=options.markers, workers=workers, run_id=run_id, progress=text_progress
            )
        with _writing(destination):
            with unfinished_objects(destination) as unfinished:
                run = _Export(ExportReport(), destination, options, records, connection, unfinished, withheld, source)
                run.make_images(selected, workers, progress, len(selected))
            generation = run.publish(run.with_sides(rule), rule, beyond, acceptances, workers)
        publishing = Publishing(destination.url, generation.id, run_id, store.url, options, rule, tuple(run.left_out))
        record_publication(connection, publishing, state, changed=run.report.changed)
    run.report.generation, run.report.contents = generation.id, generation.contents
    if run.report.changed:
        run.report.bytes_written += sum(file.size_bytes for file in generation.files if file.object is None)
    run.report.seconds = time.perf_counter() - start
    return run.report


@dataclass
class _Export:
    """The state of one export: the report, and the scans that have their image.

    ``unfinished`` is where workers write images for a destination that is a folder; ``withheld`` says of scans why they
    must not be exported.
    """

    report: ExportReport
    destination: Place
    options: ExportOptions
    records: ImageRecords
    connection: psycopg.Connection
    unfinished: Path | None
    withheld: Mapping[str, str]
    source: Source = LAST_BUILD
    left_out: list[str] = field(default_factory=list)
    images: list[tuple[Selected, MadeImage, str]] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)

    def make_images(self, scans: Sequence[Selected], workers: Workers, progress: Progress, total: int) -> None:
        """Give each scan its image: the one that lies there already, or a new one."""
        untouched = self._untouched(scans)
        for scan, outcome in workers.run(clean, self._sort_out(scans, untouched), in_order=True):
            self._finish(scan, outcome)
            progress(len(self.images) + self.report.failures.count, total)
        self.images.sort(key=lambda image: image[0].scan_id.encode(errors="surrogatepass"))
        self.records.finish({scan.png_image for scan in scans})
        progress(total, total)

    def _untouched(self, scans: Sequence[Selected]) -> set[str]:
        """The objects of the records that nobody touched."""
        etags = {scan.clean.object: (scan.clean.size_bytes, scan.clean.object_etag) for scan in scans if scan.clean}
        found = self.destination.describe_all(list(etags)) if etags else {}
        return {
            path
            for path, version in found.items()
            if not isinstance(version, StoreError) and (version.size_bytes, version.etag) == etags[path]
        }

    def _sort_out(self, scans: Sequence[Selected], untouched: set[str]) -> Iterator[tuple[Selected, CleaningTask]]:
        """Settle the scans that need no new image; yield the others with their task."""
        for scan in scans:
            if scan.scan_id in self.source.left_out:
                continue
            self.report.scans += 1
            if given := self.source.images.get(scan.scan_id):
                self._keep(scan, *given)
                continue
            image = scan.clean if scan.clean and scan.clean.object in untouched else None
            try:
                check_name(scan.scan_id)
            except UnsafePathError as error:
                self._fail(scan, f"refused: {error}")
                continue
            if reason := self.withheld.get(scan.scan_id):
                self._fail(scan, reason)
                continue
            if not scan.retrieved or not scan.scan_sha256 or not scan.scan_path:
                reason = f"its scan: {scan.scan_reason or 'not retrieved yet; run doubleread build'}"
                if image and scan.clean_source_sha256 and scan.scan_retryable:
                    self._add_failure(scan, reason)
                    self._keep(scan, image, scan.clean_source_sha256)
                else:
                    self._fail(scan, reason)
            elif image and scan.clean_source_sha256 == scan.scan_sha256:
                self._keep(scan, image, scan.scan_sha256)
            else:
                yield scan, self._task(scan, Path(scan.scan_path), scan.scan_sha256)

    def _task(self, scan: Selected, source: Path, source_sha256: str) -> CleaningTask:
        target = self.destination if self.unfinished is None else self.unfinished / f"{scan.scan_id}.png"
        return CleaningTask(source, source_sha256, scan.scan_keepable, self.options.bits, target)

    def _keep(self, scan: Selected, image: MadeImage, source_sha256: str) -> None:
        self.report.images_kept += 1
        self.images.append((scan, image, source_sha256))

    def _finish(self, scan: Selected, outcome: CleaningOutcome | Exception) -> None:
        """Keep the clean image that a worker made and record it, or note why there is none."""
        if isinstance(outcome, WorkerLostError):
            self._fail(scan, f"its scan has no clean image: {outcome}")
            return
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.target_refused:  # a generation without the scans that found no room would be a smaller one
            raise StoreError(outcome.reason)
        if outcome.source_damaged and scan.scan_path:
            forget_scan(self.connection, scan.png_image, scan.scan_path)
        if outcome.clean is None or scan.scan_sha256 is None:
            self._fail(scan, outcome.reason or "its scan has no clean image")
            return
        made = outcome.clean
        if self.unfinished is not None:
            etag = take_object(self.destination, self.unfinished / f"{scan.scan_id}.png", made.object)
            made = replace(made, object_etag=etag)
        self.records.made(scan, made)
        self.report.images_made += 1
        self.report.bytes_written += made.size_bytes
        self.images.append((scan, made, scan.scan_sha256))

    def _fail(self, scan: Selected, reason: str) -> None:
        self.left_out.append(scan.scan_id)
        self._add_failure(scan, reason)
        self.records.failed(scan, reason)

    def _add_failure(self, scan: Selected, reason: str) -> None:
        self.report.failures.add(printable(scan.scan_id), reason)

    def with_sides(self, rule: Rule) -> list[Ready]:
        """The scans that have an image, each with its group and side."""
        patients: dict[str, set[str]] = defaultdict(set)
        digests: dict[str, set[str]] = defaultdict(set)
        for scan, image, _ in self.images:
            patients[scan.study_id] |= {scan.patient_id} if scan.patient_id else set()
            digests[scan.study_id] |= {image.patient_digest} if image.patient_digest else set()
        self.groups = group_studies(
            StudyPatients(study, frozenset(patients[study]), frozenset(digests[study])) for study in sorted(patients)
        )
        return [
            Ready(scan, image, sha256, group.group_id, rule.side(group.key))
            for scan, image, sha256 in self.images
            for group in [self.groups[scan.study_id]]
        ]

    def publish(
        self,
        ready: Sequence[Ready],
        rule: Rule,
        beyond: FromDatabase,
        acceptances: Mapping[str, Acceptance] | None,
        workers: Workers,
    ) -> Generation:
        """Compose the generation and make it the current one, unless it is; pages are made only where they are new."""
        options, destination, scans, splits = self.options, self.destination, exported(ready), self.splits(rule)
        readers = reader_numbers(scans, beyond.agreement)
        facts = gather(scans, beyond, readers, statement=options.card, splits=splits)
        # Only shards and reports are taken over from it; reading and checking a manifest takes 0.1 ms a scan.
        is_reused = options.webdataset or acceptances is not None
        previous = find_generation(destination, current_id(destination)) if is_reused else None
        if acceptances is not None:
            self.report.reports = make_reports(
                scans, acceptances, beyond.variables, destination=destination, previous=previous, workers=workers
            )
        with workspace(destination) as folder:
            composed = compose(
                folder, scans, options=options, splits=splits, facts=facts, destination=destination, previous=previous,
                reports=self.report.reports or MadeReports(),
            )  # fmt: skip
            current = current_with_pages(destination, composed)
            if current is not None and is_whole(destination, current) and is_told(destination, current.id):
                return current
            generation, lost = with_pages(
                folder, composed, facts, scans, readers,
                destination=destination, workers=workers, connection=self.connection,
            )  # fmt: skip
            for scan_id in lost:
                self.report.failures.add(printable(scan_id), NO_THUMBNAIL)
            self.report.changed = publish(destination, folder, generation, run_id=self.records.run_id)
        return generation

    def splits(self, rule: Rule) -> Splits:
        """How the sides were found, as the manifest tells it."""
        known = sum(group.patient_known for group in self.groups.values())
        return Splits(salt=rule.salt, ratios=list(rule.ratios), studies=len(self.groups), patient_known=known)
