"""Which generations of a destination hold a scan's clean image, and on which side; without reading a manifest.

A manifest lists every file of a generation. In a folder the generation's links say the same of one scan, at once; in an
object store the table of its scans does.
"""

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.training_set.export.objects import CURRENT, GENERATIONS, object_path
from orchestration.urls import parse_url

if TYPE_CHECKING:
    from orchestration.settings import Settings


@dataclass(frozen=True)
class Holding:
    """The generations that hold an image, the current one among them or not, and its side in the current one."""

    generations: tuple[str, ...] = ()
    in_current: bool = False
    side: str | None = None


class Destinations:
    """Places of exports, each asked once for what it says of all its scans."""

    def __init__(self, settings: "Settings") -> None:
        self._settings = settings
        self._tables: dict[str, _Table] = {}

    def holding(self, url: str, scan_id: str, sha256: str) -> Holding:
        """Which generations of the destination at ``url`` hold the image of a scan that has this SHA-256.

        Of an object store only the current generation is asked, with a request for its id and one for its table of
        scans.

        Raises:
            DoublereadError: an object store does not answer, or its generation is not what doubleread writes.
        """
        folder = parse_url(url).folder
        if folder is None:
            if url not in self._tables:
                self._tables[url] = _read_table(url, self._settings)
            return self._tables[url].holding(scan_id, sha256)
        if "/" in scan_id or "\0" in scan_id:  # names no file of an export
            return Holding()
        return _of_folder(folder, scan_id, sha256)


@dataclass(frozen=True)
class _Table:
    """The current generation of an object store, and the sides of its scans by scan and SHA-256 of the image."""

    generation: str | None
    sides: dict[tuple[str, str], str]

    def holding(self, scan_id: str, sha256: str) -> Holding:
        side = self.sides.get((scan_id, sha256))
        return Holding() if side is None or self.generation is None else Holding((self.generation,), True, side)


def _of_folder(root: Path, scan_id: str, sha256: str) -> Holding:
    name = f"{scan_id}.png"
    held = root / object_path(sha256, name)
    images = ((generation.name, generation / "images" / name) for generation in _folders(root / GENERATIONS))
    found = tuple(generation for generation, image in images if _is_object(image, held))
    current = _target(root / CURRENT)
    if current not in found:
        return Holding(found)
    sides = _folders(root / GENERATIONS / current / "splits")
    return Holding(found, True, next((side.name for side in sides if (side / name).is_symlink()), None))


def _is_object(image: Path, held: Path) -> bool:
    """Whether an image is the object's content: a hard link to it, or a copy where the file system has no links."""
    try:
        return image.samefile(held) or filecmp.cmp(image, held, shallow=False)
    except OSError:
        return False


def _folders(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return


def _target(link: Path) -> str:
    try:
        return link.readlink().name
    except OSError:
        return ""


def _read_table(url: str, settings: "Settings") -> _Table:
    """What an object store's current generation says of its scans; empty where nothing was exported."""
    # A second to import, which folders need not wait for.
    from orchestration.stores import place_at  # noqa: PLC0415
    from orchestration.stores.parquet import read_table  # noqa: PLC0415
    from orchestration.training_set.export.generation import current_id  # noqa: PLC0415

    place = place_at(url, settings)
    current = current_id(place)
    if current is None:
        return _Table(None, {})
    data, _ = place.read(f"{GENERATIONS}/{current}/annotations/scans.parquet")
    table = read_table(data, ["scan_id", "sha256", "side"])
    scans, digests, sides = (table[name].to_pylist() for name in ("scan_id", "sha256", "side"))
    return _Table(current, dict(zip(zip(scans, digests, strict=True), sides, strict=True)))
