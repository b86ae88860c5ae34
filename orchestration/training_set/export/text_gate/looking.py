"""What workers do: look for text on the verified copy of a scan. They import this and no store."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from orchestration.imaging import ImageError, read_image
from orchestration.imaging.text import FINDING_VERSION, Markers, TextRegion, find_text
from orchestration.training_set.copies import DamagedCopyError, read_copy


@dataclass(frozen=True)
class LookingTask:
    """A scan to look at. ``source`` must have the SHA-256 ``source_sha256``."""

    source: Path
    source_sha256: str
    markers: Markers


@dataclass(frozen=True)
class FoundText:
    """A region with text that is no view marker, in pixels of the scan, and roughly where that is."""

    x: int
    y: int
    width: int
    height: int
    place: str


@dataclass(frozen=True)
class LookingOutcome:
    """The regions of a scan, or the reason why nobody knows whether it has any."""

    regions: tuple[FoundText, ...] | None = None
    reason: str | None = None


def detector(markers: Markers) -> str:
    """What decides which text is found: an image that another one looked at is looked at again."""
    words = hashlib.sha256("\n".join(sorted(markers.words)).encode()).hexdigest()[:8]
    return f"rapidocr {version('rapidocr')}, {FINDING_VERSION}, markers {words}"


def look(task: LookingTask) -> LookingOutcome:
    """Look for text; a scan that can't be read is an outcome, not an exception."""
    try:
        image = read_image(read_copy(task.source, task.source_sha256))
    except DamagedCopyError as error:
        return LookingOutcome(reason=str(error))
    except ImageError as error:
        return LookingOutcome(reason=f"its scan can't be looked at for text: {error}")
    height, width = image.shape[:2]
    return LookingOutcome(
        tuple(_found(region, width, height) for region in find_text(image, task.markers) if not region.is_marker)
    )


def _found(region: TextRegion, width: int, height: int) -> FoundText:
    return FoundText(region.x, region.y, region.width, region.height, region.place(width, height))
