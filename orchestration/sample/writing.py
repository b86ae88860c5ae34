"""Write the sample: images drawn on all cores, then the raw tables."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from orchestration.errors import DoublereadError
from orchestration.labels import LABELS
from orchestration.outcomes import Progress, no_progress
from orchestration.sample import formats
from orchestration.sample.anatomy import VIEWS, Breast, Side, make_breasts
from orchestration.sample.lesions import LESIONS
from orchestration.sample.mammogram import render
from orchestration.sample.scenario import SCENARIO, Storage, Study
from orchestration.sample.tables import (
    ANNOTATION_COLUMNS,
    SCAN_COLUMNS,
    Scan,
    annotation_rows,
    scan_row,
    scans_of,
    write_csv,
)
from orchestration.workers import process_workers

FULL_SIZE = (3328, 4096)
FIRST_STUDY = 1001
SEED = 20261120


@dataclass(frozen=True)
class SampleSummary:
    """What was written, and what the pipeline must make of it.

    ``findings`` counts the rows of ``double_matched_findings`` for each label, ``rejections`` those of
    ``rejected_findings`` for each reason; both come from the scenario, where they are stated by hand.
    """

    folder: Path
    studies: int
    scans: int
    annotations: int
    findings: Mapping[str, int]
    rejections: Mapping[str, int]


@dataclass(frozen=True)
class _Drawing:
    """One image to be drawn and stored."""

    scan: Scan
    breast: Breast
    storage: Storage
    seed: tuple[int, int, int]
    path: Path


def write_sample(
    folder: Path,
    *,
    studies: int = len(SCENARIO),
    seed: int = SEED,
    size: tuple[int, int] = FULL_SIZE,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> SampleSummary:
    """Write two CSV files and ``blobs/`` for ``doubleread load``; the same arguments give the same bytes.

    Args:
        folder: made where missing; files of an earlier sample are replaced.
        studies: how many; beyond the scenario's 14 it begins anew with other women. 12 of the 14 have four views.
        seed: of anatomy, texture and boxes; the readings stay the same.
        size: width and height of the images in pixels; the detector's size in millimetres stays the same.
        workers: processes that draw, one for each core unless given; each takes up to 500 MB.
        progress: called with images done and images in all.

    Raises:
        ValueError: no study was asked for.
        DoublereadError: the dbt project lists other labels than the sample's studies have.
    """
    if studies < 1:
        raise ValueError(f"a sample has at least one study, not {studies}")
    if set(LABELS) != set(LESIONS):
        raise DoublereadError(
            f"the sample shows {', '.join(LESIONS)}; where labels in dbt_project.yml lists others, there is no sample: "
            "doubleread load and doubleread build take tables of your own"
        )
    drawings: list[_Drawing] = []
    scan_rows: list[tuple[object, ...]] = []
    annotations: list[tuple[object, ...]] = []
    plan = [SCENARIO[position % len(SCENARIO)] for position in range(studies)]
    for position, study in enumerate(plan):
        rng = np.random.default_rng((seed, position))
        breasts = make_breasts(rng, study.labels, study.lesions_in)
        scans = scans_of(study, FIRST_STUDY + position, size)
        drawings += _drawings(study, scans, breasts, seed, folder / "blobs")
        scan_rows += map(scan_row, scans)
        annotations += annotation_rows(study, scans, breasts, rng)
    _draw_all(drawings, workers, progress)
    write_csv(folder / "mmgscans_mmgscan.csv", SCAN_COLUMNS, scan_rows)
    numbered = [(number, *row) for number, row in enumerate(annotations, start=1)]
    write_csv(folder / "mmgscans_mmgscanannotation.csv", ANNOTATION_COLUMNS, numbered)
    return SampleSummary(folder, studies, len(scan_rows), len(numbered), *_expected(plan))


def _expected(plan: list[Study]) -> tuple[dict[str, int], dict[str, int]]:
    findings = dict.fromkeys(LABELS, 0)
    for study in plan:
        for label in study.accepted:
            findings[label] += len(study.views)
    return findings, dict(Counter(reason for study in plan for reason in study.rejected.values()))


def _drawings(
    study: Study, scans: list[Scan], breasts: Mapping[Side, Breast], seed: int, blobs: Path
) -> list[_Drawing]:
    """The images of one study, each with a seed of its own, so that any worker may draw it."""
    return [
        _Drawing(
            scan=scan,
            breast=breasts[scan.view.side],
            storage=study.storage,
            seed=(seed, scan.study_number, position),
            path=blobs / scan.image,
        )
        for position, scan in enumerate(scans)
    ]


def _draw_all(drawings: list[_Drawing], workers: int | None, progress: Progress) -> None:
    for folder in {drawing.path.parent for drawing in drawings}:
        folder.mkdir(parents=True, exist_ok=True)
    with process_workers(workers) as drawing:
        for done, (_, error) in enumerate(drawing.run(_draw, ((task, task) for task in drawings)), start=1):
            if error is not None:
                raise error
            progress(done, len(drawings))


def _draw(drawing: _Drawing) -> None:
    scan = drawing.scan
    grey = render(drawing.breast, scan.view, scan.size, np.random.default_rng(drawing.seed))
    match drawing.storage:
        case "png8":
            data = formats.png8(grey)
        case "png16":
            data = formats.png16(grey)
        case "dicom":
            image = VIEWS.index(scan.view) + 1
            data = formats.dicom(grey, scan.view, scan.spacing_mm, study=scan.study_number, number=image)
    drawing.path.write_bytes(data)
