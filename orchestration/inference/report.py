"""What a run of a job did, and what is needed to believe it later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestration.inference.job import Array
from orchestration.outcomes import Failures

SeriesStatus = Literal["processed", "skipped", "failed"]


@dataclass(frozen=True)
class SeriesOutcome:
    """What became of one series.

    Attributes:
        reason: why it was skipped or failed; None for one that was processed.
        volume_count: how many 3-D volumes it holds, each of ``slice_count`` slices.
        input_sha256: of its files, likewise ``pixels_sha256`` of the volumes as ``func`` got them.
        derived_series_instance_uid: of the series that was written; None where the job's own ``postprocess`` wrote it,
            or where there are only scores.
        file_count: files that were written.
        clipped_count: samples that the stored type could not hold and that became its lowest or highest value.
        score_count: scores that the job gave.
    """

    series_instance_uid: str
    status: SeriesStatus
    modality: str
    reason: str | None = None
    volume_count: int | None = None
    slice_count: int | None = None
    image_rows: int | None = None
    image_columns: int | None = None
    input_sha256: str | None = None
    pixels_sha256: str | None = None
    derived_series_instance_uid: str | None = None
    file_count: int = 0
    clipped_count: int = 0
    score_count: int = 0


@dataclass(frozen=True)
class Prediction:
    """One score.

    Attributes:
        volume_index: which acquisition or time point of the series, from 0.
        slice_index: which slice by its position, from 0; None for a score of the whole volume.
        sop_instance_uid: of the image that holds the slice; None for a score of the whole volume.
        score_index: which of the scores, from 0; ``score_name`` is its name, where the config gives one.
    """

    series_instance_uid: str
    volume_index: int
    slice_index: int | None
    sop_instance_uid: str | None
    score_index: int
    score_name: str | None
    score: float


@dataclass(frozen=True)
class Provenance:
    """What a result follows from.

    Attributes:
        config: as it may be recorded.
        config_sha256: of the whole config, with the model's content in place of its path.
        runtime: what computed, with its version; ``provider`` is on what.
        code_version: of doubleread and of the package that the job comes from.
        code_sha256: of the source files of both, as far as they take part.
    """

    config: Mapping[str, Any]
    config_sha256: str
    model_sha256: str | None
    runtime: str
    provider: str
    code_version: str
    code_sha256: str


@dataclass(frozen=True, eq=False)
class Example:
    """The middle slice of the first volume before and after, (rows, columns) each."""

    series_instance_uid: str
    before: Array
    after: Array


@dataclass
class InferenceReport:
    """What a run did.

    Attributes:
        series: what became of each series of the input, in the order of their UIDs.
        predictions: all scores.
        damaged_files: files of the input that cannot be read, in no series.
        passed_over: files of the input that are no images, or that are there twice; they do no harm.
        input_sha256: of the files of all series that were processed, likewise ``pixels_sha256`` of their volumes.
        output_sha256: of the names and the content of all files that were written.
    """

    job: str
    provenance: Provenance
    series: list[SeriesOutcome] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    damaged_files: Failures = field(default_factory=Failures)
    passed_over: Failures = field(default_factory=Failures)
    input_sha256: str | None = None
    pixels_sha256: str | None = None
    output_sha256: str | None = None
    example: Example | None = None
    seconds: float = 0.0

    def with_status(self, status: SeriesStatus) -> Iterator[SeriesOutcome]:
        """The series of which this became."""
        return (outcome for outcome in self.series if outcome.status == status)

    @property
    def processed(self) -> int:
        """How many series were processed."""
        return sum(1 for _ in self.with_status("processed"))

    @property
    def skipped(self) -> Failures:
        """The series that the config's filters do not choose."""
        return _named(self.with_status("skipped"))

    @property
    def failures(self) -> Failures:
        """The series that failed and the files that cannot be read."""
        failures = _named(self.with_status("failed"))
        for failure in self.damaged_files.shown:
            failures.add(failure.item, failure.reason)
        failures.count += self.damaged_files.count - len(self.damaged_files.shown)
        return failures


def _named(series: Iterator[SeriesOutcome]) -> Failures:
    failures = Failures()
    for outcome in series:
        failures.add(f"series {outcome.series_instance_uid}", outcome.reason or "")
    return failures
