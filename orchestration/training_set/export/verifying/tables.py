"""``scans.parquet`` and ``boxes.parquet``: each by itself and with the other, before others are compared with them."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import cast

from orchestration.imaging import Box
from orchestration.stores import UnsafePathError, check_name
from orchestration.training_set.export.boxes import Map, PlacedBox, box_keys, mapped, placed, stable_ids
from orchestration.training_set.export.generation import ROLES, SIDES, Generation
from orchestration.training_set.export.layout import BOXES, BOXES_SCHEMA, IMAGES, SCANS, SCANS_SCHEMA
from orchestration.training_set.export.splits import Rule
from orchestration.training_set.export.verifying.agreement import Row, Tables, scan_name, twice
from orchestration.training_set.export.verifying.material import Material, read_rows
from orchestration.training_set.export.verifying.problems import Kind, Problem, problem
from orchestration.training_set.export.verifying.tree import Reader

_PIXELS = 1e-6  # by which coordinates that were computed twice may differ
_SHA256 = re.compile("[0-9a-f]{64}")


def read_tables(material: Material) -> Tables:
    """The rows of both tables; of equal ids the last.

    Raises:
        FormError: one of them is not what doubleread writes.
    """
    scans, boxes = _rows(material)
    tables = Tables({scan["scan_id"]: scan for scan in scans}, {box["box_id"]: box for box in boxes})
    for box in boxes:
        tables.boxes_of.setdefault(box["scan_id"], []).append(box)
    return tables


def _rows(material: Material) -> tuple[list[Row], list[Row]]:
    scans, boxes = (material.locations.get(path, "") for path in (SCANS, BOXES))
    return _read_once(material.reader, scans, boxes, material.generation.id)


@lru_cache(maxsize=1)  # a worker compares several formats with them
def _read_once(reader: Reader, scans: str, boxes: str, generation_id: str) -> tuple[list[Row], list[Row]]:  # noqa: ARG001
    return [*read_rows(reader, SCANS, scans, SCANS_SCHEMA)], [*read_rows(reader, BOXES, boxes, BOXES_SCHEMA)]


def check_tables(material: Material) -> Iterator[Problem]:
    """Compare each row with what its columns must be like, and with the other rows."""
    scans, boxes = _rows(material)
    for column, what in (("scan_id", "it"), ("image_id", "its number"), ("path", "its image")):
        yield from twice(SCANS, scans, column, what)
    yield from twice(BOXES, boxes, "box_id", "a box's number")
    for scan in scans:
        for kind, what in _faults_of_scan(scan, material.generation):
            yield problem(kind, SCANS, f"{scan_name(scan['scan_id'])}: {what}")
    yield from _wrong_numbers(scans, boxes)
    yield from _divided(scans, material.generation)
    by_id = {scan["scan_id"]: scan for scan in scans}
    hashes: dict[str, str] = {}
    for box in boxes:
        for kind, what in _faults_of_box(box, by_id.get(box["scan_id"]), hashes):
            yield problem(kind, BOXES, f"box {box['box_id']} of {scan_name(box['scan_id'])}: {what}")


def _faults_of_scan(scan: Row, generation: Generation) -> Iterator[tuple[Kind, str]]:
    """What is wrong with a row of ``scans.parquet`` by itself."""
    try:
        check_name(scan["scan_id"])
    except UnsafePathError as error:
        yield "format", str(error)
    if scan["path"] != f"{IMAGES}/{scan['scan_id']}.png":
        yield "disagreement", "its path is not that of its image"
    if scan["side"] not in SIDES or scan["role"] not in ROLES:
        yield "format", f"its side must be one of {', '.join(SIDES)}, its role one of {', '.join(ROLES)}"
    if not _SHA256.fullmatch(scan["sha256"]) or not _SHA256.fullmatch(scan["source_sha256"]):
        yield "format", "a SHA-256 is none"
    if min(scan["width"], scan["height"], scan["size_bytes"]) < 1:
        yield "dimensions", "its image has no pixels"
    if scan["bits"] not in {8, generation.bits} or scan["channels"] not in {1, 3}:
        yield "dimensions", f"its image can't have this many bits or channels in a generation of {generation.bits} bits"
    yield from _faults_of_labels(scan, generation.labels)
    if not _are_inverse(scan["to_source"], scan["from_source"]):
        yield "box", "from_source does not undo to_source"


def _faults_of_labels(scan: Row, known: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    labels, rejected = scan["labels"], [item["label"] for item in scan["rejected"]]
    if not set(labels) <= set(known) or not set(rejected) <= set(known):
        yield "disagreement", "it has a label that the manifest does not list"
    elif labels != sorted(set(labels), key=known.index):
        yield "disagreement", "its labels are not in the order of the manifest, or twice"
    if len(scan["finding_ids"]) != len(labels):
        yield "disagreement", "it has not as many findings as labels"
    if bool(labels) != (scan["role"] == "finding"):
        yield "disagreement", "its role does not go with its labels"
    if set(labels) & set(rejected):
        yield "disagreement", "a label is both found and rejected"


def _are_inverse(to_source: Sequence[float], from_source: Sequence[float]) -> bool:
    there, back = cast("Map", tuple(to_source)), cast("Map", tuple(from_source))
    if not all(map(math.isfinite, (*there, *back))):
        return False
    unit = (1.0, 2.0, 3.0, 4.0)
    return all(abs(a - b) <= _PIXELS for a, b in zip(mapped(back, *mapped(there, *unit)), unit, strict=True))


def _wrong_numbers(scans: Sequence[Row], boxes: Sequence[Row]) -> Iterator[Problem]:
    """Numbers follow from what they stand for, so that they are the same in all generations."""
    numbers = stable_ids(scan["scan_id"] for scan in scans)
    for scan in scans:
        if scan["image_id"] != numbers[scan["scan_id"]]:
            yield problem(
                "disagreement", SCANS, f"{scan_name(scan['scan_id'])}: its number does not follow from its id"
            )
    of_finding: dict[str, list[Row]] = defaultdict(list)
    for box in boxes:
        of_finding[box["finding_id"]].append(box)
    keys = {
        finding_id: box_keys(finding_id, [_placed(box) for box in found]) for finding_id, found in of_finding.items()
    }
    ids = stable_ids(key for found in keys.values() for key in found)
    for finding_id, found in of_finding.items():
        for key, box in zip(keys[finding_id], found, strict=True):
            if box["box_id"] != ids[key]:
                name = scan_name(box["scan_id"])
                yield problem("disagreement", BOXES, f"box {box['box_id']} of {name}: its number is another's")


def _placed(box: Row) -> PlacedBox:
    return PlacedBox(box["reader"], box["x"], box["y"], box["width"], box["height"], box["clipped"], _source(box))


def _source(box: Row) -> tuple[float, float, float, float]:
    return box["source_x"], box["source_y"], box["source_width"], box["source_height"]


def _divided(scans: Sequence[Row], generation: Generation) -> Iterator[Problem]:
    """Studies and groups on two sides; groups that are none; sides that do not follow from the salt."""
    groups: dict[str, dict[str, str]] = defaultdict(dict)
    for scan in scans:
        study = groups[scan["group_id"]]
        side = study.setdefault(scan["study_id"], scan["side"])
        if side != scan["side"]:
            yield problem("side", SCANS, f"{scan_name(scan['scan_id'])}: its study is on two sides")
    studies = [study for group in groups.values() for study in group]
    if len(set(studies)) != len(studies):
        yield problem("side", SCANS, "a study is in two groups")
    rule = Rule(generation.splits.salt, cast("tuple[float, float, float]", tuple(generation.splits.ratios)))
    first = {scan["group_id"]: scan["scan_id"] for scan in reversed(scans)}
    for group_id, sides in groups.items():
        named = scan_name(first[group_id])
        if len(set(sides.values())) > 1:
            yield problem("side", SCANS, f"{named}: its patient is on two sides")
        if group_id != min(sides):
            yield problem("disagreement", SCANS, f"{named}: its group is not named by the group's first study")
        elif not generation.splits.patient_known and set(sides.values()) != {rule.side(f"study {group_id}")}:
            yield problem("side", SCANS, f"{named}: its side does not follow from the salt")


def _faults_of_box(box: Row, scan: Row | None, hashes: dict[str, str]) -> Iterator[tuple[Kind, str]]:
    """What is wrong with a row of ``boxes.parquet`` by its scan."""
    if scan is None:
        yield "disagreement", f"its scan is not in {SCANS}"
        return
    if box["side"] != scan["side"]:
        yield "side", f"it is on another side than its scan in {SCANS}"
    if box["study_id"] != scan["study_id"]:
        yield "disagreement", f"its study is not that of {SCANS}"
    if (box["label"], box["finding_id"]) not in list(zip(scan["labels"], scan["finding_ids"], strict=False)):
        yield "disagreement", f"its label and finding are not in {SCANS}"
    if hashes.setdefault(box["finding_id"], box["finding_hash"]) != box["finding_hash"]:
        yield "disagreement", "its finding has two hashes"
    if not _lies_inside(box, scan["width"], scan["height"]):
        yield "box", "it lies outside its image, or has no area"
    elif not _is_of_source(box, scan):
        yield "box", "it is not what the reader drew, by from_source, less what the edge cuts"


def _lies_inside(box: Row, width: int, height: int) -> bool:
    x, y, wide, high = box["x"], box["y"], box["width"], box["height"]
    return bool(0 <= x < x + wide <= width + _PIXELS and 0 <= y < y + high <= height + _PIXELS)


def _is_of_source(box: Row, scan: Row) -> bool:
    source = _source(box)
    if not all(map(math.isfinite, (*source, *scan["from_source"]))):
        return False
    drawn = mapped(cast("Map", tuple(scan["from_source"])), *source)
    seen = placed(Box(box["reader"], *drawn), scan["width"], scan["height"])
    return seen is not None and seen.clipped == box["clipped"] and all(
        abs(ours - theirs) <= _PIXELS
        for ours, theirs in zip((seen.x, seen.y, seen.width, seen.height),
                                (box["x"], box["y"], box["width"], box["height"]), strict=True)
    )  # fmt: skip
