"""YOLO's lists, label files and ``data.yaml`` against the tables."""

import math
from collections.abc import Iterator, Sequence

import yaml

from orchestration.training_set.export.generation import SIDES
from orchestration.training_set.export.layout import IMAGES, SCANS, YOLO
from orchestration.training_set.export.verifying.agreement import Row, Tables, compare_scans, scan_name
from orchestration.training_set.export.verifying.material import FormError, Material
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables

_DATA = f"{YOLO}/data.yaml"
_DATA_BYTES = 1 << 20
_SHARE = 1e-9  # of an image, by which a number may differ

Line = tuple[int, float, float, float, float]


def listed(tables: Tables) -> list[str]:
    """The scans of which boxes tell a detector the truth, which are all that YOLO's lists may hold."""
    return [scan_id for scan_id, scan in tables.scans.items() if _is_listed(scan, tables.boxes_of.get(scan_id, []))]


def _is_listed(scan: Row, boxes: Sequence[Row]) -> bool:
    with_boxes = {box["finding_id"] for box in boxes}
    return scan["role"] != "hard_case" and all(finding_id in with_boxes for finding_id in scan["finding_ids"])


def check_yolo(material: Material) -> Iterator[Problem]:
    """Compare the names of classes, the list of each side, and each label file with the tables."""
    tables = read_tables(material)
    yield from _check_data(material)
    expected = {scan_id: {"side": tables.scans[scan_id]["side"]} for scan_id in listed(tables)}
    for side in SIDES:
        yield from _check_list(material, side, tables, expected)
    files = {path for path in material.locations if path.startswith(f"{YOLO}/labels/")}
    for scan_id in expected:
        path = f"{YOLO}/labels/{scan_id}.txt"
        if path not in files:
            yield problem("disagreement", path, f"{SCANS} asks for this file, and the manifest does not list it")
            continue
        files.remove(path)
        yield from _check_labels(material, path, tables.scans[scan_id], tables.boxes_of.get(scan_id, []))
    for path in sorted(files):
        yield problem("disagreement", path, f"{SCANS} asks for no such file")


def _check_data(material: Material) -> Iterator[Problem]:
    try:
        data = yaml.safe_load(material.text(_DATA, _DATA_BYTES))
    except (yaml.YAMLError, RecursionError, ValueError):
        raise FormError("format", _DATA, "it is no YAML") from None
    names = dict(enumerate(material.generation.labels))
    if data != {"train": "train.txt", "val": "validation.txt", "test": "test.txt", "names": names}:
        yield problem(
            "disagreement", _DATA, "its classes are not the labels of the manifest, or its lists not the sides"
        )


def _check_list(
    material: Material, side: str, tables: Tables, expected: dict[str, dict[str, str]]
) -> Iterator[Problem]:
    path = f"{YOLO}/{side}.txt"
    seen: list[tuple[str, Row]] = []
    for number, line in enumerate(material.text(path).splitlines(), start=1):
        name = line.removeprefix(f"./{IMAGES}/").removesuffix(".png")
        if line != f"./{IMAGES}/{name}.png":
            yield problem("format", path, f"line {number:,} is no image")
        elif name in tables.scans and name not in expected:
            yield problem("disagreement", path, f"{scan_name(name)} has a finding without a box, or is a hard case")
        else:
            seen.append((name, expected.get(name, {})))
    yield from compare_scans(path, expected, seen, side=side)


def _check_labels(material: Material, path: str, scan: Row, boxes: Sequence[Row]) -> Iterator[Problem]:
    labels = material.generation.labels
    expected = sorted(_line(box, scan, labels) for box in boxes)
    found = sorted(_parsed(path, number, line) for number, line in enumerate(material.text(path).splitlines(), start=1))
    if len(found) != len(expected):
        what = f"{scan_name(scan['scan_id'])} has {len(found):,} boxes in it and {len(expected):,} in the table"
        yield problem("disagreement", path, what)
    elif [line[0] for line in found] != [line[0] for line in expected]:
        yield problem("disagreement", path, f"{scan_name(scan['scan_id'])}: a class is not that of {SCANS}")
    elif not all(map(_are_close, found, expected)):
        yield problem("disagreement", path, f"{scan_name(scan['scan_id'])}: a box is not that of the table")


def _line(box: Row, scan: Row, labels: Sequence[str]) -> Line:
    width, height = scan["width"], scan["height"]
    return (
        labels.index(box["label"]) if box["label"] in labels else -1,
        (box["x"] + box["width"] / 2) / width,
        (box["y"] + box["height"] / 2) / height,
        box["width"] / width,
        box["height"] / height,
    )


def _parsed(path: str, number: int, line: str) -> Line:
    try:
        kind, *numbers = line.split(" ")
        x, y, width, height = map(float, numbers)
        return int(kind), x, y, width, height
    except ValueError:
        raise FormError("format", path, f"line {number:,} is not a class and four numbers") from None


def _are_close(ours: Line, theirs: Line) -> bool:
    return all(math.isclose(one, other, rel_tol=0, abs_tol=_SHARE) for one, other in zip(ours, theirs, strict=True))
