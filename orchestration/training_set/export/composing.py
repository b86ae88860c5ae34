"""Every file of a generation but the images and the card's pages, written to a folder here, and their manifest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from orchestration.labels import LABELS
from orchestration.stores import Place
from orchestration.stores.folder import file_digest, files_below
from orchestration.training_set.export.card.facts import Facts, write_facts
from orchestration.training_set.export.coco import write_coco
from orchestration.training_set.export.exported import ExportedScan
from orchestration.training_set.export.generation import (
    ROLES,
    SIDES,
    Contents,
    Generation,
    GenerationFile,
    Shard,
    Splits,
)
from orchestration.training_set.export.imagefolder import write_imagefolder
from orchestration.training_set.export.reports.making import MadeReports
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.tables import write_tables
from orchestration.training_set.export.webdataset import as_shard, make_shard, plan_shards, write_index
from orchestration.training_set.export.yolo import is_listed, write_yolo


def compose(
    folder: Path,
    scans: Sequence[ExportedScan],
    *,
    options: ExportOptions,
    splits: Splits,
    facts: Facts,
    destination: Place,
    previous: Generation | None,
    reports: MadeReports,
) -> Generation:
    """Write the annotations of a generation into an empty folder; everything that lies there then belongs to it.

    Its pages and its id come later, from ``card.composing``.

    Args:
        folder: on this machine.
        scans: in the order of their ids; their images are objects of the destination.
        options: what is wanted.
        splits: how the sides were found.
        facts: what its card says.
        destination: where shards go, as objects.
        previous: a generation of the same destination whose shards need not be made again.
        reports: those of the scans, as objects of the destination.

    Raises:
        StoreError: a shard can't be put.
    """
    write_coco(folder, scans)
    write_tables(folder, scans)
    links = write_yolo(folder, scans) | write_imagefolder(folder, scans)
    shards, shard_files = _shards(folder, scans, destination, previous) if options.webdataset else ([], [])
    write_facts(folder, facts)
    files = [*_written(folder), *map(_image, scans), *shard_files, *reports.files]
    return Generation(
        bits=options.bits,
        labels=list(LABELS),
        contents=_contents(scans),
        splits=splits,
        shards=shards,
        reports=reports.listed,
        links=dict(sorted(links.items())),
        files=sorted(files, key=lambda file: file.path),
    )


def _shards(
    folder: Path, scans: Sequence[ExportedScan], destination: Place, previous: Generation | None
) -> tuple[list[Shard], list[GenerationFile]]:
    planned = plan_shards(scans)
    write_index(folder, planned)
    known = previous.by_path() if previous else {}
    made = {shard.fingerprint: known[shard.path] for shard in previous.shards} if previous else {}
    files = []
    for shard in planned:
        file = made.get(shard.fingerprint)
        if file is None or file.object is None or destination.find(file.object) is None:
            file = make_shard(shard, destination)
        files.append(file.model_copy(update={"path": shard.path}))
    return [as_shard(shard) for shard in planned], files


def _image(scan: ExportedScan) -> GenerationFile:
    image = scan.clean
    return GenerationFile(path=scan.path, size_bytes=image.size_bytes, sha256=image.sha256, object=image.object)


def _written(folder: Path) -> Iterator[GenerationFile]:
    """The files that were written to the folder."""
    for path in files_below(folder):
        name = path.relative_to(folder).as_posix()
        yield GenerationFile(path=name, size_bytes=path.stat().st_size, sha256=file_digest(path))


def _contents(scans: Sequence[ExportedScan]) -> Contents:
    """Count what the generation holds, for its manifest."""
    findings = [finding for scan in scans for finding in scan.findings]
    boxes = [box.placed for finding in findings for box in finding.boxes]
    roles, sides = Counter(scan.role for scan in scans), Counter(scan.side for scan in scans)
    studies = {(label, scan.side, scan.study_id) for scan in scans for label in scan.labels}
    counted: Counter[tuple[str, str]] = Counter((label, side) for label, side, _ in studies)
    return Contents(
        scans=len(scans),
        findings=len(findings),
        boxes=len(boxes),
        boxes_clipped=sum(box.clipped for box in boxes),
        boxes_skipped=sum(finding.skipped for finding in findings),
        roles={role: roles[role] for role in ROLES},
        sides={side: sides[side] for side in SIDES},
        label_studies={label: {side: counted[label, side] for side in SIDES} for label in LABELS},
        left_out_of_yolo=sum(not is_listed(scan) for scan in scans),
    )
