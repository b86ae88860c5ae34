"""What a worker does, whatever it is given, and how work is shared out among tasks."""

from collections.abc import Iterable, Iterator

from orchestration.training_set.export.verifying.files import Checked, FilesTask, FileToCheck, check_files
from orchestration.training_set.export.verifying.formats import FormatOutcome, FormatTask, check_format
from orchestration.training_set.export.verifying.label_folders import PicturesOutcome, PicturesTask, check_pictures
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.shards import ShardTask, check_shard
from orchestration.training_set.export.verifying.since import Changes, ChangesTask, find_changes
from orchestration.training_set.export.verifying.tree import Reader

Task = FilesTask | FormatTask | ShardTask | PicturesTask | ChangesTask
Outcome = Checked | FormatOutcome | list[Problem] | PicturesOutcome | Changes

FILES_A_TASK = 200  # label files of YOLO have some 100 bytes, and handing a task out takes 0.1 ms
BYTES_A_TASK = 4 << 20


def work(task: Task) -> Outcome:
    """Do a task."""
    match task:
        case FilesTask():
            return check_files(task)
        case FormatTask():
            return check_format(task)
        case ShardTask():
            return check_shard(task)
        case PicturesTask():
            return check_pictures(task)
        case ChangesTask():
            return find_changes(task)


def file_tasks(reader: Reader, files: Iterable[FileToCheck]) -> Iterator[FilesTask]:
    """Share files out among tasks: many small ones in one, a large one alone."""
    batch: list[FileToCheck] = []
    size = 0
    for file in files:
        if batch and (len(batch) == FILES_A_TASK or size + file.size_bytes > BYTES_A_TASK):
            yield FilesTask(reader, tuple(batch))
            batch, size = [], 0
        batch.append(file)
        size += file.size_bytes
    if batch:
        yield FilesTask(reader, tuple(batch))


def given_up(task: Task, reason: str) -> list[Problem]:
    """The problems of a task that ended its worker process, as a file may that is made to."""
    match task:
        case FilesTask():
            return [problem("unreadable", file.path, f"it can't be read: {reason}") for file in task.files]
        case FormatTask():
            paths = list(task.material.locations)
            return [problem("format", paths[0] if paths else task.name, f"it can't be compared: {reason}")]
        case ShardTask():
            return [problem("unreadable", task.file.path, f"it can't be read: {reason}")]
        case _:
            return [problem("format", "manifest.parquet", f"it can't be read: {reason}")]
