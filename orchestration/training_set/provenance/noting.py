"""What does not fit together: the marts and today's rows, a picture and its finding, a file and its record."""

from collections.abc import Iterator, Sequence

from orchestration.outcomes import printable
from orchestration.training_set.provenance.answers import Decision, Finding, Image, ModelRun, Study
from orchestration.training_set.provenance.asking import Subject
from orchestration.training_set.provenance.words import listed, moment

BUILD = "run: doubleread build"


def notes(
    subject: Subject,
    *,
    study: Study,
    decisions: Sequence[Decision],
    findings: Sequence[Finding],
    images: Sequence[Image],
    models: ModelRun | None,
    other_boxes: Sequence[str],
) -> list[str]:
    """A sentence for each thing that a reader of the answer must know.

    Args:
        subject: what was asked about.
        study: as it is now.
        decisions: the labels that were asked about.
        findings: those of the marts that were asked about.
        images: of their scans.
        models: the run of dbt that made the marts.
        other_boxes: ids of the findings whose boxes are others in today's rows.
    """
    return [
        *_of_subject(subject, findings),
        *_of_models(study, models),
        *_of_readings(decisions, findings, other_boxes),
        *_of_pictures(findings, {image.scan_id: image for image in images}),
    ]


def _of_subject(subject: Subject, findings: Sequence[Finding]) -> Iterator[str]:
    if subject.file is not None and subject.file.state == "changed":
        yield "The file was changed: its content is not what was made under this path."
    if subject.training_set is not None:
        yield f"The picture is of another training set than the settings': {printable(subject.training_set, 1000)}."
    if subject.kind == "finding" and not findings:
        yield f"The marts hold no such finding now; if its picture is still there, the next build removes it ({BUILD})."


def _of_models(study: Study, models: ModelRun | None) -> Iterator[str]:
    if study.truncated:
        yield "The study has more rows than are read here; what is said of its readings is of the first of them."
    if models is None:
        yield "No record says which run of dbt made the marts: it was started by hand, or before records were kept."
    elif models.status == "failed":
        yield "The run of dbt that made the marts ended with a model or test that failed."
    newer = [one.annotation_id for one in study.annotations if one.newer_than_models]
    if newer and models is not None:
        what = "An annotation is" if len(newer) == 1 else f"{len(newer):,} annotations are"
        yield f"{what} newer than the marts, which began to be made at {moment(models.started_at)}: {listed(newer)}."


def _of_readings(
    decisions: Sequence[Decision], findings: Sequence[Finding], other_boxes: Sequence[str]
) -> Iterator[str]:
    outdated = [decision for decision in decisions if not decision.is_current]
    for decision in outdated:
        built, now = decision.built.verdict, decision.now.verdict
        if built != now:
            yield f"{decision.label}: the marts say {built}, the readings as they are now give {now}; {BUILD}."
        else:
            yield f"{decision.label}: {now}, but the readings were changed since the marts were made; {BUILD}."
    changed = {decision.label for decision in outdated}
    for finding in findings:
        if finding.finding_id in other_boxes and finding.label not in changed:
            where = f"{finding.label} on scan {printable(finding.scan_id)}"
            yield f"{where}: the boxes of the readings as they are now are others than the marts have; {BUILD}."


def _of_pictures(findings: Sequence[Finding], images: dict[str, Image]) -> Iterator[str]:
    """Pictures that are missing, or that are not what their records, findings or images say."""
    for finding in findings:
        picture, image = finding.picture, images[finding.scan_id]
        name = f"The picture {finding.label}/{printable(finding.scan_id)}.png"
        if picture.status != "drawn":
            yield f"{name} is missing: {picture.reason}"
            continue
        if picture.file == "missing":
            yield f"{name} was drawn and is not in its folder; {BUILD}."
        elif picture.file == "changed":
            yield f"{name} was changed since it was drawn; {BUILD}."
        if not picture.shows_the_finding:
            yield f"{name} is older than the finding: it shows an earlier state of the readings; {BUILD}."
        if image.sha256 is not None and image.sha256 != picture.source_sha256:
            yield f"{name} was drawn from other bytes than the image has now; {BUILD}."
        elif image.status == "failed":
            yield f"{name} was kept, although its image could not be retrieved anew: {image.reason}"
