"""A published generation: where its files lie and what its manifest holds; all that a reader or receiver needs.

Below a destination: ``generations/<id>/generation.json`` lists every file of a generation; ``current`` names the
generation that counts, in a folder as a symbolic link, else as an object that holds the id; ``history.jsonl`` has a
line for each publication. A file with an ``object`` is shared by all generations that hold the same content: in a
folder it is a hard link below the generation, in an object store it lies only at ``objects/``.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestration.errors import DoublereadError
from orchestration.stores import MissingObjectError, Place, UnsafePathError, check_path
from orchestration.training_set.export import objects
from orchestration.urls import parse_url

GENERATIONS, CURRENT = objects.GENERATIONS, objects.CURRENT
HISTORY = "history.jsonl"
MANIFEST = "generation.json"

Side = Literal["train", "validation", "test"]
Role = Literal["finding", "negative", "hard_case"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")
ROLES: tuple[Role, ...] = ("finding", "negative", "hard_case")

_ID = re.compile("[0-9a-f]{32}")


class GenerationError(DoublereadError):
    """There is no generation, or its manifest is not what doubleread writes."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GenerationFile(_Record):
    """A file of a generation. ``object`` is where its content lies below the destination, for all generations."""

    path: str
    size_bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    object: str | None = None


class Contents(_Record):
    """What a generation holds, counted: scans but where another word stands."""

    scans: int
    findings: int
    boxes: int
    boxes_clipped: int
    boxes_skipped: int
    roles: dict[str, int]
    sides: dict[str, int]
    label_studies: dict[str, dict[str, int]]
    left_out_of_yolo: int


class Splits(_Record):
    """How the sides were found; ``patient_known`` counts the studies of which the patient is known."""

    salt: str
    ratios: list[float]
    studies: int
    patient_known: int


class Shard(_Record):
    """A WebDataset shard; ``fingerprint`` is the SHA-256 of what it was made of, so that it need not be made again."""

    path: str
    samples: int
    fingerprint: str


class ListedReport(_Record):
    """A report in DICOM SR; ``uid`` is its SOP Instance UID, another one where anything in it is another."""

    path: str
    uid: str


class Generation(_Record):
    """``generation.json``: every file and link of a generation. Nothing in it depends on when or where it was made.

    ``links`` are symbolic links of a generation in a folder: path and target, both below the generation.
    """

    format: Literal["doubleread generation 1"] = "doubleread generation 1"
    id: str = Field(default="", pattern="^([0-9a-f]{32})?$")
    bits: Literal[8, 16]
    labels: list[str]
    contents: Contents
    splits: Splits
    shards: list[Shard] = []
    reports: list[ListedReport] = []
    links: dict[str, str]
    files: list[GenerationFile]

    def by_path(self) -> Mapping[str, GenerationFile]:
        """The files by their path."""
        return {file.path: file for file in self.files}

    def location(self, file: GenerationFile, *, is_remote: bool) -> str:
        """Where a file's content lies below the destination."""
        return file.object if is_remote and file.object else f"{GENERATIONS}/{self.id}/{file.path}"


class Publication(_Record):
    """A line of ``history.jsonl``: when which generation became the current one, in place of which."""

    generation: str
    previous: str | None
    published_at: str
    run_id: str
    doubleread: str


def identified(generation: Generation) -> Generation:
    """The generation with its id: 128 bits of the SHA-256 over everything else in the manifest."""
    content = orjson.dumps(_written(generation, "id"), option=orjson.OPT_SORT_KEYS)
    return generation.model_copy(update={"id": hashlib.sha256(content).hexdigest()[:32]})


def manifest_bytes(generation: Generation) -> bytes:
    """``generation.json``."""
    return orjson.dumps(_written(generation), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _written(generation: Generation, *but: str) -> dict[str, object]:
    """The manifest as it is written: an entry that came later is there where it says something, so that ids stay."""
    return generation.model_dump(exclude={*but, *(() if generation.reports else ("reports",))})


def parse_manifest(data: bytes) -> Generation:
    """A manifest, checked: its form, its id, and that no path leaves the generation.

    Raises:
        GenerationError: it is not what doubleread writes, or was changed since.
    """
    try:
        generation = Generation.model_validate_json(data)
        for path in [*generation.links, *generation.links.values(), *(file.path for file in generation.files)]:
            check_path(path)
        for file in generation.files:
            if file.object is not None and file.object != objects.object_path(file.sha256, file.path):
                raise GenerationError(f"{MANIFEST} gives {file.path} an object of another name than its content")
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise GenerationError(f"{MANIFEST} is not what doubleread writes, at {where or 'its beginning'}") from None
    except UnsafePathError as error:
        raise GenerationError(f"{MANIFEST} holds an unsafe path: {error}") from None
    if identified(generation).id != generation.id:
        raise GenerationError(f"{MANIFEST} was changed since it was written: its id does not follow from its content")
    return generation


def current_id(place: Place) -> str | None:
    """The id of the current generation; None where nothing was published yet.

    Raises:
        GenerationError: ``current`` names no generation.
        StoreError: the place does not answer.
    """
    folder = parse_url(place.url).folder
    try:
        name = place.read(CURRENT)[0].decode().strip() if folder is None else (folder / CURRENT).readlink().name
    except (MissingObjectError, FileNotFoundError):
        return None
    except (OSError, UnicodeDecodeError):
        name = ""
    if not _ID.fullmatch(name):
        raise GenerationError(f"{CURRENT} in {place.url} names no generation; move it away, export again")
    return name


def read_generation(place: Place, generation_id: str | None = None) -> Generation:
    """The manifest of a generation, the current one unless named.

    Raises:
        GenerationError: there is no such generation, or its manifest is not what doubleread writes.
        StoreError: the place does not answer.
    """
    wanted = generation_id or current_id(place)
    if wanted is None:
        raise GenerationError(f"{place.url} holds no generation; run: doubleread export")
    if not _ID.fullmatch(wanted):
        raise GenerationError("a generation's id has 32 hexadecimal digits")
    try:
        data, _ = place.read(f"{GENERATIONS}/{wanted}/{MANIFEST}")
    except MissingObjectError:
        raise GenerationError(f"{place.url} holds no generation {wanted}") from None
    generation = parse_manifest(data)
    if generation.id != wanted:
        raise GenerationError(f"the generation {wanted} holds the manifest of another one")
    return generation


def find_generation(place: Place, generation_id: str | None) -> Generation | None:
    """A generation; None where it cannot be read, and is then made anew."""
    try:
        return None if generation_id is None else read_generation(place, generation_id)
    except (GenerationError, MissingObjectError):
        return None


def history(place: Place) -> Sequence[Publication]:
    """Every publication, the first one first; the same generation may occur several times.

    Raises:
        GenerationError: a line is not what doubleread writes.
        StoreError: the place does not answer.
    """
    try:
        lines = place.read(HISTORY)[0].splitlines()
        return [Publication.model_validate_json(line) for line in lines]
    except MissingObjectError:
        return []
    except ValidationError:
        message = f"{HISTORY} in {place.url} is not what doubleread writes; move it away, export again"
        raise GenerationError(message) from None
