"""A case as a folder: four PNGs of stored values, ``report.txt``, and ``case.json`` with all that they do not hold.

``case.json`` tells for each image its source, its size and type, how it is shown, and for every file its SHA-256. A PNG
holds the stored values: those of signed types less their smallest possible value, which ``case.json`` gives as
``offset``. ``greys`` is how they are shown: pairs of a stored value and the grey of it and of all values up to the
next pair; one such list for all frames, or one for each. An image of several frames has a PNG for each.
``contradictions`` are those of the case; a folder without them was made before they were looked for.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.cases.case import CaseError, ClinicalCase
from orchestration.cases.contradictions import Contradiction
from orchestration.cases.greys import Step, smallest, steps_of, table_of
from orchestration.cases.image import VIEWS, CaseImage, Source
from orchestration.cases.lookup import check_id
from orchestration.dicom.stored import MAX_FRAMES
from orchestration.imaging import ImageError, encode_samples, read_samples
from orchestration.stores.publishing import folder_beside

CASE = "case.json"
REPORT = "report.txt"
# A pair of numbers over four lines, to be written on one; a line cannot break inside a JSON string.
_PAIR = re.compile(r"\[\n\s+(-?\d+),\n\s+(\d+)\n\s+\]")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceRecord(_Record):
    """A ``Source`` in ``case.json``."""

    container: str
    blob: str
    etag: str
    sha256: str


class ImageRecord(_Record):
    """What ``case.json`` tells of an image."""

    source: SourceRecord
    laterality: str = Field(pattern="^[LR]$")
    view: str = Field(pattern="^(CC|MLO)$")
    pixel_spacing: tuple[float, float] | None
    shape: list[int]
    frames: int = Field(ge=1, le=MAX_FRAMES)
    dtype: str = Field(pattern="^u?int(8|16)$")
    offset: int
    greys: list[list[Step]]


class ContradictionRecord(_Record):
    """A ``Contradiction`` in ``case.json``."""

    parts: list[str]
    detail: str


class CaseRecord(_Record):
    """``case.json``."""

    format: Literal["doubleread clinical case 1"] = "doubleread clinical case 1"
    id: str
    year: int
    images: dict[str, ImageRecord]
    missing: dict[str, str]
    contradictions: list[ContradictionRecord] | None = None
    sha256: dict[str, str]


def save(case: ClinicalCase, folder: Path) -> Path:
    """Write a case to ``<folder>/<year>/<id>`` and return that; what was there before is replaced.

    All files are written beside it and renamed together. The same case gives the same bytes.

    Raises:
        OSError: it cannot be written; nothing half-written is left.
    """
    check_id(case.id, case.year)
    final = folder / f"{case.year:04d}" / case.id
    with folder_beside(final) as new:
        _write(case, new)
    return final


def load_case(path: Path | str) -> ClinicalCase:
    """The case that was saved to the folder ``path``, equal to the one that was saved.

    Raises:
        CaseError: the folder holds no case, or a file of it is missing or not as it was written.
    """
    folder = Path(path)
    try:
        record = CaseRecord.model_validate_json((folder / CASE).read_bytes())
        check_id(record.id, record.year)
        images = {part: _read_image(folder, part, record) if part in record.images else None for part in VIEWS}
        report = _verified(folder / REPORT, record.sha256).decode() if REPORT in record.sha256 else None
    except OSError as error:
        raise CaseError(f"the folder {folder} holds no whole case: {error.filename} ({error.strerror})") from None
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise CaseError(f"{folder / CASE} is not what a case is saved with, at {where or 'its beginning'}") from None
    except (ImageError, ValueError) as error:
        raise CaseError(f"the folder {folder} holds no whole case: {error}") from None
    found = tuple(Contradiction(tuple(one.parts), one.detail) for one in record.contradictions or ())
    return ClinicalCase(record.id, record.year, report=report, missing=record.missing, contradictions=found, **images)


def _write(case: ClinicalCase, folder: Path) -> None:
    """Write the files of a case into an empty folder, ``case.json`` with their checksums last."""
    digests: dict[str, str] = {}
    for name, content in _files(case):
        (folder / name).write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    record = CaseRecord(
        id=case.id,
        year=case.year,
        images={part: _record(image) for part, image in case.images.items()},
        missing=dict(case.missing),
        contradictions=[ContradictionRecord(parts=list(one.parts), detail=one.detail) for one in case.contradictions],
        sha256=digests,
    )
    text = _PAIR.sub(r"[\1, \2]", record.model_dump_json(indent=2))
    (folder / CASE).write_text(text + "\n", encoding="utf-8")


def _files(case: ClinicalCase) -> Iterator[tuple[str, bytes]]:
    for part, image in case.images.items():
        frames = image.stored if image.frames > 1 else [image.stored]
        for name, frame in zip(_names(part, image.frames), frames, strict=True):
            samples = frame.astype(np.int32) - smallest(frame.dtype)
            yield name, encode_samples(samples.astype(f"u{frame.itemsize}"))
    if case.report is not None:
        yield REPORT, case.report.encode()


def _names(part: str, frames: int) -> list[str]:
    return [f"{part}.png"] if frames == 1 else [f"{part}_{number:04d}.png" for number in range(1, frames + 1)]


def _record(image: CaseImage) -> ImageRecord:
    return ImageRecord(
        source=SourceRecord(**asdict(image.source)),
        laterality=image.laterality,
        view=image.view,
        pixel_spacing=image.pixel_spacing,
        shape=list(image.shape),
        frames=image.frames,
        dtype=image.stored.dtype.name,
        offset=smallest(image.stored.dtype),
        greys=[steps_of(table, image.stored.dtype) for table in image.tables],
    )


def _read_image(folder: Path, part: str, case: CaseRecord) -> CaseImage:
    """One image of a saved case, each of its files verified."""
    record = case.images[part]
    dtype = np.dtype(record.dtype)
    names = _names(part, record.frames)
    frames = [_read_frame(_verified(folder / name, case.sha256), dtype) for name in names]
    stored = np.stack(frames) if record.frames > 1 else frames[0]
    if list(stored.shape) != record.shape or stored.dtype != dtype:
        raise ValueError(f"{names[0]} has another size or type than {CASE} says")
    tables = np.stack([table_of(steps, dtype) for steps in record.greys])
    if len(tables) not in {1, record.frames}:
        raise ValueError(f"{CASE} has no greys for each frame of {part}")
    source = Source(**record.source.model_dump())
    return CaseImage(record.laterality, record.view, source, stored, record.frames, tables, record.pixel_spacing)


def _read_frame(data: bytes, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The stored values of a frame; samples of another size than ``dtype`` has are returned as they are."""
    samples = read_samples(data)[0]
    if samples.itemsize != dtype.itemsize:
        return samples
    return (samples.astype(np.int32) + smallest(dtype)).astype(dtype)


def _verified(path: Path, digests: Mapping[str, str]) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != digests.get(path.name):
        raise ValueError(f"{path.name} is not as it was written: its SHA-256 differs")
    return data
