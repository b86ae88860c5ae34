"""What workers do with files: compare size and SHA-256 with what is written down, and decode pictures whole."""

import hashlib
from dataclasses import dataclass, field

from orchestration.images import MAX_DECODED_BYTES
from orchestration.imaging import ImageError, PngDescription, describe_png
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tree import Reader, UnreadableError
from orchestration.training_set.picture_files import ChangedPictureError, check_picture

PICTURE_BYTES = MAX_DECODED_BYTES + (1 << 20)  # noise does not become smaller, and rows have filters
FILE_BYTES = 16 << 30  # of any other file: a minute of reading at most
CHANGED = "its SHA-256 is not the one that is written down: the content was changed or damaged"


@dataclass(frozen=True, slots=True)
class FileToCheck:
    """A file of ``size_bytes`` that was found at ``location`` of the tree and is shown as ``path``."""

    path: str
    location: str
    size_bytes: int
    sha256: str
    is_picture: bool = False


@dataclass(frozen=True)
class FilesTask:
    """Files for one worker."""

    reader: Reader
    files: tuple[FileToCheck, ...]


@dataclass
class Checked:
    """What became of a task: what is wrong, what was read, and what the pictures that decode say of themselves."""

    problems: list[Problem] = field(default_factory=list)
    files_read: int = 0
    bytes_read: int = 0
    pictures: dict[str, PngDescription] = field(default_factory=dict)


def check_files(task: FilesTask) -> Checked:
    """Read the files of a task; one that is wrong is a problem, never an exception."""
    checked = Checked()
    for file in task.files:
        try:
            fault = _check_picture(task.reader, file, checked) if file.is_picture else _check(task.reader, file)
        except UnreadableError as error:
            fault = problem("unreadable", file.path, f"it {error}")
        except MemoryError:
            fault = problem("unreadable", file.path, "there is not enough memory to read it")
        checked.files_read += 1
        checked.bytes_read += file.size_bytes
        if fault is not None:
            checked.problems.append(fault)
    return checked


def _check(reader: Reader, file: FileToCheck) -> Problem | None:
    digest, total = hashlib.sha256(), 0
    for piece in reader.pieces(file.location):
        digest.update(piece)
        total += len(piece)
        if total > file.size_bytes:  # it grows while it is read
            break
    return None if digest.hexdigest() == file.sha256 else problem("changed", file.path, CHANGED)


def _check_picture(reader: Reader, file: FileToCheck, checked: Checked) -> Problem | None:
    data = reader.read(file.location, PICTURE_BYTES)
    try:
        keepable = check_picture(data, file.sha256)
        checked.pictures[file.path] = describe_png(data, keepable=keepable)
    except ChangedPictureError:
        return problem("changed", file.path, CHANGED)
    except ImageError as error:
        return problem("picture", file.path, f"it {error}")
    return None
