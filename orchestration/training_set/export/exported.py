"""A scan as an export holds it: what every writer of annotations takes, and nothing of the patient."""

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.training_set.export.boxes import PlacedBox, box_keys, placed, stable_ids
from orchestration.training_set.export.generation import Role, Side
from orchestration.training_set.export.images import MadeImage
from orchestration.training_set.export.layout import IMAGES, sample_key
from orchestration.training_set.export.selection import Selected, SelectedFinding


@dataclass(frozen=True, slots=True)
class ExportedBox:
    """A box with its number, which is the same in every generation that holds it."""

    box_id: int
    placed: PlacedBox


@dataclass(frozen=True, slots=True)
class ExportedFinding:
    """A finding of a scan, with those of its boxes that lie on the image; ``skipped`` counts those that do not."""

    finding_id: str
    label: str
    finding_hash: str
    boxes: tuple[ExportedBox, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class ExportedScan:
    """A scan, its image, and what is known of it.

    Attributes:
        number: an integer for formats that want one, the same in every generation.
        scan_id: as in the marts.
        study_id: likewise.
        group_id: the same for all studies of a patient, where one is known; says nothing else.
        side: train, validation or test.
        role: what the scan is to a network.
        rejected: labels of the study that some reader calls true and that are not double-matched, with the reason.
        findings: in the order of the labels.
        clean: the clean image.
        source_sha256: of the image as the store has it.
    """

    number: int
    scan_id: str
    study_id: str
    group_id: str
    side: Side
    role: Role
    rejected: tuple[tuple[str, str], ...]
    findings: tuple[ExportedFinding, ...]
    clean: MadeImage
    source_sha256: str

    @property
    def path(self) -> str:
        """The image below the generation."""
        return f"{IMAGES}/{self.file_name}"

    @property
    def file_name(self) -> str:
        """The image's name."""
        return f"{self.scan_id}.png"

    @property
    def key(self) -> str:
        """A short name without a dot, which WebDataset would take for the beginning of an ending."""
        return sample_key(self.number)

    @property
    def labels(self) -> list[str]:
        """The labels of the findings."""
        return [finding.label for finding in self.findings]

    @property
    def disputed(self) -> list[dict[str, str]]:
        """What was rejected, as files list it."""
        return [{"label": label, "reason": reason} for label, reason in self.rejected]

    @property
    def lacks_boxes(self) -> bool:
        """Whether some finding has no box on the image, so that boxes alone would tell a detector something wrong."""
        return any(not finding.boxes for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Ready:
    """A selected scan with its image, group and side."""

    selected: Selected
    clean: MadeImage
    source_sha256: str
    group_id: str
    side: Side


def exported(scans: Sequence[Ready]) -> list[ExportedScan]:
    """The scans with numbers, and with their boxes placed on their images."""
    numbers = stable_ids(scan.selected.scan_id for scan in scans)
    boxes = {finding.finding_id: _placed(finding, scan.clean) for scan in scans for finding in scan.selected.findings}
    keys = {finding_id: box_keys(finding_id, found) for finding_id, found in boxes.items()}
    box_ids = stable_ids(key for found in keys.values() for key in found)

    def finding_of(finding: SelectedFinding) -> ExportedFinding:
        found = boxes[finding.finding_id]
        numbered = tuple(
            ExportedBox(box_ids[key], box) for key, box in zip(keys[finding.finding_id], found, strict=True)
        )
        skipped = len(finding.boxes) - len(found)
        return ExportedFinding(finding.finding_id, finding.label, finding.finding_hash, numbered, skipped)

    return [
        ExportedScan(
            numbers[scan.selected.scan_id],
            scan.selected.scan_id,
            scan.selected.study_id,
            scan.group_id,
            scan.side,
            scan.selected.role,
            scan.selected.rejected,
            tuple(map(finding_of, scan.selected.findings)),
            scan.clean,
            scan.source_sha256,
        )
        for scan in scans
    ]


def _placed(finding: SelectedFinding, image: MadeImage) -> list[PlacedBox]:
    found = (placed(box, image.width, image.height) for box in finding.boxes)
    return [box for box in found if box is not None]
