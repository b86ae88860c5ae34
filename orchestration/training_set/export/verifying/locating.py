"""What lies at a place: a destination of exports, one generation, or label folders; and which generation counts."""

import posixpath
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from orchestration.errors import DoublereadError
from orchestration.settings import Settings, load_settings
from orchestration.stores import StoreError, open_place
from orchestration.training_set.export.generation import (
    CURRENT,
    GENERATIONS,
    HISTORY,
    MANIFEST,
    Generation,
    GenerationError,
    GenerationFile,
    manifest_bytes,
    parse_manifest,
)
from orchestration.training_set.export.layout import IMAGES
from orchestration.training_set.export.objects import OBJECTS
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tree import Tree, UnreadableError, folder_tree, place_tree
from orchestration.training_set.manifest_form import MANIFEST as PICTURES
from orchestration.urls import parse_url, place_url

MANIFEST_BYTES = 256 << 20  # some 450,000 scans; parsing takes up to twenty times as much memory
DESTINATION_BESIDE_LABEL_FOLDERS = "export"

Form = Literal["generation", "destination", "label folders"]
_ID = re.compile("[0-9a-f]{32}")


class VerificationError(DoublereadError):
    """There is nothing at the place that can be verified, or no generation of the name that was asked for."""


@dataclass(frozen=True)
class Copy:
    """A generation as it lies at a place.

    Attributes:
        tree: what lies at the place.
        folder: of the generation there; empty where the place is the generation.
        generation: its manifest.
        has_objects_only: images lie below ``objects/`` and no links are kept, as in an object store.
    """

    tree: Tree
    folder: str
    generation: Generation
    has_objects_only: bool

    def own(self, path: str) -> str:
        """Where a path of the generation lies in the tree, unless its content is kept as an object."""
        return f"{self.folder}/{path}" if self.folder else path

    @cached_property
    def files(self) -> Mapping[str, GenerationFile]:
        """The files of the manifest by their path."""
        return self.generation.by_path()

    @cached_property
    def locations(self) -> Mapping[str, str]:
        """Where the content of each file lies in the tree."""
        return {
            file.path: file.object if self.has_objects_only and file.object else self.own(file.path)
            for file in self.generation.files
        }


def open_tree(place: str | Path, settings: Settings | None = None) -> Tree:
    """List a folder, ``s3://bucket/prefix`` or ``az://container/prefix``; only these need settings.

    Raises:
        VerificationError: there is no such folder.
        StoreUnavailableError: the bucket or container can't be used.
    """
    try:
        url = place_url(place)
        root = parse_url(url).folder
    except ValueError as error:
        raise VerificationError(f"the URL of a place {error}, or be a folder") from None
    if root is None:
        try:
            return place_tree(open_place(url, settings or load_settings()))
        except StoreError as error:
            raise VerificationError(f"{url} can't be listed: {error}") from None
    if not root.is_dir():
        hint = "; unpack it first" if root.is_file() else ""
        raise VerificationError(f"{root} is no folder{hint}")
    return folder_tree(root.resolve())


def form_of(tree: Tree) -> Form:
    """What lies there, told by its names.

    Raises:
        VerificationError: nothing that doubleread writes.
    """
    entries = tree.entries
    if MANIFEST in entries:
        return "generation"
    if CURRENT in entries or HISTORY in entries or any(map(tree.has_folder, (CURRENT, GENERATIONS, OBJECTS))):
        return "destination"
    if PICTURES in entries or tree.has_folder(DESTINATION_BESIDE_LABEL_FOLDERS):
        return "label folders"
    if tree.has_folder(IMAGES) or tree.has_folder("annotations"):
        return "generation"
    raise VerificationError(
        f"{tree.shown} holds no generation, no destination of exports and no {PICTURES} with label folders"
    )


def read_copy(tree: Tree, folder: str, *, has_objects_only: bool = False) -> Copy | Problem:
    """The generation in a folder of the tree, or why its manifest can't be used."""
    path = f"{folder}/{MANIFEST}" if folder else MANIFEST
    entry = tree.entries.get(path)
    if entry is None:
        return problem("missing", path, "there is no manifest, so nothing says what belongs to the generation")
    try:
        data = tree.reader.read(path, MANIFEST_BYTES)
        generation = parse_manifest(data)
    except GenerationError as error:
        return problem("manifest", path, str(error))
    except UnreadableError as error:
        return problem("no_file" if entry.kind != "file" else "manifest", path, f"{MANIFEST} {error}")
    fault = _inconsistent(generation, folder.rpartition("/")[2])
    if fault is None and data != manifest_bytes(generation):  # the id does not follow from spaces and what comes twice
        fault = f"{MANIFEST} is not as doubleread writes it: it holds an entry twice, or other spaces"
    return problem("manifest", path, fault) if fault else Copy(tree, folder, generation, has_objects_only)


def _inconsistent(generation: Generation, folder: str) -> str | None:
    """Why the manifest of a folder, or its paths, can't all be right, or None."""
    if _ID.fullmatch(folder) and folder != generation.id:
        return "the folder is named after another generation than its manifest's"
    paths = [*(file.path for file in generation.files), *generation.links]
    again = next((path for path, count in Counter(paths).items() if count > 1), None)
    if again is not None:
        return f"{MANIFEST} lists a path twice"
    if MANIFEST in paths:
        return f"{MANIFEST} lists itself"
    known = set(paths)
    if any(parent in known for path in paths for parent in _parents(path)):
        return f"{MANIFEST} lists a path below one that is a file or link"
    return None


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def find_copy(tree: Tree, form: Form, generation_id: str | None) -> Copy | Problem:
    """The generation to look at: the one that was asked for, else the one that counts.

    Raises:
        VerificationError: there is no generation of the id that was asked for.
    """
    if generation_id is not None and not _ID.fullmatch(generation_id):
        raise VerificationError("a generation's id has 32 hexadecimal digits")
    if form == "generation":
        copy = read_copy(tree, "")
        if isinstance(copy, Copy) and generation_id not in {None, copy.generation.id}:
            raise VerificationError(f"{tree.shown} is the generation {copy.generation.id}, and holds no other")
        return copy
    current = current_of(tree)
    if generation_id is None:
        if isinstance(current, Problem):
            return current
        generation_id = current
    folder = f"{GENERATIONS}/{generation_id}"
    if not tree.has_folder(folder):
        if generation_id == current:
            return problem("current", CURRENT, "the generation that it names is not there")
        raise VerificationError(f"{tree.shown} holds no generation {generation_id}")
    return read_copy(tree, folder, has_objects_only=has_objects_only(tree))


def has_objects_only(tree: Tree) -> bool:
    """Whether the place is an object store, or a copy of one: there ``current`` is an object, not a link."""
    current = tree.entries.get(CURRENT)
    return tree.is_remote or (current is not None and current.kind == "file")


def current_of(tree: Tree) -> str | Problem:
    """The id of the generation that ``current`` names, or why it names none."""
    entry = tree.entries.get(CURRENT)
    if entry is None and tree.has_folder(CURRENT):  # a copy that followed links
        copy = read_copy(tree, CURRENT)
        return copy if isinstance(copy, Problem) else copy.generation.id
    if entry is None:
        return problem("missing", CURRENT, "nothing names the generation that counts")
    if entry.kind == "link":
        named = posixpath.normpath(entry.leads_to or "")
        name = named.removeprefix(f"{GENERATIONS}/")
    elif entry.kind == "file":
        try:
            name = tree.reader.read(CURRENT, 100).decode(errors="replace").strip()
        except UnreadableError as error:
            return problem("current", CURRENT, f"it {error}")
    else:
        return problem("no_file", CURRENT, "it is neither a link nor a file")
    return name if _ID.fullmatch(name) else problem("current", CURRENT, "it names no generation of this place")
