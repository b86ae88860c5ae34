"""A destination of two generations that was made without a database, and what a receiver does with it."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.imaging import Box
from orchestration.labels import LABELS
from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.export.card.croissant import write_croissant
from orchestration.training_set.export.card.facts import Facts, FromDatabase, gather, reader_numbers
from orchestration.training_set.export.composing import compose
from orchestration.training_set.export.exported import Ready, exported
from orchestration.training_set.export.generation import (
    Generation,
    GenerationFile,
    Role,
    Splits,
    current_id,
    find_generation,
    identified,
    manifest_bytes,
)
from orchestration.training_set.export.images import CleaningTask, MadeImage, clean
from orchestration.training_set.export.layout import CROISSANT
from orchestration.training_set.export.objects import object_path
from orchestration.training_set.export.publishing import publish, take_object, unfinished_objects, workspace
from orchestration.training_set.export.reports.making import MadeReports
from orchestration.training_set.export.selection import ExportOptions, Selected, SelectedFinding
from orchestration.training_set.export.splits import Rule, StudyPatients, group_studies
from tests.training_set.conftest import png

WIDTH, HEIGHT = 24, 32
RULE = Rule("salt", (0.5, 0.25, 0.25))
OPTIONS = ExportOptions(webdataset=True, negatives=True, hard_cases=True)
BENIGN, MASS = LABELS[2], LABELS[3]
BOXES = (Box("U1", 2.0, 3.0, 10.0, 12.0), Box("U2", 3.0, 3.0, 9.5, 12.0), Box("U3", 20.0, 25.0, 30.0, -10.0))

Finding = tuple[str, tuple[Box, ...]]


def scan(
    scan_id: str, findings: tuple[Finding, ...] = (), *, role: Role = "finding", study: str, patient: str | None = None
):
    """A scan as the marts have it."""
    return Selected(
        scan_id, study, patient, f"mmg/{scan_id}.png", role, ((BENIGN, "single_reader"),) if role != "negative" else (),
        tuple(_finding(scan_id, label, boxes) for label, boxes in findings),
        retrieved=True, scan_reason=None, scan_retryable=True, scan_sha256=None, scan_version=None, scan_path=None,
        scan_keepable=False, clean=None, clean_source_sha256=None,
    )  # fmt: skip


def _finding(scan_id: str, label: str, boxes: tuple[Box, ...]) -> SelectedFinding:
    finding_id = hashlib.sha256(f"{scan_id} {label}".encode()).hexdigest()
    return SelectedFinding(finding_id, label, hashlib.sha256(repr(boxes).encode()).hexdigest(), boxes)


def scans(patients: bool = True) -> list[Selected]:
    """Scans of all roles and sides, with several labels, with clipped and without boxes; two studies of one patient."""
    found = [
        scan(
            f"{number}{view}", ((MASS, BOXES),), study=f"study{number}", patient=f"P{number % 9}" if patients else None
        )
        for number in range(1, 11)
        for view in "AB"
    ]
    found[0] = replace(
        found[0], findings=(_finding("1A", LABELS[1], BOXES[:1]), _finding("1A", MASS, BOXES)), rejected=()
    )
    found[1] = replace(found[1], findings=(_finding("1B", MASS, ()),))
    return sorted(
        [
            *found,
            scan("negative.1", role="negative", study="study30"),
            scan("hard one", role="hard_case", study="study31"),
        ],
        key=lambda one: one.scan_id,
    )


def small_image(scan_id: str) -> bytes:
    """An image of a scan, another one for each."""
    return png(int(hashlib.sha256(scan_id.encode()).hexdigest()[:6], 16), width=WIDTH, height=HEIGHT)


def publish_scans(
    destination: Place,
    selected: list[Selected],
    options: ExportOptions = OPTIONS,
    image_of: Callable[[str], bytes] = small_image,
) -> str:
    """Publish a generation of the scans; its id."""
    known = {
        one.study_id: StudyPatients(one.study_id, frozenset([one.patient_id] if one.patient_id else []))
        for one in selected
    }
    groups = group_studies(known.values())
    splits = Splits(
        salt=RULE.salt,
        ratios=list(RULE.ratios),
        studies=len(groups),
        patient_known=sum(group.patient_known for group in groups.values()),
    )
    with unfinished_objects(destination) as unfinished:
        ready = [
            Ready(one, image, source, groups[one.study_id].group_id, RULE.side(groups[one.study_id].key))
            for one in selected
            for image, source in [_image(image_of(one.scan_id), destination, unfinished)]
        ]
    previous = find_generation(destination, current_id(destination))
    scans, beyond = exported(ready), FromDatabase([], [], {})
    facts = gather(scans, beyond, reader_numbers(scans, []), statement=options.card, splits=splits)
    with workspace(destination) as folder:
        composed = compose(
            folder,
            scans,
            options=options,
            splits=splits,
            facts=facts,
            reports=MadeReports(),
            destination=destination,
            previous=previous,
        )
        generation = _with_croissant(folder, composed, facts)
        publish(destination, folder, generation, run_id="run")
    return generation.id


def _with_croissant(folder: Path, composed: Generation, facts: Facts) -> Generation:
    """The page that programs read; those for people need thumbnails, which need a database."""
    write_croissant(folder, facts, composed.by_path())
    data = (folder / CROISSANT).read_bytes()
    page = GenerationFile(path=CROISSANT, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
    files = sorted([*composed.files, page], key=lambda file: file.path)
    return identified(composed.model_copy(update={"files": files}))


def _image(data: bytes, destination: Place, unfinished: Path | None) -> tuple[MadeImage, str]:
    source = hashlib.sha256(data).hexdigest()
    if unfinished is None:
        local = Path("source.png")
        local.write_bytes(data)
        made = clean(CleaningTask(local, source, False, 8, destination)).clean
    else:
        local = unfinished / "source"
        local.write_bytes(data)
        made = clean(CleaningTask(local, source, False, 8, unfinished / "made")).clean
        assert made is not None
        take_object(destination, unfinished / "made", made.object)
    assert made is not None
    return made, source


def make_destination(root: Path) -> Path:
    """A destination that holds a generation and, as the current one, the next."""
    destination = open_place(root, load_settings(), create=True)
    publish_scans(destination, scans()[3:])
    publish_scans(destination, scans())
    return root


def copied(folder: Path, target: Path) -> Path:
    """A copy as ``cp -a`` makes it, but that hard links become files of their own."""
    shutil.copytree(folder, target, symlinks=True)
    return target


# What a forger does: change content, then make hashes, names and ids follow.


@contextmanager
def rows(folder: Path, path: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of a Parquet file, written back when the block ends."""
    table = pq.read_table(folder / path)
    found: list[dict[str, Any]] = table.to_pylist()
    yield found
    pq.write_table(pa.Table.from_pylist(found, table.schema), folder / path, compression="zstd")


@contextmanager
def document(folder: Path, path: str) -> Iterator[dict[str, Any]]:
    """A JSON file, written back when the block ends."""
    found = json.loads((folder / path).read_bytes())
    yield found
    (folder / path).write_text(json.dumps(found))


@contextmanager
def lines(folder: Path, path: str) -> Iterator[list[str]]:
    """The lines of a text file, written back when the block ends."""
    found = (folder / path).read_text().splitlines()
    yield found
    (folder / path).write_text("".join(f"{line}\n" for line in found))


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "generation.json").read_bytes())
    return found


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    (folder / "generation.json").write_text(json.dumps(content))


def sign(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _content: None) -> None:
    """Change the manifest and let sizes, hashes and the id follow from what lies there now."""
    content = manifest(folder)
    change(content)
    kept = []
    for file in content["files"]:
        if (folder / file["path"]).is_file():
            data = (folder / file["path"]).read_bytes()
            file |= {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if file["object"]:
            file["object"] = object_path(file["sha256"], file["path"])
        kept.append(file)
    content["files"] = sorted(kept, key=lambda file: file["path"])
    (folder / "generation.json").write_bytes(
        manifest_bytes(identified(Generation.model_validate(content | {"id": ""})))
    )
