"""An answer laid out for a person: sections of sentences, values and tables, which a terminal or Markdown shows."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from orchestration.outcomes import printable
from orchestration.training_set.provenance.answers import (
    DOUBLE_MATCHED,
    NOT_CALLED,
    Answer,
    Box,
    Decision,
    Export,
    Finding,
    Image,
    ModelRun,
    Picture,
    Study,
)
from orchestration.training_set.provenance.words import moment

ROWS_SHOWN = 60  # of a table; JSON has all
TEXT = 300  # characters of one value

_PIXELS = ("line_width", "edge_width", "font_size")
_DRAWING = ("caption", "colours", *_PIXELS, "pixels", "png")

Tone = Literal["plain", "good", "bad", "warning"]
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A heading with sentences, then named values, then a table; each may be missing."""

    title: str
    sentences: Sequence[str] = ()
    values: Sequence[tuple[str, str]] = ()
    header: Sequence[str] = ()
    rows: Rows = field(default_factory=list)
    tone: Tone = "plain"


def told(answer: Answer, *, in_full: bool = True) -> list[Section]:
    """The sections of an answer, the most wanted first.

    Args:
        answer: the answer.
        in_full: also the annotation rows, the boxes, and what was made; without, why a label is or is not accepted.
    """
    sections = [_head(answer)]
    if answer.notes:
        sections.append(Section("To know", answer.notes, tone="warning"))
    sections += map(_decision, answer.decisions)
    labels = [decision.label for decision in answer.decisions]
    sections += _readings(answer, list(answer.rule["patterns"]) if in_full else labels)
    if in_full:
        sections += [_annotations(answer.study), *_findings(answer.findings), *_images(answer.images)]
        sections.append(_models(answer.models))
    return sections


def markdown(sections: Sequence[Section]) -> str:
    """Sections as Markdown."""
    return "\n\n".join(part for section in sections for part in _markdown_parts(section))


def _head(answer: Answer) -> Section:
    """What the answer is about, and how that was found out."""
    study = f"study {printable(answer.study.study_id)}"
    values = [("recognised by", answer.recognised)]
    if answer.file is not None:
        values += [("file", answer.file.path), ("SHA-256", answer.file.sha256), ("content", answer.file.state)]
    if answer.kind == "finding" and answer.findings:
        finding = answer.findings[0]
        title = f"{finding.label} on scan {printable(finding.scan_id)} of {study}"
        values += [("finding", finding.finding_id), ("hash", finding.finding_hash)]
    elif answer.kind == "study" or not answer.images:
        title = study.capitalize()
    else:
        title = f"Scan {printable(answer.images[0].scan_id)} of {study}"
    return Section(title, values=values)


def _decision(decision: Decision) -> Section:
    verdict = decision.built.verdict
    if verdict == DOUBLE_MATCHED:
        return Section(f"{decision.label}: accepted, readers agree", decision.because, tone="good")
    if verdict == NOT_CALLED:
        return Section(f"{decision.label}: nobody calls it true", decision.because)
    return Section(f"{decision.label}: rejected, {verdict.replace('_', ' ')}", decision.because, tone="bad")


def _readings(answer: Answer, labels: Sequence[str]) -> Iterator[Section]:
    """Who read the study when, and what each reader says of each scan."""
    study = answer.study
    rows = [
        [
            printable(reading.reader_id),
            f"{reading.annotated_scan_count} of {len(study.scans)}" + ("" if reading.is_complete else ", incomplete"),
            moment(reading.first_at),
            moment(reading.last_at),
        ]
        for reading in study.readings
    ]
    nobody = [] if rows else ["Nobody annotated the study."]
    yield Section("Readings", nobody, header=["reader", "scans annotated", "first", "last"], rows=rows)
    numbers = [str(number) for number in range(1, len(study.scans) + 1)]
    yield Section(
        "Scans, and what each reader says of them",
        values=[(f"scan {n}", printable(scan.scan_id)) for n, scan in zip(numbers, study.scans, strict=True)],
        header=["reader", "label", *numbers, "reading"],
        rows=list(_said(study, labels)),
    )


def _said(study: Study, labels: Sequence[str]) -> Iterator[list[str]]:
    """A row for each reader and label, with a cell for each scan."""
    for reading in study.readings:
        for label in labels:
            said = (reading.says[label].get(scan.scan_id) for scan in study.scans)
            cells = ("-" if one is None else "yes" if one else "no" for one in said)
            yield [printable(reading.reader_id), label, *cells, reading.answers[label]]


def _annotations(study: Study) -> Section:
    rows = [
        [
            printable(row.annotation_id),
            printable(row.scan_id),
            printable(row.reader_id or "nobody"),
            moment(row.created_at) + (", after the marts" if row.newer_than_models else ""),
            "yes" if row.counts else f"no: {_superseded(row.superseded_by)}",
        ]
        for row in study.annotations
    ]
    return Section("Annotation rows", header=["id", "scan", "reader", "made", "counts"], rows=rows)


def _superseded(by: str | None) -> str:
    return "names no reader" if by is None else f"superseded by {printable(by)}"


def _findings(findings: Sequence[Finding]) -> Iterator[Section]:
    """One finding with all that is known of it; of several a row each."""
    if len(findings) == 1:
        (finding,) = findings
        box_rows = [_box_row(box) for box in finding.boxes]
        none = [] if box_rows else ["No reader who agrees drew a box of this label on this scan."]
        yield Section("Boxes", none, header=["reader", "place", "why it is this label's", "annotation"], rows=box_rows)
        yield Section("Picture", values=list(_picture(finding.picture)))
        yield Section("How it was drawn", values=list(_drawing(finding.picture)))
    elif findings:
        rows = [
            [
                finding.label,
                printable(finding.scan_id),
                finding.picture.status.replace("_", " "),
                finding.picture.path or printable(finding.picture.reason or "", TEXT),
                finding.finding_id,
            ]
            for finding in findings
        ]
        yield Section("Findings", header=["label", "scan", "picture", "where, or why not", "finding"], rows=rows)


def _box_row(box: Box) -> list[str]:
    place = f"{box.width:g} x {box.height:g} at {box.x:g}, {box.y:g}"
    if box.origin == "pattern":
        why = f"its comment holds “{box.pattern}”"
    else:
        why = "its comment names no label, and its reader calls no other true on the scan"
    return [printable(box.reader_id), place, why, printable(box.annotation_id or "no longer there")]


def _picture(picture: Picture) -> Iterator[tuple[str, str]]:
    """A picture's file, source and runs, or why there is none."""
    yield "training set", printable(picture.training_set, TEXT)
    if picture.status != "drawn":
        yield "missing", printable(picture.reason or "", TEXT)
        return
    yield "path", printable(picture.path or "", TEXT)
    yield "file", {"as recorded": "as it was drawn"}.get(picture.file or "", picture.file or "")
    yield "SHA-256", picture.sha256 or ""
    yield "size", f"{picture.width} x {picture.height} pixels, {picture.size_bytes:,} bytes"
    yield (
        "boxes",
        (
            f"{picture.boxes_drawn} drawn, {picture.boxes_clipped} of them cut by the edge; "
            f"{picture.boxes_skipped} left out, with nothing to draw"
        ),
    )
    yield "drawn", moment(picture.made_at)
    yield "drawn from", printable(picture.source_image or "", TEXT)
    yield "of version", printable(picture.source_version or "not known", TEXT)
    yield "with SHA-256", picture.source_sha256 or ""
    yield "Dagster run", printable(picture.run_id or "")
    yield "dbt run", picture.model_run.invocation_id if picture.model_run else "none in the same run"
    yield "code", f"doubleread {printable(picture.code_version)}" if picture.code_version else "not recorded then"


def _drawing(picture: Picture) -> Iterator[tuple[str, str]]:
    if picture.status != "drawn":
        return
    yield "way of drawing", f"version {picture.drawing_version}"
    if picture.drawing is None:
        yield "parameters", "not recorded when it was drawn"
        return
    for name in (*_DRAWING, *sorted(picture.drawing.keys() - _DRAWING)):
        value = _flat(picture.drawing.get(name, "not recorded"))
        yield name.replace("_", " "), printable(f"{value} pixels" if name in _PIXELS else value, TEXT)


def _flat(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {part}" for name, part in value.items())
    return str(value)


def _images(images: Sequence[Image]) -> Iterator[Section]:
    """One image with its exports; of several a row each."""
    if len(images) == 1:
        (image,) = images
        yield Section("Source image", values=list(_image(image)))
        for export in image.exports:
            yield Section(f"Export of {export.bits} bits", values=list(_export(export)))
    elif images:
        rows = [
            [
                printable(image.scan_id),
                printable(image.png_image or "none", TEXT),
                image.status.replace("_", " ")
                + (f": {printable(image.reason or '', TEXT)}" if image.status == "failed" else ""),
                str(sum(export.in_current for export in image.exports)),
            ]
            for image in images
        ]
        yield Section("Source images", header=["scan", "image", "retrieved", "exports"], rows=rows)


def _image(image: Image) -> Iterator[tuple[str, str]]:
    yield "image", printable(image.png_image or "none", TEXT)
    yield "store", printable(image.store_url, TEXT)
    if image.status != "retrieved":
        yield image.status.replace("_", " "), printable(image.reason or "", TEXT)
    if image.status == "not_retrieved":
        return
    yield "version", printable(image.version or image.etag or "not known", TEXT)
    yield "changed there", moment(image.last_modified)
    yield "SHA-256", image.sha256 or "none"
    yield "retrieved" if image.status == "retrieved" else "tried", moment(image.retrieved_at)
    yield "Dagster run", printable(image.run_id or "")


def _export(export: Export) -> Iterator[tuple[str, str]]:
    yield "destination", printable(export.destination, TEXT)
    if export.status != "made":
        yield "missing", printable(export.reason or "", TEXT)
    yield "SHA-256", export.sha256 or "none"
    if export.width:
        yield "size", f"{export.width} x {export.height} pixels"
    yield "generations", ", ".join(export.generations[:5]) or "none that can be seen"
    yield "side", (export.side or "not known") if export.in_current else "not in the current generation"
    yield "made", moment(export.made_at)
    yield "way of making", f"version {export.cleaning_version}"
    yield "run", printable(export.run_id)
    yield "code", f"doubleread {printable(export.code_version)}" if export.code_version else "not recorded then"


def _models(run: ModelRun | None) -> Section:
    """The run of dbt that made the marts, with the project's variables."""
    if run is None:
        return Section("Models", ["No record says which run of dbt made the marts."])
    values = [
        ("dbt run", run.invocation_id),
        ("Dagster run", printable(run.run_id)),
        ("made", f"{moment(run.started_at)} to {moment(run.ended_at)}, {run.status}"),
        ("code", f"doubleread {printable(run.code_version)}, dbt {printable(run.dbt_version)}"),
    ]
    values += [
        (name.replace("_", " "), printable(str(value), TEXT))
        for name, value in run.variables.items()
        if name != "labels"
    ]
    return Section("Models", values=values)


def _markdown_parts(section: Section) -> Iterator[str]:
    yield f"### {_escaped(section.title)}"
    if section.sentences:
        yield "\n".join(f"- {_escaped(sentence)}" for sentence in section.sentences)
    if section.values:
        yield _table(["", ""], [[name, value] for name, value in section.values])
    if section.rows:
        yield _table(section.header, section.rows[:ROWS_SHOWN])
    if len(section.rows) > ROWS_SHOWN:
        yield f"and {len(section.rows) - ROWS_SHOWN:,} more"


def _table(header: Sequence[str], rows: Rows) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_escaped(cell) if n != 1 else cell for cell in line) + " |"
                     for n, line in enumerate(lines))  # fmt: skip


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", text)
