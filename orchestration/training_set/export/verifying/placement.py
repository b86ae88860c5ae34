"""Whether everything that a manifest lists lies there as it says, and nothing else; contents are left to workers."""

import posixpath
from dataclasses import dataclass, field

from orchestration.training_set.export.generation import CURRENT, MANIFEST, GenerationFile
from orchestration.training_set.export.layout import IMAGES
from orchestration.training_set.export.verifying.files import FILE_BYTES, PICTURE_BYTES, FileToCheck
from orchestration.training_set.export.verifying.locating import Copy
from orchestration.training_set.export.verifying.problems import Note, Problem, note, problem
from orchestration.training_set.export.verifying.tree import Entry


@dataclass
class Placement:
    """What was found where, and the files that are still to be read."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: list[FileToCheck] = field(default_factory=list)
    links: int = 0


def place_generation(copy: Copy) -> Placement:
    """Look for every file and link of a generation, and for what it does not list."""
    placement = Placement()
    locations = copy.locations
    for file in copy.generation.files:
        checked = as_found(file, file.path, locations[file.path], copy.tree.entries.get(locations[file.path]))
        if isinstance(checked, Problem):
            placement.problems.append(checked)
        else:
            placement.files.append(checked)
    _look_at_links(copy, placement)
    _look_for_extra(copy, copy.folder, "", set(locations.values()), placement)
    if copy.folder and copy.folder != CURRENT and copy.tree.has_folder(CURRENT):
        _look_at_followed_current(copy, placement)
    return placement


def as_found(file: GenerationFile, path: str, location: str, entry: Entry | None) -> FileToCheck | Problem:
    """The file of an entry, to be read; or what is wrong with it already."""
    if entry is None:
        return problem("missing", path, "it is not there")
    if entry.kind == "link":
        return problem("no_file", path, "a link lies there instead of the file, and is not followed")
    if entry.kind == "other":
        return problem("no_file", path, "it is neither a file nor a link")
    if entry.size_bytes != file.size_bytes:
        return problem("changed", path, f"it has {entry.size_bytes:,} bytes instead of {file.size_bytes:,}")
    is_picture = file.path.startswith(f"{IMAGES}/") and file.path.endswith(".png")
    most = PICTURE_BYTES if is_picture else FILE_BYTES
    if file.size_bytes > most:
        return problem("format", path, f"it has {file.size_bytes:,} bytes; at most {most:,} are read")
    return FileToCheck(path, location, file.size_bytes, file.sha256, is_picture)


def _look_at_links(copy: Copy, placement: Placement) -> None:
    """Links must lead where the manifest says; a copy may have followed or lost them, all or none."""
    generation, entries = copy.generation, copy.tree.entries
    placement.links = len(generation.links)
    if copy.has_objects_only or not generation.links:
        return
    lost = [path for path in generation.links if not _is_there(copy, path)]
    if len(lost) == len(generation.links):
        what = f"this copy has none of its {len(lost):,} links: splits/, classes/ and YOLO's images lead nowhere; "
        placement.notes.append(note(copy.folder or ".", what + "copy with cp -a, rsync -a or tar to have them"))
        return
    placement.problems += [problem("missing", path, "the link is not there, though others are") for path in lost]
    for path, target in generation.links.items():
        entry = entries.get(copy.own(path))
        if entry is not None:
            _look_at_link(copy, path, target, entry, placement)


def _is_there(copy: Copy, path: str) -> bool:
    return copy.own(path) in copy.tree.entries or (
        copy.generation.links[path] not in copy.files and copy.tree.has_folder(copy.own(path))
    )


def _look_at_link(copy: Copy, path: str, target: str, entry: Entry, placement: Placement) -> None:
    if entry.kind == "other":
        placement.problems.append(problem("no_file", path, "it is neither a link nor a file"))
    elif entry.leads_to is not None:
        found = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.leads_to))
        if found.startswith(("/", "../")) or found == "..":
            placement.problems.append(problem("link", path, "it leads out of the generation"))
        elif found != target:
            placement.problems.append(problem("link", path, f"it does not lead to {target}"))
    elif (file := copy.files.get(target)) is not None:
        _look_at_followed(copy, path, copy.own(path), file, placement)
    else:
        placement.problems.append(problem("no_file", path, f"a file lies there instead of a link to {target}"))


def _look_at_followed(copy: Copy, path: str, location: str, file: GenerationFile, placement: Placement) -> None:
    """A file in the place of a link must be the one that the link leads to."""
    entries = copy.tree.entries
    entry, led_to = entries.get(location), entries.get(copy.locations[file.path])
    checked = as_found(file, path, location, entry)
    if isinstance(checked, Problem):
        placement.problems.append(checked)
    elif entry is None or led_to is None or entry.inode is None or entry.inode != led_to.inode:
        placement.files.append(checked)


def _look_for_extra(copy: Copy, folder: str, shown: str, known: set[str], placement: Placement) -> None:
    """Name what lies in the folder of a generation and belongs to nothing; compare folders that were followed links."""
    links, entries = copy.generation.links, copy.tree.entries
    prefix = f"{folder}/" if folder else ""
    followed = {
        path: target for path, target in links.items() if target not in copy.files and prefix + path not in entries
    }
    for path, _ in copy.tree.below(folder):
        if path == MANIFEST or path in links or prefix + path in known:
            continue
        link = next((link for link in followed if path.startswith(f"{link}/")), None)
        file = copy.files.get(followed[link] + path.removeprefix(link)) if link else None
        if file is not None:
            _look_at_followed(copy, shown + path, prefix + path, file, placement)
        else:
            placement.problems.append(problem("extra", shown + path, "the manifest does not list it"))
    for link, target in followed.items():
        if copy.tree.has_folder(prefix + link):
            expected = (link + path.removeprefix(target) for path in copy.files if path.startswith(f"{target}/"))
            placement.problems += [
                problem("missing", shown + path, "it is not there") for path in expected if prefix + path not in entries
            ]


def _look_at_followed_current(copy: Copy, placement: Placement) -> None:
    """Where a copy followed ``current``, there is a second copy of the generation, which must be the same."""
    shown = f"{CURRENT}/"
    listed = {**{path: path for path in copy.files}, **copy.generation.links}
    for path, target in listed.items():
        entry, file = copy.tree.entries.get(shown + path), copy.files.get(target)
        if file is not None and (entry is not None or path == target):
            _look_at_followed(copy, shown + path, shown + path, file, placement)
    _look_for_extra(copy, CURRENT, shown, {shown + path for path in copy.files}, placement)
