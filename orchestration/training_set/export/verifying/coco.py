"""COCO's files, that of all scans and those of the sides, against the tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import COCO, side_file
from orchestration.training_set.export.verifying.agreement import Row, compare_boxes, compare_scans
from orchestration.training_set.export.verifying.material import Form, Material
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables


class Rejected(Form):
    """A label that was rejected, and why."""

    label: str
    reason: str


class _Image(Form):
    id: int
    file_name: str
    width: int
    height: int
    scan_id: str
    study_id: str
    side: str
    role: str
    labels: list[str]
    rejected: list[Rejected]
    to_source: list[float]
    from_source: list[float]


class _Annotation(Form):
    id: int
    image_id: int
    category_id: int
    bbox: list[float]
    area: float
    iscrowd: int
    segmentation: list[float]
    reader: str
    finding_id: str
    clipped: bool
    source_bbox: list[float]


class _Category(Form):
    id: int
    name: str
    supercategory: str
    caption: str


class _File(Form):
    info: dict[str, str]
    licenses: list[str]
    categories: list[_Category]
    images: list[_Image]
    annotations: list[_Annotation]


def check_coco(material: Material) -> Iterator[Problem]:
    """Compare images, boxes and categories of each file with the tables."""
    tables = read_tables(material)
    labels = material.generation.labels
    images = {scan_id: _image(scan) for scan_id, scan in tables.scans.items()}
    boxes = {
        box_id: _annotation(box, tables.scans.get(box["scan_id"], {}), labels) for box_id, box in tables.boxes.items()
    }
    for side in (None, *SIDES):
        path = COCO if side is None else side_file(side)
        found = material.json(path, _File)
        if [(category.id, category.name) for category in found.categories] != list(enumerate(labels, start=1)):
            yield problem("disagreement", path, "its categories are not the labels of the manifest, numbered from 1")
        yield from compare_scans(path, images, ((image.scan_id, image.row()) for image in found.images), side=side)
        needed = [box_id for box_id, box in tables.boxes.items() if side in {None, box["side"]}]
        yield from compare_boxes(path, tables, boxes, ((one.id, one.row()) for one in found.annotations), needed)


def _image(scan: Row) -> dict[str, Any]:
    same = ("width", "height", "study_id", "side", "role", "labels", "rejected", "to_source", "from_source")
    return {"id": scan["image_id"], "file_name": scan["path"], **{name: scan[name] for name in same}}


def _annotation(box: Row, scan: Row, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "image_id": scan.get("image_id"),
        "category_id": labels.index(box["label"]) + 1 if box["label"] in labels else None,
        "bbox": [box["x"], box["y"], box["width"], box["height"]],
        "area": box["width"] * box["height"],
        "iscrowd": 0,
        "segmentation": [],
        "reader": box["reader"],
        "finding_id": box["finding_id"],
        "clipped": box["clipped"],
        "source_bbox": [box["source_x"], box["source_y"], box["source_width"], box["source_height"]],
    }
