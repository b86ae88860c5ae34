"""What an answer holds, and its form as JSON: every field is stable, new ones may come."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["finding", "scan", "study"]
Said = Literal["positive", "negative", "inconsistent"]
FileState = Literal["as recorded", "changed", "missing"]

DOUBLE_MATCHED = "double_matched"
NOT_CALLED = "not_called"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class File(_Part):
    """The file that was asked about. ``state``: whether its bytes are those of a record, or others under its name."""

    path: str
    sha256: str
    state: Literal["as recorded", "changed"]


class Annotation(_Part):
    """A row of the raw table of annotations.

    Attributes:
        annotation_id: the row's id.
        scan_id: the scan that it is about.
        reader_id: who made it, in the one spelling that the rule knows; none where the row names nobody.
        created_at: when, as the row says it.
        counts: whether it is its reader's latest of its scan.
        superseded_by: the row that counts in its place.
        newer_than_models: whether it came after the models of the marts ran.
        says: for each label whether it is true; null where the row says nothing.
    """

    annotation_id: str
    scan_id: str
    reader_id: str | None
    created_at: str | None
    counts: bool
    superseded_by: str | None
    newer_than_models: bool
    says: Mapping[str, bool | None]


class Reading(_Part):
    """Everything that one reader says about the study now.

    Attributes:
        reader_id: who.
        is_complete: whether the study has as many scans as the rule wants, and the reader annotated each.
        annotated_scan_count: how many scans the reader annotated.
        first_at: when the first of the annotations that count was made.
        last_at: when the last one was.
        answers: for each label what the reading says.
        says: for each label, for each annotated scan, whether it is called true.
    """

    reader_id: str
    is_complete: bool
    annotated_scan_count: int
    first_at: str | None
    last_at: str | None
    answers: Mapping[str, Said]
    says: Mapping[str, Mapping[str, bool]]


class Scan(_Part):
    """A scan of the study, with the path of its image in the image store."""

    scan_id: str
    png_image: str | None


class Study(_Part):
    """The study as the raw tables have it now; ``truncated`` where it has more rows than are read."""

    study_id: str
    scans: Sequence[Scan]
    readings: Sequence[Reading]
    annotations: Sequence[Annotation]
    truncated: bool


class Verdict(_Part):
    """What the rule says of a label: ``double_matched``, a reason of rejection, or ``not_called``.

    ``matching_readers`` is null where the marts keep their number only.
    """

    verdict: str
    reader_count: int | None
    matching_reader_count: int | None
    matching_readers: Sequence[str] | None


class Decision(_Part):
    """What became of a label of the study.

    Attributes:
        label: the label.
        built: what the marts hold.
        now: what follows from the raw rows as they are now.
        is_current: whether the two agree.
        because: the rule in words, with what was counted, of the rows as they are now.
    """

    label: str
    built: Verdict
    now: Verdict
    is_current: bool
    because: Sequence[str]


class Box(_Part):
    """A box of a finding, in pixels from the top left.

    Attributes:
        reader_id: who drew it.
        x: left edge.
        y: upper edge.
        width: pixels, negative where it was drawn leftwards.
        height: pixels, negative where it was drawn upwards.
        origin: ``pattern`` where its comment holds the label's pattern, ``only_label`` where it has no label's and the
            label is the only one that its reader calls true on the scan.
        pattern: the label's pattern, where the comment holds it. The comment itself is patient text and stays out.
        annotation_id: the row that holds it, where the reader's row still counts.
    """

    reader_id: str
    x: float
    y: float
    width: float
    height: float
    origin: Literal["pattern", "only_label"]
    pattern: str | None
    annotation_id: str | None


class ModelRun(_Part):
    """A run of dbt that a build started."""

    invocation_id: str
    run_id: str
    status: str
    started_at: str
    ended_at: str
    code_version: str
    dbt_version: str
    variables: Mapping[str, Any]


class Picture(_Part):
    """The record of a finding's picture, or why there is none.

    Attributes:
        training_set: the folder of the label folders.
        path: below it.
        status: ``drawn``, ``failed`` or ``not_made``.
        reason: why there is none.
        file: whether the file is there and has the recorded bytes.
        shows_the_finding: whether its hash is the one that the mart has now.
        sha256: of the file.
        size_bytes: of the file.
        width: pixels.
        height: pixels.
        finding_hash: of the finding when it was drawn.
        boxes_drawn: boxes that can be seen.
        boxes_clipped: those of them that the edge cuts.
        boxes_skipped: boxes that had nothing to draw.
        source_image: path of the image that it was drawn from.
        source_version: its version or ETag.
        source_sha256: of its bytes.
        drawing_version: the way of drawing.
        drawing: line, font, colours and encoder; null where they were not kept yet when it was drawn.
        made_at: when the record was written.
        run_id: Dagster's run.
        code_version: the code that drew it; null likewise.
        model_run: the run of dbt in the same run of Dagster's, where there was one.
    """

    training_set: str
    path: str | None
    status: Literal["drawn", "failed", "not_made"]
    reason: str | None = None
    file: FileState | None = None
    shows_the_finding: bool | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    width: int | None = None
    height: int | None = None
    finding_hash: str | None = None
    boxes_drawn: int | None = None
    boxes_clipped: int | None = None
    boxes_skipped: int | None = None
    source_image: str | None = None
    source_version: str | None = None
    source_sha256: str | None = None
    drawing_version: int | None = None
    drawing: Mapping[str, Any] | None = None
    made_at: str | None = None
    run_id: str | None = None
    code_version: str | None = None
    model_run: ModelRun | None = None


class Finding(_Part):
    """A row of the mart ``double_matched_findings``, with the origin of its boxes and its picture."""

    finding_id: str
    finding_hash: str
    scan_id: str
    label: str
    matching_readers: Sequence[str]
    boxes: Sequence[Box]
    picture: Picture


class Export(_Part):
    """A clean image of a scan at a destination of exports.

    Attributes:
        destination: its URL.
        bits: 8 or 16, as asked for.
        status: ``made`` or ``failed``.
        reason: why there is none.
        sha256: of the image.
        width: pixels.
        height: pixels.
        source_sha256: of the image that it was made of.
        source_version: its version or ETag.
        cleaning_version: the way of making it.
        made_at: when the record was written.
        run_id: the run that made it.
        code_version: the code that made it; null where that was not kept yet.
        generations: the ids of the generations that hold it, as far as the destination shows it.
        in_current: whether the current generation does.
        side: ``train``, ``validation`` or ``test`` in the current generation.
    """

    destination: str
    bits: int
    status: str
    reason: str | None
    sha256: str | None
    width: int | None
    height: int | None
    source_sha256: str | None
    source_version: str | None
    cleaning_version: int
    made_at: str
    run_id: str
    code_version: str | None
    generations: Sequence[str]
    in_current: bool
    side: str | None


class Image(_Part):
    """A scan's image: the copy that was retrieved from the store, or why there is none, and what was made of it.

    Attributes:
        scan_id: the scan.
        png_image: path in the store.
        store_url: URL of the store, which holds no credentials.
        status: ``retrieved``, ``failed`` or ``not_retrieved``.
        reason: why there is no copy.
        version: the version that was read, where the store has versions.
        etag: its ETag.
        last_modified: when it was changed in the store.
        size_bytes: of the copy.
        sha256: of the copy.
        retrieved_at: when it was read, or the reading failed.
        run_id: the run that read it.
        exports: clean images made of it.
    """

    scan_id: str
    png_image: str | None
    store_url: str
    status: Literal["retrieved", "failed", "not_retrieved"]
    reason: str | None = None
    version: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    retrieved_at: str | None = None
    run_id: str | None = None
    exports: Sequence[Export] = ()


class Answer(_Part):
    """An answer to ``doubleread why`` or ``why-not``.

    Attributes:
        format: changes when a field changes its meaning or goes.
        question: what was asked.
        kind: what it is about.
        recognised: how that was found out.
        file: the file, where one was handed over.
        study: the study as it is now, with all readings and rows.
        decisions: the labels that were asked about: that of a finding, all of a scan or study.
        findings: the findings of these labels: one, those of a scan, those of a study.
        images: the images of the scans that were asked about.
        models: the run of dbt that made the marts, where a build started it.
        rule: what the answer takes the rule's variables to be.
        notes: what does not fit together: readings newer than the marts, a picture older than its finding, a changed
            file.
    """

    format: Literal["doubleread why 1"] = "doubleread why 1"
    question: str
    kind: Kind
    recognised: str
    file: File | None
    study: Study
    decisions: Sequence[Decision]
    findings: Sequence[Finding]
    images: Sequence[Image]
    models: ModelRun | None
    rule: Mapping[str, Any]
    notes: Sequence[str]
