"""A generation appears as a whole or not at all, and ``current`` names it at once; old ones go only when asked to.

In a folder a generation is filled beside its place and renamed, and ``current`` is a symbolic link that is renamed over
the old one. In an object store its manifest is put when everything else is there, and ``current`` when the manifest is.
Whoever opened a generation goes on reading it: nothing is ever written into one that was published, except to mend a
file that somebody changed.
"""

import filecmp
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from orchestration.stores import Place, StoreError
from orchestration.stores.folder import file_digest
from orchestration.stores.publishing import PARTIAL, exchange, partial_folder
from orchestration.stores.scratch import scratch_folder
from orchestration.stores.uploading import upload_folder
from orchestration.training_set.export.generation import (
    CURRENT,
    GENERATIONS,
    HISTORY,
    MANIFEST,
    Generation,
    Publication,
    current_id,
    find_generation,
    history,
    manifest_bytes,
)
from orchestration.training_set.export.objects import OBJECTS
from orchestration.urls import parse_url

NEW = "new"
BESIDE_LABEL_FOLDERS = ("images", "annotations")


@contextmanager
def workspace(destination: Place) -> Iterator[Path]:
    """An empty folder to compose a generation in, from which :func:`publish` can take it; it goes with the block."""
    root = parse_url(destination.url).folder
    with scratch_folder() if root is None else partial_folder(root / GENERATIONS) as folder:
        new = folder / NEW
        new.mkdir()
        yield new
    if root is not None:
        shutil.rmtree(root / PARTIAL, ignore_errors=True)  # what killed runs did not finish


@contextmanager
def unfinished_objects(destination: Place) -> Iterator[Path | None]:
    """A folder for files that :func:`take_object` makes objects of; None where the destination is no folder."""
    root = parse_url(destination.url).folder
    if root is None:
        yield None
        return
    with partial_folder(root) as folder:
        yield folder


def take_object(destination: Place, file: Path, path: str) -> str:
    """Make a file of :func:`unfinished_objects` the object ``path``, unless the same one is there; its ETag.

    Two scans of the same content share an object; putting it twice would take the first one's ETag away.
    """
    root = parse_url(destination.url).folder
    if root is None:
        raise ValueError("a file becomes an object of a folder only")
    final = root / path
    if final.exists() and filecmp.cmp(final, file, shallow=False):
        file.unlink()
    else:
        final.parent.mkdir(parents=True, exist_ok=True)
        file.replace(final)
    return destination.describe(path).etag


def publish(destination: Place, composed: Path, generation: Generation, *, run_id: str) -> bool:
    """Make a composed generation the current one; whether anything had to be written.

    Args:
        destination: holds the objects that the generation names.
        composed: the workspace with its other files; is used up.
        generation: the manifest.
        run_id: kept in the history.

    Raises:
        StoreError: something can't be put; the generation that was current still is.
        OSError: likewise, in a folder.
    """
    root = parse_url(destination.url).folder
    before = current_id(destination)
    written = not is_whole(destination, generation)
    if written and root is None:
        _put_generation(destination, composed, generation)
    elif written and root is not None:
        _place_generation(root, composed, generation)
    if before != generation.id or not is_told(destination, generation.id):
        _tell(destination, generation, before, run_id)
    if before == generation.id:
        return written
    if root is None:
        destination.put(CURRENT, [f"{generation.id}\n".encode()])
    else:
        _link(root, root / CURRENT, f"{GENERATIONS}/{generation.id}")
    return True


def is_whole(destination: Place, generation: Generation) -> bool:
    """Whether a generation lies at the destination as it was published; in an object store, by names and sizes."""
    root = parse_url(destination.url).folder
    if root is not None:
        return _is_whole_in_folder(root, generation)
    folder = f"{GENERATIONS}/{generation.id}"
    there = {version.path: version.size_bytes for version in destination.list(folder)}
    own = {f"{folder}/{file.path}": file.size_bytes for file in generation.files if file.object is None}
    return there == own | {f"{folder}/{MANIFEST}": len(manifest_bytes(generation))}


def is_told(destination: Place, generation_id: str) -> bool:
    """Whether the history says that a generation was published last.

    Raises:
        GenerationError: a line of it is not what doubleread writes.
    """
    return [publication.generation for publication in history(destination)][-1:] == [generation_id]


def link_beside_label_folders(training_set: Path, destination: Place) -> None:
    """Let ``images`` and ``annotations`` beside the label folders lead to the current generation below them.

    A folder of somebody's own under one of these names stays as it is.
    """
    root = parse_url(destination.url).folder
    if root is None or root.parent != training_set:
        return
    for name in BESIDE_LABEL_FOLDERS:
        path, target = training_set / name, f"{root.name}/{CURRENT}/{name}"
        if path.is_symlink() or not path.exists():
            _link(root, path, target)


def remove_old(destination: Place, keep: int) -> list[str]:
    """Remove all generations but the last published ones, then the objects that none of them holds.

    A reader of a removed generation finds no more files there. Nobody may export meanwhile.

    Args:
        destination: the place.
        keep: how many stay, the current one among them; at least 1.

    Returns:
        The ids of the removed generations.
    """
    last = dict.fromkeys(
        [current_id(destination), *(publication.generation for publication in reversed(history(destination)))]
    )
    kept = [found for one in list(last)[:keep] if (found := find_generation(destination, one)) is not None]
    wanted = {file.object for generation in kept for file in generation.files}
    ids = {generation.id for generation in kept}
    removed = sorted({version.path.split("/")[1] for version in destination.list(GENERATIONS)} - ids - {PARTIAL})
    for generation_id in removed:
        _remove_generation(destination, generation_id)
    for version_ in list(destination.list(OBJECTS)):
        if version_.path not in wanted:
            destination.remove(version_.path)
    return removed


def _place_generation(root: Path, composed: Path, generation: Generation) -> None:
    """Give a composed folder its images and links, and rename it to its place."""
    final = root / GENERATIONS / generation.id
    shared = {file.path: file.object for file in generation.files if file.object is not None}
    for folder in {name.rpartition("/")[0] for name in (*shared, *generation.links)}:
        (composed / folder).mkdir(parents=True, exist_ok=True)
    for name, content in shared.items():
        _hard_link(root / content, composed / name)
    for name, target in generation.links.items():
        (composed / name).symlink_to(_relative(target, name))
    (composed / MANIFEST).write_bytes(manifest_bytes(generation))
    exchange(composed, final, composed.parent / "old")


def _is_whole_in_folder(root: Path, generation: Generation) -> bool:
    """Whether every file has its content, and every link its target."""
    final = root / GENERATIONS / generation.id
    try:
        if (final / MANIFEST).read_bytes() != manifest_bytes(generation):
            return False
        for file in generation.files:
            path = final / file.path
            if file.object is not None:
                if _size_and_time(path) != _size_and_time(root / file.object):
                    return False
            elif file_digest(path) != file.sha256:
                return False
        return all(
            str((final / name).readlink()) == _relative(target, name) for name, target in generation.links.items()
        )
    except OSError:
        return False


def _put_generation(destination: Place, composed: Path, generation: Generation) -> None:
    """Put a composed folder's files into an object store, the manifest last."""
    folder = f"{GENERATIONS}/{generation.id}"
    whole = composed.parent / "whole"
    (whole / folder).parent.mkdir(parents=True)
    composed.rename(whole / folder)
    _, failures = upload_folder(destination, whole)
    if failures:
        raise StoreError(f"{failures[0].item} can't be put: {failures[0].reason}")
    destination.put(f"{folder}/{MANIFEST}", [manifest_bytes(generation)])


def _tell(destination: Place, generation: Generation, before: str | None, run_id: str) -> None:
    """Add a line to the history. Nobody else does meanwhile: an export holds its lock in the database.

    It follows the generation that was current, or the last that a history with gaps knows.
    """
    lines = history(destination)
    others = [line.generation for line in lines if line.generation != generation.id]
    previous = before if before in others else next(reversed(others), None)
    line = Publication(
        generation=generation.id,
        previous=previous,
        published_at=datetime.now(UTC).isoformat(timespec="seconds"),
        run_id=run_id,
        doubleread=version("doubleread"),
    )
    destination.put(HISTORY, [b"".join(one.model_dump_json().encode() + b"\n" for one in (*lines, line))])


def _remove_generation(destination: Place, generation_id: str) -> None:
    root = parse_url(destination.url).folder
    if root is not None:
        with partial_folder(root / GENERATIONS) as going:
            (root / GENERATIONS / generation_id).rename(going / generation_id)
        return
    folder = f"{GENERATIONS}/{generation_id}"
    destination.remove(f"{folder}/{MANIFEST}")  # first: without it nobody takes the rest for a generation
    for version_ in list(destination.list(folder)):
        destination.remove(version_.path)


def _link(root: Path, path: Path, target: str) -> None:
    """Make a symbolic link, in place of the one that is there; an unfinished one lies where objects' files do."""
    if path.is_symlink() and str(path.readlink()) == target:
        return
    partial = root / PARTIAL / uuid4().hex
    partial.parent.mkdir(exist_ok=True)
    partial.symlink_to(target)
    partial.replace(path)
    shutil.rmtree(root / PARTIAL, ignore_errors=True)


def _hard_link(source: Path, path: Path) -> None:
    try:
        path.hardlink_to(source)
    except OSError:  # a file system without hard links, or a file that has as many as it may
        shutil.copy2(source, path)


def _size_and_time(path: Path) -> tuple[int, int]:
    status = path.stat(follow_symlinks=False)
    return status.st_size, status.st_mtime_ns


def _relative(target: str, link: str) -> str:
    """The way from the folder of ``link`` to ``target``, both paths below one root."""
    return "../" * link.count("/") + target
