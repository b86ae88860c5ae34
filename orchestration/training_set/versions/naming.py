"""Finding the version that a person means, and reading its files: no database is needed."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from orchestration.errors import DoublereadError
from orchestration.stores import MissingObjectError, Place
from orchestration.stores.parquet import read_table
from orchestration.training_set.export.generation import (
    GENERATIONS,
    MANIFEST,
    Generation,
    GenerationError,
    Publication,
    current_id,
    history,
    parse_manifest,
    read_generation,
)

CURRENT, PREVIOUS = "current", "previous"
SHOWN_DIGITS = 12

_PREFIX = re.compile("[0-9a-f]{1,32}")


class VersionError(DoublereadError):
    """What was named is no version, or several; the message says which there are."""


@dataclass(frozen=True)
class Published:
    """A version whose files can be read: at a place of exports, or, where ``is_copy``, with its manifest on top."""

    generation: Generation
    place: Place
    is_copy: bool = False

    @property
    def id(self) -> str:
        """The version's id."""
        return self.generation.id

    def read(self, path: str) -> bytes:
        """A file of the version, as the manifest lists it.

        Raises:
            GenerationError: it is not there, or is not what the manifest says.
            StoreError: the place does not answer.
        """
        file = self._files.get(path)
        if file is None:
            raise GenerationError(f"version {self.id} has no {path}")
        where = path if self.is_copy else self.generation.location(file, is_remote=self.place.is_remote)
        try:
            data, _ = self.place.read(where)
        except MissingObjectError:
            raise GenerationError(f"{where} of version {self.id} is missing in {self.place.url}") from None
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise GenerationError(f"{where} in {self.place.url} was changed since it was published")
        return data

    def table(self, path: str, columns: Sequence[str]) -> list[dict[str, Any]]:
        """Some columns of a Parquet file of the version, a dictionary for each row."""
        rows: list[dict[str, Any]] = read_table(self.read(path), columns).to_pylist()
        return rows

    @cached_property
    def _files(self) -> dict[str, Any]:
        return dict(self.generation.by_path())


def find_version(place: Place, name: str) -> str:
    """The id that ``name`` stands for: an id or its beginning, ``current``, or ``previous``, the one before that.

    Raises:
        VersionError: none or several versions of the place are called so.
        GenerationError: the place's history or ``current`` can't be read.
        StoreError: the place does not answer.
    """
    publications = history(place)
    if name == CURRENT:
        found = current_id(place)
        if found is None:
            raise VersionError(f"{place.url} holds no version; run: doubleread export")
        return found
    if name == PREVIOUS:
        before = publications[-1].previous if publications else None
        if before is None:
            raise VersionError(f"{place.url} has no version before the current one")
        return before
    return _by_beginning(place, name, publications)


def open_version(place: Place, name: str) -> Published:
    """A version of a place whose files are there.

    Raises:
        VersionError: as :func:`find_version`; or the version was removed.
        GenerationError: its manifest is not what doubleread writes.
        StoreError: the place does not answer.
    """
    found = find_version(place, name)
    version = read_version(place, found)
    if version is None:
        raise VersionError(
            f"version {found} was removed from {place.url}; to have it again: doubleread rebuild {found} --to FOLDER"
        )
    return version


def read_version(place: Place, generation_id: str) -> Published | None:
    """A version by its whole id; None where its files were removed.

    Raises:
        GenerationError: its manifest is not what doubleread writes.
        StoreError: the place does not answer.
    """
    if place.find(f"{GENERATIONS}/{generation_id}/{MANIFEST}") is None:
        return None
    return Published(read_generation(place, generation_id), place)


def open_copy(place: Place) -> Published:
    """A version that somebody copied: a place with the manifest on top.

    Raises:
        GenerationError: there is no manifest, or it is not what doubleread writes.
        StoreError: the place does not answer.
    """
    try:
        data, _ = place.read(MANIFEST)
    except MissingObjectError:
        raise GenerationError(f"{place.url} holds no {MANIFEST}") from None
    return Published(parse_manifest(data), place, is_copy=True)


def is_copy(name: str) -> bool:
    """Whether a name stands for a folder that holds a version, and for no id."""
    return (Path(name) / MANIFEST).is_file()


def _by_beginning(place: Place, name: str, publications: Sequence[Publication]) -> str:
    """The one id of the history that begins so."""
    if not _PREFIX.fullmatch(name):
        raise VersionError(
            f"{name!r} names no version: give an id or its beginning (doubleread versions lists them), {CURRENT} or "
            f"{PREVIOUS}"
        )
    found = sorted({one.generation for one in publications if one.generation.startswith(name)})
    if not found:
        raise VersionError(f"{place.url} has no version {name}; doubleread versions lists those that it has")
    if len(found) > 1:
        shown = ", ".join(one[: max(SHOWN_DIGITS, len(name) + 2)] for one in found[:5])
        raise VersionError(f"{name} is the beginning of {len(found)} versions: {shown}; give more digits")
    return found[0]
