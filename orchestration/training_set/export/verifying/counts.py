"""The counts of ``generation.json`` against the tables."""

from collections import Counter
from collections.abc import Iterator

from orchestration.training_set.export.generation import MANIFEST, ROLES, SIDES
from orchestration.training_set.export.verifying.agreement import Tables
from orchestration.training_set.export.verifying.material import Material
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables
from orchestration.training_set.export.verifying.yolo import listed


def check_counts(material: Material) -> Iterator[Problem]:
    """Count what the tables hold; of boxes that were left out nothing but their count is known."""
    tables, generation = read_tables(material), material.generation
    given = generation.contents.model_dump()
    counted = _counted(tables, generation.labels)
    for name, count in counted.items():
        if given[name] != count:
            yield problem("count", MANIFEST, f"its {name} are not what the tables hold")
    if given["boxes_skipped"] < 0:
        yield problem("count", MANIFEST, "its boxes_skipped are below zero")
    splits = generation.splits
    studies = {scan["study_id"]: scan["group_id"] for scan in tables.scans.values()}
    if splits.studies != len(studies):
        yield problem("count", MANIFEST, "its studies are not as many as the tables have")
    # Only of a patient who is known can two studies be one group.
    of_group = Counter(studies.values())
    if not sum(count for count in of_group.values() if count > 1) <= splits.patient_known <= len(studies):
        yield problem("count", MANIFEST, "patient_known can't be right for these groups of studies")
    if len(splits.ratios) != len(SIDES) or min(splits.ratios) < 0 or not 0.999 < sum(splits.ratios) < 1.001:
        yield problem("count", MANIFEST, "its ratios are not three shares that add up to 1")


def _counted(tables: Tables, labels: list[str]) -> dict[str, object]:
    """What a manifest must say of the tables, by its own names."""
    scans = tables.scans.values()
    roles, sides = Counter(scan["role"] for scan in scans), Counter(scan["side"] for scan in scans)
    studies = {(label, scan["side"], scan["study_id"]) for scan in scans for label in scan["labels"]}
    of_label = Counter((label, side) for label, side, _ in studies)
    return {
        "scans": len(tables.scans),
        "findings": sum(len(scan["finding_ids"]) for scan in scans),
        "boxes": len(tables.boxes),
        "boxes_clipped": sum(box["clipped"] for box in tables.boxes.values()),
        "roles": {role: roles[role] for role in ROLES},
        "sides": {side: sides[side] for side in SIDES},
        "label_studies": {label: {side: of_label[label, side] for side in SIDES} for label in labels},
        "left_out_of_yolo": len(tables.scans) - len(listed(tables)),
    }
