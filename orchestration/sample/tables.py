"""The raw tables of the sample, as CSV files that ``doubleread load`` takes."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.labels import LABELS, PATTERNS
from orchestration.sample.anatomy import DETECTOR_MM, Breast, Lesion, Side, View
from orchestration.sample.scenario import Carelessness, Reading, Study

SCAN_COLUMNS = (
    *("id", "mmg_study_id", "png_image", "file_name"),
    *("rows", "columns", "pixel_spacing_row", "pixel_spacing_column"),
)
ANNOTATION_COLUMNS = ("id", "mmg_scan_id", "user_id", "annotation_bboxes", *LABELS, "created_at")
MARGIN = 1.25
"""Half a box's side, in radii of the lesion."""


@dataclass(frozen=True)
class Scan:
    """One image of a study, ``image`` being its path in the image store."""

    number: int
    study_number: int
    view: View
    image: str
    size: tuple[int, int]

    @property
    def spacing_mm(self) -> float:
        """Distance of neighbouring pixels."""
        return DETECTOR_MM[0] / self.size[0]


def scans_of(study: Study, study_number: int, size: tuple[int, int]) -> list[Scan]:
    """The study's scans, numbered within its number; a view taken again has a name of its own."""
    scans = []
    for position, view in enumerate(study.views):
        again = study.views[:position].count(view)
        name = f"{view.side}_{view.projection}" + (f"_{again + 1}" if again else "")
        scans.append(Scan(study_number * 10 + position, study_number, view, f"mmg/{study_number}/{name}.png", size))
    return scans


def scan_row(scan: Scan) -> tuple[object, ...]:
    """The row of ``mmgscans_mmgscan``."""
    width, height = scan.size
    spacing = round(scan.spacing_mm, 6)
    return (scan.number, scan.study_number, scan.image, Path(scan.image).name, height, width, spacing, spacing)


def annotation_rows(
    study: Study, scans: Iterable[Scan], breasts: Mapping[Side, Breast], rng: np.random.Generator
) -> Iterator[tuple[object, ...]]:
    """The rows of ``mmgscans_mmgscanannotation``, without their ids.

    A reader boxes the lesions of the labels that the annotation calls true, each time a little differently.
    """
    scans = list(scans)
    for reading in study.readings:
        for scan in scans:
            if scan.view in reading.unread:
                continue
            said = {label: reading.says(label, scan.view) for label in LABELS}
            lesions = [lesion for lesion in breasts[scan.view.side].lesions if said[lesion.label]]
            boxes = [_box(scan, reading, breasts[scan.view.side], lesion, rng) for lesion in lesions]
            text = _boxes_text(boxes, reading.careless.get(scan.view))
            yield (scan.number, reading.reader, text, *map(_sql_boolean, said.values()), reading.at)


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> None:
    """Write rows under a line that names their columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _sql_boolean(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _box(scan: Scan, reading: Reading, breast: Breast, lesion: Lesion, rng: np.random.Generator) -> dict[str, Any]:
    """A box around the lesion, up to a fifth of its radius off and up to a quarter larger than need be."""
    centre = breast.centre(lesion, scan.view.projection)
    x = centre.x if scan.view.side == "L" else DETECTOR_MM[0] - centre.x
    dx, dy = rng.uniform(-0.2, 0.2, 2) * lesion.radius_mm
    half_width, half_height = rng.uniform(1, 1.25, 2) * MARGIN * lesion.radius_mm
    to_pixels = 1 / scan.spacing_mm
    return {
        "id": f"{scan.number}-{reading.reader}-{PATTERNS[lesion.label].lower().replace('. ', '-')}",
        "comment": PATTERNS[lesion.label],
        "mark": {
            "x": round((x + dx - half_width) * to_pixels),
            "y": round((centre.y + dy - half_height) * to_pixels),
            "width": round(2 * half_width * to_pixels),
            "height": round(2 * half_height * to_pixels),
            "type": "RECT",
        },
    }


def _boxes_text(boxes: list[dict[str, Any]], careless: Carelessness | None) -> str:
    """The boxes as JSON text, with one kind of carelessness where there is a box for it."""
    if careless is None or not boxes:
        return json.dumps(boxes)
    first, mark = boxes[0], boxes[0]["mark"]
    if careless == "malformed":
        return json.dumps(boxes)[:-20]
    if careless == "beyond_edge":
        mark |= {"x": -mark["height"] // 8, "width": mark["x"] + mark["width"] + mark["height"] // 8}
    elif careless == "inverted":
        for start, extent in (("x", "width"), ("y", "height")):
            mark |= {start: mark[start] + mark[extent], extent: -mark[extent]}
    elif careless == "empty":
        boxes.append({**first, "id": f"{first['id']}-empty", "mark": {**mark, "width": 0, "height": 0}})
    elif careless == "one_for_two":
        first["comment"] = f"{boxes[1]['comment'].upper()} with {first['comment'].lower()}"
        del boxes[1]
    elif careless == "no_comment":
        for box in boxes:
            del box["comment"]
    return json.dumps(boxes)
