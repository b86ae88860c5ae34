"""What changed since another generation: for whoever trained on that one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from orchestration.training_set.export.layout import BOXES, SCANS
from orchestration.training_set.export.verifying.agreement import Row, Tables
from orchestration.training_set.export.verifying.locating import Copy, VerificationError
from orchestration.training_set.export.verifying.material import FormError, Material
from orchestration.training_set.export.verifying.tables import read_tables


@dataclass
class Changes:
    """What differs from an earlier generation, by ids. ``moved`` has scans that are on another side now."""

    since: str
    moved: list[tuple[str, str, str]] = field(default_factory=list)
    images_added: list[str] = field(default_factory=list)
    images_removed: list[str] = field(default_factory=list)
    images_changed: list[str] = field(default_factory=list)
    roles_changed: list[str] = field(default_factory=list)
    findings_added: list[str] = field(default_factory=list)
    findings_removed: list[str] = field(default_factory=list)
    boxes_added: list[str] = field(default_factory=list)
    boxes_removed: list[str] = field(default_factory=list)
    boxes_changed: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many there are of each."""
        return {one.name: len(getattr(self, one.name)) for one in fields(self) if one.name != "since"}


@dataclass(frozen=True)
class ChangesTask:
    """Two generations for a worker to compare; each material has the tables."""

    earlier: Material
    later: Material


def material_of_tables(copy: Copy) -> Material:
    """What a worker needs to read the tables of a generation.

    Raises:
        VerificationError: the manifest does not list them.
    """
    locations = {path: copy.locations[path] for path in (SCANS, BOXES) if path in copy.locations}
    if len(locations) < 2:
        raise VerificationError(f"the generation {copy.generation.id} has no tables to compare with")
    return Material(copy.tree.reader, locations, copy.generation.model_copy(update={"files": [], "links": {}}))


def find_changes(task: ChangesTask) -> Changes:
    """What differs between two generations.

    Raises:
        VerificationError: a table can't be read.
    """
    try:
        before, after = read_tables(task.earlier), read_tables(task.later)
    except FormError as error:
        raise VerificationError(f"the generations can't be compared: {error.path}: {error}") from None
    changes = Changes(task.earlier.generation.id)
    both = [scan_id for scan_id in after.scans if scan_id in before.scans]
    for scan_id in both:
        old, new = before.scans[scan_id], after.scans[scan_id]
        if old["side"] != new["side"]:
            changes.moved.append((scan_id, old["side"], new["side"]))
        if old["sha256"] != new["sha256"]:
            changes.images_changed.append(scan_id)
        if old["role"] != new["role"]:
            changes.roles_changed.append(scan_id)
    changes.images_added, changes.images_removed = _differ(before.scans, after.scans)
    changes.findings_added, changes.findings_removed = _differ(_findings(before), _findings(after))
    old_boxes, new_boxes = _boxes(before), _boxes(after)
    changes.boxes_added, changes.boxes_removed = _differ(old_boxes, new_boxes)
    changes.boxes_changed = [
        key for key in new_boxes if key in old_boxes and _place(new_boxes[key]) != _place(old_boxes[key])
    ]
    return changes


def _differ(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[list[str], list[str]]:
    return [key for key in after if key not in before], [key for key in before if key not in after]


def _findings(tables: Tables) -> dict[str, None]:
    """Findings by scan and label, which is what a person knows them by."""
    return {f"{scan_id} {label}": None for scan_id, scan in tables.scans.items() for label in scan["labels"]}


def _boxes(tables: Tables) -> dict[str, Row]:
    return {f"{box_id} of {box['scan_id']} {box['label']}": box for box_id, box in tables.boxes.items()}


def _place(box: Row) -> tuple[float, ...]:
    return tuple(box[name] for name in ("x", "y", "width", "height"))
