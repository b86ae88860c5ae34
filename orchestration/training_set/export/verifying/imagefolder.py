"""What describes the images in folders, and the links of ``splits/`` and ``classes/``, against the tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import (
    HARD_CASE,
    IMAGES,
    METADATA,
    METADATA_SCHEMA,
    NO_FINDING,
    SCANS,
    YOLO,
    metadata_file,
)
from orchestration.training_set.export.verifying.agreement import Row, Tables, compare_scans, scan_name
from orchestration.training_set.export.verifying.coco import Rejected
from orchestration.training_set.export.verifying.material import Form, Material, parsed
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables


class _Objects(Form):
    id: list[int]
    bbox: list[list[float]]
    category: list[int]
    reader: list[str]
    clipped: list[bool]


class Described(Form):
    """An image as ``METADATA_SCHEMA`` has it."""

    file_name: str
    scan_id: str
    study_id: str
    side: str
    role: str
    width: int
    height: int
    labels: list[str]
    rejected: list[Rejected]
    objects: _Objects


def check_imagefolder(material: Material) -> Iterator[Problem]:
    """Compare each line, and each row of the sides' files, with the tables."""
    tables = read_tables(material)
    expected = described(tables, material.generation.labels)
    lines = material.read(METADATA).splitlines()
    seen = (parsed(METADATA, line, Described, number) for number, line in enumerate(lines, start=1))
    yield from compare_scans(METADATA, expected, ((line.scan_id, line.row()) for line in seen))
    for side in SIDES:
        path = metadata_file(side)
        if path in material.locations or any(row["side"] == side for row in expected.values()):
            rows = material.rows(path, METADATA_SCHEMA)
            yield from compare_scans(path, expected, ((row["scan_id"], row) for row in rows), side=side)


def described(tables: Tables, labels: Sequence[str]) -> Mapping[str, Row]:
    """Every scan as the formats of folders and shards describe it."""
    return {scan_id: described_scan(tables, scan, labels) for scan_id, scan in tables.scans.items()}


def described_scan(tables: Tables, scan: Row, labels: Sequence[str]) -> dict[str, Any]:
    """A scan as the formats of folders and shards describe it, boxes in the order of their findings."""
    boxes = tables.boxes_of.get(scan["scan_id"], [])
    same = ("scan_id", "study_id", "side", "role", "width", "height", "labels", "rejected")
    return {
        "file_name": f"{scan['scan_id']}.png",
        **{name: scan[name] for name in same},
        "objects": {
            "id": [box["box_id"] for box in boxes],
            "bbox": [[box["x"], box["y"], box["width"], box["height"]] for box in boxes],
            "category": [labels.index(box["label"]) if box["label"] in labels else None for box in boxes],
            "reader": [box["reader"] for box in boxes],
            "clipped": [box["clipped"] for box in boxes],
        },
    }


def check_links(material: Material) -> Iterator[Problem]:
    """Compare the links of the manifest with those that sides and labels ask for."""
    tables = read_tables(material)
    expected = {f"{YOLO}/{IMAGES}": (IMAGES, "")}
    for scan in tables.scans.values():
        for path in _links(scan):
            expected[path] = (scan["path"], scan["scan_id"])
    links = material.generation.links
    for path, (target, scan_id) in expected.items():
        if path not in links:
            named = f"{SCANS} asks for this link, of {scan_name(scan_id)}" if scan_id else "YOLO needs this link"
            yield problem("disagreement", path, f"{named}, and the manifest lists none")
        elif links[path] != target:
            yield problem("disagreement", path, f"the manifest lets it lead elsewhere than to {target}")
    for path in links:
        if path not in expected:
            scan_row = tables.scans.get(path.rpartition("/")[2].removesuffix(".png"))
            is_of_other_side = scan_row is not None and path.split("/")[1:2] != [scan_row["side"]]
            what = "its scan is on another side in" if is_of_other_side else "no row asks for this link in"
            yield problem("side" if is_of_other_side else "disagreement", path, f"{what} {SCANS}")


def _links(scan: Row) -> Iterator[str]:
    name = f"{scan['scan_id']}.png"
    yield f"splits/{scan['side']}/{name}"
    of_role = {"negative": [NO_FINDING], "hard_case": [HARD_CASE], "finding": scan["labels"]}
    for one in of_role.get(scan["role"], ()):
        yield f"classes/{scan['side']}/{one}/{name}"
