"""Verifying a copy of exports or label folders, whatever form it has: from a place to what is wrong with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.imaging import PngDescription
from orchestration.outcomes import Progress, no_progress
from orchestration.settings import Settings
from orchestration.training_set.export.generation import GENERATIONS, MANIFEST, Generation
from orchestration.training_set.export.layout import IMAGES, INDEX, SCANS
from orchestration.training_set.export.verifying.files import Checked, FileToCheck
from orchestration.training_set.export.verifying.formats import FORMATS, TABLES, FormatOutcome, FormatTask, ImageRow
from orchestration.training_set.export.verifying.label_folders import PicturesOutcome, PicturesTask, place_pictures
from orchestration.training_set.export.verifying.locating import DESTINATION_BESIDE_LABEL_FOLDERS as DESTINATION
from orchestration.training_set.export.verifying.locating import (
    Copy,
    Form,
    VerificationError,
    find_copy,
    form_of,
    has_objects_only,
    open_tree,
    read_copy,
)
from orchestration.training_set.export.verifying.material import Material
from orchestration.training_set.export.verifying.placement import place_generation
from orchestration.training_set.export.verifying.problems import Note, Problem, note, problem
from orchestration.training_set.export.verifying.shards import ShardTask
from orchestration.training_set.export.verifying.since import Changes, ChangesTask, material_of_tables
from orchestration.training_set.export.verifying.surroundings import generation_ids, look_around
from orchestration.training_set.export.verifying.tasks import Task, file_tasks, given_up, work
from orchestration.training_set.export.verifying.tree import FolderReader, Tree
from orchestration.workers import WorkerLostError, Workers, process_workers


def verifying_workers(count: int | None = None) -> Workers:
    """Processes for :func:`verify`, one for each core unless told."""
    return process_workers(count, preload=["orchestration.training_set.export.verifying.tasks"])


@dataclass
class Verified:
    """What was looked at, and what is wrong with it."""

    place: str
    generation: Generation | None = None
    pictures_listed: int | None = None
    files_read: int = 0
    bytes_read: int = 0
    pictures_decoded: int = 0
    links: int = 0
    compared: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    changes: Changes | None = None


def verify(
    place: str | Path,
    *,
    workers: Workers,
    settings: Settings | None = None,
    generation_id: str | None = None,
    since: str | None = None,
    progress: Progress = no_progress,
) -> Verified:
    """Look at everything of a copy; whatever is wrong is a problem of the result, never an exception.

    Args:
        place: a destination of exports, a copy of one generation, or a training set of label folders with the export
            beside them; a folder, ``s3://`` or ``az://``.
        workers: read and compare.
        settings: name the account of an ``az://`` URL; nothing else needs them.
        generation_id: which one of a destination, in place of the one that counts.
        since: the id of an earlier generation of the destination, or a folder or URL that holds one.
        progress: called with the files read and the files in all.

    Raises:
        VerificationError: there is nothing that can be verified, or no generation as asked for.
        StoreUnavailableError: a bucket or container can't be used.
    """
    tree = open_tree(place, settings)
    run = _Run(Verified(tree.shown), workers, progress)
    run.found.problems += tree.problems
    form = form_of(tree)
    if form == "label folders":
        run.label_folders(tree)
        destination = destination_below(tree)
        if destination is not None:
            beside = _Run(Verified(destination.shown), workers, progress)
            beside.exports(destination, form_of(destination), generation_id, since, settings)
            _add(run.found, beside.found)
        elif generation_id or since:
            raise VerificationError(f"{tree.shown} holds no exports, so no generation can be asked for")
        return run.found
    run.exports(tree, form, generation_id, since, settings)
    return run.found


def destination_below(tree: Tree) -> Tree | None:
    """The destination of exports beside label folders, where there is one."""
    if not tree.has_folder(DESTINATION):
        return None
    reader = tree.reader
    below = replace(reader, root=reader.root / DESTINATION) if isinstance(reader, FolderReader) else None
    if below is None:
        return None
    return Tree(f"{tree.shown}/{DESTINATION}", below, tree.is_remote, dict(tree.below(DESTINATION)))


def _add(found: Verified, beside: Verified) -> None:
    """Add what was found in the destination beside label folders."""
    found.generation, found.compared, found.changes = beside.generation, beside.compared, beside.changes
    found.files_read += beside.files_read
    found.bytes_read += beside.bytes_read
    found.pictures_decoded += beside.pictures_decoded
    found.links += beside.links
    found.problems += [replace(one, path=f"{DESTINATION}/{one.path}") for one in beside.problems]
    found.notes += [replace(one, path=f"{DESTINATION}/{one.path}") for one in beside.notes]


@dataclass
class _Run:
    """The state of one verification."""

    found: Verified
    workers: Workers
    progress: Progress
    files_in_all: int = 0
    pictures: dict[str, PngDescription] = field(default_factory=dict)
    images: list[ImageRow] | None = None

    def exports(
        self, tree: Tree, form: Form, generation_id: str | None, since: str | None, settings: Settings | None
    ) -> None:
        """Verify a generation, and what lies around it where the place is a destination."""
        copy = find_copy(tree, form, generation_id)
        if isinstance(copy, Problem):
            self.found.problems.append(copy)
            ids = generation_ids(tree)
            if form == "generation" or len(ids) != 1:
                return
            # It is the only one there: look at it all the same.
            copy = read_copy(tree, f"{GENERATIONS}/{ids[0]}", has_objects_only=has_objects_only(tree))
            if isinstance(copy, Problem):
                self.found.problems.append(copy)
                return
        self.found.generation = copy.generation
        earlier = None if since is None else _earlier(tree, form, since, settings)
        placement = place_generation(copy)
        self.found.links = placement.links
        around = look_around(copy) if form == "destination" else None
        others = around.files if around else []
        for one in (placement, around):
            if one is not None:
                self.found.problems += one.problems
                self.found.notes += one.notes
        self._read_and_compare(copy, placement.files, others)
        if earlier is not None:
            self._compare_with(earlier, copy)

    def _read_and_compare(self, copy: Copy, files: list[FileToCheck], others: list[FileToCheck]) -> None:
        """Read annotations first: only what is as it was published is compared; pictures and shards meanwhile."""
        shard_paths = {shard.path for shard in copy.generation.shards}
        shards = [file for file in files if file.path in shard_paths]
        pictures = [file for file in files if file.is_picture]
        rest = [file for file in files if not file.is_picture and file.path not in shard_paths]
        self.files_in_all = len(files) + len(others)
        reader = copy.tree.reader
        self._do(file_tasks(reader, rest))
        wrong = {one.path for one in self.found.problems}
        formats = list(self._formats(copy, wrong))
        tables_are_right = all(path in copy.locations and path not in wrong for path in TABLES)
        index_is_right = tables_are_right and INDEX in copy.locations and INDEX not in wrong
        material = _material(copy, {*TABLES, INDEX})
        self._do(
            [
                *formats,
                *(ShardTask(material, shard, index_is_right) for shard in shards),
                *file_tasks(reader, pictures),
                *file_tasks(reader, others),
            ]
        )
        self._compare_images(copy)

    def _formats(self, copy: Copy, wrong: set[str]) -> Iterator[FormatTask]:
        """A task for each format whose files are as they were published; a note for each other one."""
        for path in TABLES:
            if path not in copy.locations:
                self.found.problems.append(problem("missing", path, "the manifest lists no such file"))
                wrong.add(path)
        for name, format_ in FORMATS.items():
            files = {path for path in copy.locations if format_.reads(path)}
            if damaged := sorted((files | set(TABLES)) & wrong):
                self.found.notes.append(note(damaged[0], f"{name}: not compared, since this file is wrong"))
                continue
            material = _material(copy, files | set(TABLES))
            if name == "links":
                material = replace(material, generation=copy.generation.model_copy(update={"files": []}))
            if name != "WebDataset" or copy.generation.shards or files:
                self.found.compared.append(name)
                yield FormatTask(name, material)

    def _compare_images(self, copy: Copy) -> None:
        """Compare what pictures say of themselves with the table, and the table with the manifest."""
        self._name_what_holds_more()
        if self.images is None:
            return
        files = copy.files
        rows = {row[0]: row for row in self.images}
        for path, (_, sha256, *size) in rows.items():
            file = files.get(path)
            if file is None:
                self.found.problems.append(problem("disagreement", path, f"{SCANS} has it, the manifest does not"))
            elif file.sha256 != sha256:
                what = f"its SHA-256 in {SCANS} is not that of the manifest"
                self.found.problems.append(problem("disagreement", path, what))
            if path in self.pictures and list(self.pictures[path][:4]) != size:
                what = f"its width, height, bits or channels are not those of {SCANS}"
                self.found.problems.append(problem("dimensions", path, what))
        for path in files:
            if path.startswith(f"{IMAGES}/") and path.endswith(".png") and path not in rows:
                self.found.problems.append(problem("disagreement", path, f"{SCANS} has no scan of this image"))

    def _name_what_holds_more(self) -> None:
        for path, described in self.pictures.items():
            if described.holds_more:
                what = "it holds more than pixels: chunks of text or the like, or bytes behind its end"
                self.found.problems.append(problem("picture", path, what))

    def _compare_with(self, earlier: Copy, later: Copy) -> None:
        if any(one.path in {*TABLES, MANIFEST} for one in self.found.problems):
            self.found.notes.append(note(SCANS, "not compared with the earlier generation, since a table is wrong"))
            return
        self._do([ChangesTask(material_of_tables(earlier), material_of_tables(later))])

    def label_folders(self, tree: Tree) -> None:
        """Verify the pictures that ``manifest.parquet`` lists."""
        if "manifest.parquet" not in tree.entries:
            what = "there is no manifest, so nothing says what the label folders must hold"
            self.found.problems.append(problem("missing", "manifest.parquet", what))
            return
        (outcome,) = self._do([PicturesTask(tree.reader)]) or [PicturesOutcome()]
        if not isinstance(outcome, PicturesOutcome) or outcome.pictures is None:
            return
        self.found.pictures_listed = len(outcome.pictures)
        placement = place_pictures(tree, outcome)
        self.found.problems += placement.problems
        self.found.notes += placement.notes
        self.files_in_all = len(placement.files)
        self._do(file_tasks(tree.reader, placement.files))
        self._name_what_holds_more()
        for path, _, _, width, height in outcome.pictures:
            if path in self.pictures and self.pictures[path][:2] != (width, height):
                what = "its width or height is not that of the manifest"
                self.found.problems.append(problem("dimensions", path, what))

    def _do(self, tasks: Iterable[Task]) -> list[object]:
        """Do tasks and gather what came out; a task that ends its worker is a problem."""
        outcomes: list[object] = []
        for task, outcome in self.workers.run(work, ((task, task) for task in tasks), in_order=True):
            if isinstance(outcome, WorkerLostError):
                self.found.problems += given_up(task, str(outcome))
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                self._take(outcome)
                outcomes.append(outcome)
        return outcomes

    def _take(self, outcome: object) -> None:
        """Add what a task found to what was found so far."""
        match outcome:
            case Checked():
                self.found.problems += outcome.problems
                self.found.files_read += outcome.files_read
                self.found.bytes_read += outcome.bytes_read
                self.found.pictures_decoded += len(outcome.pictures)
                self.pictures |= outcome.pictures
                self.progress(self.found.files_read, self.files_in_all)
            case FormatOutcome():
                self.found.problems += outcome.problems
                self.images = outcome.images if outcome.images is not None else self.images
            case PicturesOutcome():
                self.found.problems += outcome.problems
            case Changes():
                self.found.changes = outcome
            case list():
                self.found.problems += outcome
                self.found.files_read += 1


def _material(copy: Copy, files: set[str]) -> Material:
    locations = {path: location for path, location in copy.locations.items() if path in files}
    return Material(copy.tree.reader, locations, copy.generation.model_copy(update={"files": [], "links": {}}))


def _earlier(tree: Tree, form: Form, since: str, settings: Settings | None) -> Copy:
    """The generation to compare with."""
    if len(since) == 32 and "/" not in since and not Path(since).exists():
        copy = find_copy(tree, form, since)
    else:
        other = open_tree(since, settings)
        other_form = form_of(other)
        if other_form == "label folders" and (below := destination_below(other)) is not None:
            other, other_form = below, form_of(below)
        copy = find_copy(other, other_form, None)
    if isinstance(copy, Problem):
        raise VerificationError(f"the earlier generation can't be used: {copy.path}: {copy.what}")
    return copy
