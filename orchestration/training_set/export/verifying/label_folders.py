"""A training set of label folders with ``manifest.parquet``, as a receiver has it: pictures, and nothing beside."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestration.images import MAX_PIXELS
from orchestration.stores import UnsafePathError, check_name
from orchestration.stores.publishing import PARTIAL
from orchestration.training_set.export.verifying.agreement import Row, scan_name, twice
from orchestration.training_set.export.verifying.files import PICTURE_BYTES, FileToCheck
from orchestration.training_set.export.verifying.locating import DESTINATION_BESIDE_LABEL_FOLDERS as DESTINATION
from orchestration.training_set.export.verifying.material import FormError, read_rows
from orchestration.training_set.export.verifying.placement import Placement
from orchestration.training_set.export.verifying.problems import Kind, Problem, note, problem
from orchestration.training_set.export.verifying.tree import Reader, Tree
from orchestration.training_set.manifest_form import MANIFEST, SCHEMA

_SHA256 = re.compile("[0-9a-f]{64}")
_BESIDE = ("images", "annotations")  # links to the current generation

PictureRow = tuple[str, str, int, int, int]
"""Of a picture, as the manifest has it: path, SHA-256, bytes, width, height."""


@dataclass(frozen=True)
class PicturesTask:
    """A manifest for a worker to read."""

    reader: Reader


@dataclass
class PicturesOutcome:
    """What is wrong with the manifest by itself, and the pictures that it lists; none where it can't be read."""

    problems: list[Problem] = field(default_factory=list)
    pictures: list[PictureRow] | None = None
    labels: list[str] = field(default_factory=list)


def check_pictures(task: PicturesTask) -> PicturesOutcome:
    """Read ``manifest.parquet`` and compare its rows with what they must be like and with one another."""
    try:
        rows = read_rows(task.reader, MANIFEST, MANIFEST, SCHEMA)
    except FormError as error:
        return PicturesOutcome([problem(error.kind, error.path, str(error))])
    problems = [*twice(MANIFEST, rows, "finding_id", "its finding"), *twice(MANIFEST, rows, "path", "its picture")]
    for row in rows:
        for kind, what in _faults(row):
            problems.append(problem(kind, MANIFEST, f"{scan_name(row['scan_id'])}: {what}"))
    problems += _contradictions(rows)
    pictures = [(row["path"], row["sha256"], row["size_bytes"], row["width"], row["height"]) for row in rows]
    return PicturesOutcome(problems, pictures, sorted({row["label"] for row in rows}))


def _faults(row: Row) -> Iterator[tuple[Kind, str]]:
    try:
        check_name(row["label"])
        check_name(row["scan_id"])
    except UnsafePathError as error:
        yield "format", str(error)
    if row["path"] != f"{row['label']}/{row['scan_id']}.png":
        yield "disagreement", "its path is not that of its label and scan"
    if not _SHA256.fullmatch(row["sha256"]) or not _SHA256.fullmatch(row["source_sha256"]):
        yield "format", "a SHA-256 is none"
    if min(row["width"], row["height"]) < 1 or row["width"] * row["height"] > MAX_PIXELS or row["boxes_drawn"] < 0:
        yield "dimensions", "its picture can't have this size, or this number of boxes"


def _contradictions(rows: Sequence[Row]) -> Iterator[Problem]:
    """Pictures of one scan were drawn from one image."""
    sources: dict[str, tuple[object, ...]] = {}
    for row in rows:
        source = (row["source_image"], row["source_sha256"], row["width"], row["height"])
        if sources.setdefault(row["scan_id"], source) != source:
            yield problem(
                "disagreement", MANIFEST, f"{scan_name(row['scan_id'])}: its pictures are of different images"
            )


def place_pictures(tree: Tree, outcome: PicturesOutcome) -> Placement:
    """Look for every picture, and for what else lies in the label folders."""
    found = Placement()
    pictures = outcome.pictures or []
    listed = {path for path, *_ in pictures}
    for path, sha256, size_bytes, _, _ in pictures:
        entry = tree.entries.get(path)
        if entry is None:
            found.problems.append(problem("missing", path, "it is not there"))
        elif entry.kind != "file":
            found.problems.append(problem("no_file", path, "something else lies there instead of the picture"))
        elif entry.size_bytes != size_bytes:
            what = f"it has {entry.size_bytes:,} bytes instead of {size_bytes:,}"
            found.problems.append(problem("changed", path, what))
        elif size_bytes > PICTURE_BYTES:
            found.problems.append(problem("format", path, f"more than {PICTURE_BYTES:,} bytes are not read"))
        else:
            found.files.append(FileToCheck(path, path, size_bytes, sha256, is_picture=True))
    for path, entry in tree.entries.items():
        top = path.split("/")[0]
        if path in listed or path == MANIFEST or top in {DESTINATION, PARTIAL}:
            continue
        if path in _BESIDE and entry.leads_to is not None:
            expected = f"{DESTINATION}/current/{path}"
            if posixpath.normpath(entry.leads_to) != expected:
                found.problems.append(problem("link", path, f"it does not lead to {expected}"))
        elif top in outcome.labels:
            found.problems.append(problem("extra", path, "the manifest does not list it"))
        else:
            found.notes.append(note(path, "it belongs to no label folder of the manifest"))
    return found
