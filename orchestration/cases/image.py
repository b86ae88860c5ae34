"""One mammogram of a case."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from orchestration.imaging import Image8, StoredImage, render

VIEWS = ("l_cc", "l_mlo", "r_cc", "r_mlo")


@dataclass(frozen=True)
class Source:
    """Where an image came from: the blob, its ETag, and the SHA-256 of its content in hexadecimal."""

    container: str
    blob: str
    etag: str
    sha256: str


@dataclass(frozen=True, eq=False)
class CaseImage:
    """A mammogram: its stored values, how they are shown, and where they came from. Equal by content.

    Attributes:
        laterality: ``L`` or ``R``, as the blob's name has it.
        view: ``CC`` or ``MLO``, likewise.
        source: the blob.
        stored: the values as stored, before any look-up table, read-only: (rows, columns), of several frames
            (frames, rows, columns), in colour (rows, columns, 3); ``uint8``, ``int8``, ``uint16`` or ``int16``.
        frames: how many; ``stored`` has an axis for them where there is more than one.
        tables: (1 or frames, 256 or 65,536) the grey of each bit pattern of a stored value, read-only.
        pixel_spacing: millimetres between rows and between columns, where the file tells: Pixel Spacing, else Imager
            Pixel Spacing (at the detector), else Nominal Scanned Pixel Spacing.
    """

    laterality: str
    view: str
    source: Source
    stored: npt.NDArray[Any]
    frames: int
    tables: Image8
    pixel_spacing: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for array in (self.stored, self.tables):
            array.flags.writeable = False

    @classmethod
    def of(cls, name: str, source: Source, image: StoredImage) -> "CaseImage":
        """The decoded ``image`` as the view ``name``, such as ``l_cc``."""
        laterality, view = name.upper().split("_")
        return cls(laterality, view, source, image.stored, image.frames, image.tables, image.pixel_spacing)

    @cached_property
    def pixels(self) -> Image8:
        """Greys from 0, black, to 255, white, by the DICOM rules (PS3.4 N.2); ``uint8``, read-only, of ``shape``."""
        pixels = render(self.stored, self.frames, self.tables)
        pixels.flags.writeable = False
        return pixels

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns), of several frames (frames, rows, columns), in colour (rows, columns, 3)."""
        return self.stored.shape

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CaseImage):
            return NotImplemented
        return self._plain == other._plain and _same((self.stored, self.tables), (other.stored, other.tables))

    def __hash__(self) -> int:
        return hash(self._plain)

    @property
    def _plain(self) -> tuple[object, ...]:
        return self.laterality, self.view, self.source, self.frames, self.pixel_spacing, self.stored.dtype.name


def _same(ours: Sequence[npt.NDArray[Any]], others: Sequence[npt.NDArray[Any]]) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(ours, others, strict=True))
