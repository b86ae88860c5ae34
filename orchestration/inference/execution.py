"""One run of a job: the series of the input, each on its own, into an output that appears as a whole."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from orchestration.errors import DoublereadError
from orchestration.images import ImageError
from orchestration.inference.config import matches
from orchestration.inference.context import Known, Run, running
from orchestration.inference.errors import InferenceError, JobError
from orchestration.inference.folders import check_folders, link_files, move_files
from orchestration.inference.one_series import SeriesResult, process
from orchestration.inference.predictions import FILE_NAME, write_predictions
from orchestration.inference.preparation import PreparedJob
from orchestration.inference.provenance import combined, folder_digest
from orchestration.inference.report import InferenceReport, SeriesOutcome, SeriesStatus
from orchestration.inference.series import shape_of
from orchestration.outcomes import Failures, Progress
from orchestration.stores.publishing import partial_folder
from orchestration.stores.scratch import scratch_folder
from orchestration.volumes import Search, Series, SeriesError, derived_folder, find_series, input_digest

NAMED = 10  # items in the sentence that says why nothing came of a run; the report has more
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}  # what no other series would find either


class Execution:
    """A run of a prepared job over a folder."""

    def __init__(self, job: PreparedJob, in_dir: Path, out_dir: Path, *, overwrite: bool, progress: Progress) -> None:
        self._job = job
        self._in_dir, self._out_dir, self._overwrite = in_dir, out_dir, overwrite
        self._progress = progress
        self._report = InferenceReport(job.entry.name, job.provenance)
        self._done = self._total = 0

    def run(self) -> InferenceReport:
        """Do it all; the errors are those of ``InferencePipeline.execute``."""
        start = time.perf_counter()
        check_folders(self._in_dir, self._out_dir, overwrite=self._overwrite)
        search = find_series(self._in_dir, keywords=list(self._job.filters))
        self._report.damaged_files, self._report.passed_over = search.failed, search.passed_over
        ready = self._choose(search)
        self._total = sum(map(_volumes, ready))
        with derived_folder(self._out_dir, overwrite=self._overwrite) as folder, self._naming_what_is_full():
            self._process_all(ready, folder)
        self._report.seconds = time.perf_counter() - start
        return self._report

    def _choose(self, search: Search) -> list[Series]:
        """The series to process; the others are named in the report as skipped, or as failed before any work."""
        ready = []
        for series in search.series:
            unmatched = [
                keyword
                for keyword, wanted in self._job.filters.items()
                if not matches(wanted, series.elements[keyword])
            ]
            if unmatched:
                self._add(series, "skipped", f"the config asks for another {', '.join(unmatched)}")
            elif reason := self._problem(series):
                self._add(series, "failed", reason)
            else:
                ready.append(series)
        if not ready:
            raise InferenceError(self._why_nothing(), self._report)
        return ready

    def _problem(self, series: Series) -> str | None:
        """Why a series cannot be processed, as far as that is known before it is read."""
        if self._job.reads_by_itself:
            return None
        if series.problem is not None:
            return series.problem
        try:
            self._job.func.check(*shape_of(series))
        except (JobError, DoublereadError) as error:
            return str(error)
        return None

    def _process_all(self, ready: list[Series], folder: Path) -> None:
        """Process one series after the other into ``folder``, and note what came of all of them."""
        self._progress(0, self._total)
        digests = []
        with partial_folder(folder) as partial, scratch_folder() as links:
            for number, series in enumerate(ready):
                shown, written = links / str(number), partial / str(number)
                shown.mkdir()
                written.mkdir()
                outcome = self._process(series, shown, written, folder)
                self._report.series.append(outcome)
                if outcome.status == "processed":
                    digests.append(outcome)
        self._report.series.sort(key=lambda outcome: outcome.series_instance_uid)
        if not digests:
            raise InferenceError(self._why_nothing(), self._report)
        if self._report.predictions:
            self._report.predictions.sort(key=lambda score: (score.series_instance_uid, score.volume_index))
            write_predictions(folder / FILE_NAME, self._report.predictions)
        self._report.input_sha256 = combined(outcome.input_sha256 for outcome in digests)
        self._report.pixels_sha256 = combined(outcome.pixels_sha256 for outcome in digests)
        self._report.output_sha256 = folder_digest(folder)

    def _process(self, series: Series, shown: Path, written: Path, folder: Path) -> SeriesOutcome:
        """Process one series; what it came to, or why it failed."""
        before = self._done
        run, known = Run(self._job.derivation), Known(series)
        try:
            link_files(series, shown)
            run.folders[shown] = known
            with running(run):
                result = process(self._job, series, shown, written, self._step)
            outcome = self._outcome(series, result, known)
            outcome = replace(outcome, file_count=move_files(written, folder))
        except (JobError, SeriesError, ImageError, DoublereadError) as error:
            return self._failed(series, before, str(error))
        except MemoryError:
            return self._failed(series, before, "it needs more memory than there is")
        except OSError as error:
            if error.errno in NO_ROOM:
                raise
            return self._failed(series, before, f"a file could not be read or written ({error.strerror})")
        self._report.predictions += result.predictions
        self._report.example = self._report.example or result.example
        return outcome

    def _outcome(self, series: Series, result: SeriesResult, known: Known) -> SeriesOutcome:
        written = known.written
        return replace(
            self._described(series),
            input_sha256=input_digest(series),
            pixels_sha256=result.pixels_sha256,
            derived_series_instance_uid=written.series_uid if written else None,
            clipped_count=written.clipped if written else 0,
            score_count=len(result.predictions),
        )

    def _failed(self, series: Series, done_before: int, reason: str) -> SeriesOutcome:
        self._done = done_before
        self._step(_volumes(series))
        return replace(self._described(series), status="failed", reason=reason)

    def _described(self, series: Series) -> SeriesOutcome:
        outcome = SeriesOutcome(series.uid, "processed", series.modality)
        with suppress(SeriesError):
            slices, rows, columns = series.shape[-3:]
            outcome = replace(
                outcome,
                volume_count=series.volumes,
                slice_count=slices,
                image_rows=rows,
                image_columns=columns,
            )
        return outcome

    def _add(self, series: Series, status: SeriesStatus, reason: str) -> None:
        self._report.series.append(replace(self._described(series), status=status, reason=reason))

    def _step(self, volumes: int = 1) -> None:
        self._done += volumes
        self._progress(self._done, self._total)

    def _why_nothing(self) -> str:
        """Why no series was processed: all failed, the config chooses none, or the folder holds none."""
        report = self._report
        if report.failures.count:
            return f"the job {report.job} processed no series: {_shown(report.failures)}"
        if report.skipped.count:
            return f"the job {report.job} processed no series: its config chooses none of {report.skipped.count:,}"
        passed_over = _shown(report.passed_over)
        return f"{self._in_dir} holds no DICOM image that makes a volume{passed_over and f': {passed_over}'}"

    @contextmanager
    def _naming_what_is_full(self) -> Iterator[None]:
        try:
            yield
        except DoublereadError:
            raise
        except OSError as error:
            raise InferenceError(
                f"{self._out_dir} could not be written, or TMPDIR is full ({error.strerror}); nothing was left there",
                self._report,
            ) from None


def _volumes(series: Series) -> int:
    """How many volumes a series holds; a series that makes none counts as one, for the progress."""
    return series.volumes if series.problem is None else 1


def _shown(items: Failures) -> str:
    """The first items with their reasons, as part of a sentence."""
    shown = [f"{item.item}: {item.reason}" for item in items.shown[:NAMED]]
    more = [f"and {items.count - len(shown):,} more"] if items.count > len(shown) else []
    return "; ".join(shown + more)
