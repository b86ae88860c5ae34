"""Which findings a contact sheet shows, and which part of a scan is shown close up."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.imaging.boxes import Area
from orchestration.labels import LABELS
from orchestration.training_set.export.exported import ExportedFinding, ExportedScan

TILES = 64  # on all sheets together, so that the page stays below 3 MB whatever there is
TILES_OF_A_LABEL = 16
LEAST_TILES = 2
MARGIN = 0.5  # around a box in its close-up, in longer sides of the box
SMALLEST_CLOSE_UP = 1 / 8  # of the image's shorter side


@dataclass(frozen=True, slots=True)
class Tile:
    """A finding on a sheet; ``close_up`` is the part of the scan around its largest box, None where it has no box."""

    scan: ExportedScan
    finding: ExportedFinding
    close_up: Area | None


def choose_tiles(scans: Iterable[ExportedScan]) -> dict[str, list[Tile]]:
    """The tiles of each label: one for each of some studies, which a hash chooses, so that they stay when others come.

    A scan with boxes stands for its study, if it has one.
    """
    studies: dict[str, dict[str, tuple[tuple[bool, bytes], ExportedScan, ExportedFinding]]] = {
        label: {} for label in LABELS
    }
    for scan in scans:
        for finding in scan.findings:
            of_label = studies[finding.label]
            rank = (not finding.boxes, _hash(scan.scan_id))
            if scan.study_id not in of_label or rank < of_label[scan.study_id][0]:
                of_label[scan.study_id] = (rank, scan, finding)
    most = max(LEAST_TILES, min(TILES_OF_A_LABEL, TILES // len(LABELS)))
    return {
        label: [_tile(*of_label[study][1:]) for study in _first(of_label, most)] for label, of_label in studies.items()
    }


def _first(studies: Iterable[str], most: int) -> Sequence[str]:
    return sorted(studies, key=_hash)[:most]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _tile(scan: ExportedScan, finding: ExportedFinding) -> Tile:
    return Tile(scan, finding, _close_up(scan, finding))


def _close_up(scan: ExportedScan, finding: ExportedFinding) -> Area | None:
    """A square around the largest box, moved into the image where it would reach beyond it."""
    if not finding.boxes:
        return None
    box = max((one.placed for one in finding.boxes), key=lambda placed: placed.width * placed.height)
    width, height = scan.clean.width, scan.clean.height
    longest = max(box.width, box.height) * (1 + 2 * MARGIN)
    side = round(min(max(longest, SMALLEST_CLOSE_UP * min(width, height), 1), width, height))
    left = round(min(max(box.x + box.width / 2 - side / 2, 0), width - side))
    top = round(min(max(box.y + box.height / 2 - side / 2, 0), height - side))
    return Area(left, top, left + side, top + side)
