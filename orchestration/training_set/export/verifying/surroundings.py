"""What lies around a generation in a destination: objects under their own hashes, the history, other generations."""

import posixpath
import re

from pydantic import ValidationError

from orchestration.stores.publishing import PARTIAL
from orchestration.training_set.export.generation import CURRENT, GENERATIONS, HISTORY, Publication
from orchestration.training_set.export.objects import OBJECTS
from orchestration.training_set.export.verifying.files import FILE_BYTES, FileToCheck
from orchestration.training_set.export.verifying.locating import Copy, current_of, read_copy
from orchestration.training_set.export.verifying.placement import Placement
from orchestration.training_set.export.verifying.problems import Problem, note, problem
from orchestration.training_set.export.verifying.tree import Tree, UnreadableError

HISTORY_BYTES = 64 << 20
_OBJECT = re.compile(rf"{OBJECTS}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})(\.[A-Za-z0-9]+)?")
_UNFINISHED = (f"{PARTIAL}/", f"{GENERATIONS}/{PARTIAL}/")


def look_around(copy: Copy) -> Placement:
    """Look at everything of a destination but the generation itself."""
    found = Placement()
    others = _others(copy, found)
    named = {file.object for one in (copy, *others) for file in one.generation.files if file.object}
    _look_at_objects(copy, named, found)
    _look_at_history(copy.tree, found)
    known = {f"{GENERATIONS}/{generation_id}" for generation_id in generation_ids(copy.tree)}
    unfinished = 0
    for path, entry in copy.tree.entries.items():
        if path.startswith(_UNFINISHED):
            unfinished += 1
        elif path.startswith((f"{OBJECTS}/", f"{CURRENT}/")) or path in {CURRENT, HISTORY}:
            continue
        elif posixpath.join(*path.split("/")[:2]) not in known:
            found.notes.append(note(path, "it belongs to no generation" + _outward(path, entry.leads_to)))
    if unfinished:
        found.notes.append(note(PARTIAL, f"{unfinished:,} files of an export that did not end; the next removes them"))
    return found


def _outward(path: str, leads_to: str | None) -> str:
    if leads_to is None:
        return ""
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), leads_to))
    return ", and leads out of the place" if target.startswith(("/", "..")) else ""


def generation_ids(tree: Tree) -> list[str]:
    """The generations whose folders lie in a destination, whole or not."""
    folders = {path.split("/")[0] for path, _ in tree.below(GENERATIONS)}
    return sorted(folder for folder in folders if re.fullmatch("[0-9a-f]{32}", folder))


def _others(copy: Copy, found: Placement) -> list[Copy]:
    """The other generations, of which only the manifest is read: it says which objects are theirs."""
    others = []
    for generation_id in generation_ids(copy.tree):
        if generation_id == copy.generation.id:
            continue
        other = read_copy(copy.tree, f"{GENERATIONS}/{generation_id}")
        if isinstance(other, Problem):
            what = f"another generation, whose manifest can't be used: {other.what}"
            found.notes.append(note(f"{GENERATIONS}/{generation_id}", what))
        else:
            others.append(other)
    return others


def _look_at_objects(copy: Copy, named: set[str], found: Placement) -> None:
    """The content of an object must give its name. One that no generation names harms nobody."""
    by_inode = {
        entry.inode: copy.files[path].sha256
        for path, location in copy.locations.items()
        if (entry := copy.tree.entries.get(location)) is not None and entry.inode is not None
    }
    of_generation = set(copy.locations.values())
    for path, entry in copy.tree.below(OBJECTS):
        location = f"{OBJECTS}/{path}"
        match = _OBJECT.fullmatch(location)
        if match is None or entry.kind != "file":
            found.problems.append(problem("extra", location, "it is no object: no file that its content names"))
            continue
        if location not in named:
            found.notes.append(note(location, "an object that no generation names"))
        if location in of_generation or (entry.inode and by_inode.get(entry.inode) == match[2]):
            continue  # read as the generation's file
        if entry.size_bytes > FILE_BYTES:
            found.problems.append(problem("format", location, f"more than {FILE_BYTES:,} bytes are not read"))
        else:
            found.files.append(FileToCheck(location, location, entry.size_bytes, match[2]))


def _look_at_history(tree: Tree, found: Placement) -> None:
    """Every line is a publication, and the last one made the current generation current."""
    entry = tree.entries.get(HISTORY)
    if entry is None:
        found.problems.append(problem("missing", HISTORY, "it is not there: nothing says what was published when"))
        return
    try:
        lines = tree.reader.read(HISTORY, HISTORY_BYTES).splitlines()
        publications = [Publication.model_validate_json(line) for line in lines]
    except UnreadableError as error:
        found.problems.append(problem("history", HISTORY, f"it {error}"))
        return
    except ValidationError:
        found.problems.append(problem("history", HISTORY, "a line of it is not what doubleread writes"))
        return
    current = current_of(tree)
    if isinstance(current, str) and (not publications or publications[-1].generation != current):
        what = "it names another generation than the one that was published last by the history"
        found.problems.append(problem("current", CURRENT, what))
    earlier: set[str | None] = {None}
    for publication in publications:
        if publication.previous not in earlier:
            what = "a publication follows one that is not in it"
            found.problems.append(problem("history", HISTORY, what))
            return
        earlier.add(publication.generation)
