"""What workers do: from a clean image to small JPEGs of it, whole and close up."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps

from orchestration.imaging import ImageError, read_image
from orchestration.imaging.boxes import Area
from orchestration.training_set.copies import DamagedCopyError, read_copy

if TYPE_CHECKING:
    from orchestration.stores import Place

# Raised with every change of what a thumbnail looks like: those of an earlier version are made again.
THUMBNAIL_VERSION = 1
LONGEST_SIDE = 240  # pixels: half as many on the page, for screens of double density
QUALITY = 72  # of the JPEG, of 100: 4 to 8 KB each
DARKEST_PERCENT, BRIGHTEST_PERCENT = 0.5, 0.1  # of the pixels of stored values, beyond which all are black or white


@dataclass(frozen=True)
class ThumbnailTask:
    """A clean image, where it lies, and the parts of it to make thumbnails of; None is the whole.

    Attributes:
        source: its path, or the destination that holds it at ``path``.
        path: of the object below the destination.
        sha256: of its content.
        stored_values: whether its samples are no rendering.
        inverted: whether greater samples are darker.
        areas: the parts.
    """

    source: "Path | Place"
    path: str
    sha256: str
    stored_values: bool
    inverted: bool
    areas: tuple[Area | None, ...]

    @property
    def keys(self) -> list[str]:
        """A name for each thumbnail that says everything that it is made of."""
        made_of = f"{THUMBNAIL_VERSION} {self.sha256} {self.stored_values} {self.inverted}"
        return [hashlib.sha256(f"{made_of} {area and tuple(area)}".encode()).hexdigest() for area in self.areas]


def make_thumbnails(task: ThumbnailTask) -> list[bytes] | None:
    """JPEGs without any metadata, one for each area; None where the image is not what was made.

    Raises:
        StoreError: the destination does not give it.
    """
    try:
        pixels = read_image(_read(task))
    except (DamagedCopyError, ImageError, MemoryError):
        return None
    image = Image.fromarray(pixels)
    return [_thumbnail(image if area is None else image.crop(area), task) for area in task.areas]


def _read(task: ThumbnailTask) -> bytes:
    """The image, whose SHA-256 is compared."""
    if isinstance(task.source, Path):
        return read_copy(task.source, task.sha256)
    data, _ = task.source.read(task.path)
    if hashlib.sha256(data).hexdigest() != task.sha256:
        raise DamagedCopyError("the object was changed since it was made")
    return data


def _thumbnail(image: Image.Image, task: ThumbnailTask) -> bytes:
    """Averaged, so that thin lines become paler and do not vanish; stored values are spread over all greys."""
    small = image.copy()
    small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if task.inverted:
        small = ImageOps.invert(small)
    if task.stored_values:
        small = ImageOps.autocontrast(small, (DARKEST_PERCENT, BRIGHTEST_PERCENT))
    sink = io.BytesIO()
    small.save(sink, "JPEG", quality=QUALITY, optimize=True)
    return sink.getvalue()
