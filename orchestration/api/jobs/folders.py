"""Whether a folder may be the input of a job."""

import os
from pathlib import Path

from orchestration.api.jobs.errors import NoDicomError, OutsideRootError
from orchestration.errors import DoublereadError
from orchestration.inference import check_folders, holds_dicom

OUTPUT = "output"
"""The folder below the root that outputs of jobs go to, each in one of its own, named by the job's uid."""


def checked_input(in_dir: str, root: Path) -> Path:
    """The folder, when it lies below ``root`` by its own name, with no link on the way.

    Raises:
        OutsideRootError: it lies elsewhere, is the root itself, or a link leads to it.
        NoDicomError: there is no such folder, or it holds no DICOM.
    """
    refused = OutsideRootError(
        "in_dir must be an absolute path below DOUBLEREAD_JOBS_ROOT, with no .. and no link in it"
    )
    path = Path(in_dir)
    if "\0" in in_dir or not path.is_absolute() or ".." in path.parts or not path.is_relative_to(root):
        raise refused
    if path == root:
        raise refused
    try:
        has_link = any(step.is_symlink() for step in (path, *path.parents) if step.is_relative_to(root))
        is_below = Path(os.path.realpath(path, strict=not has_link)).is_relative_to(os.path.realpath(root))
        is_folder = path.is_dir()
    except OSError:  # no such folder, or a name that is longer than a file system takes
        raise NoDicomError("there is no folder in_dir") from None
    if has_link or not is_below:
        raise refused
    if not is_folder or not holds_dicom(path):
        raise NoDicomError("in_dir holds no DICOM file")
    return path


def checked_output(in_dir: Path, uid: str, root: Path) -> Path:
    """Where the output of a job goes; nothing is there yet.

    Raises:
        NoDicomError: the input holds the outputs of jobs.
    """
    output = root / OUTPUT / uid
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        check_folders(in_dir, output, overwrite=False)
    except DoublereadError as error:
        raise NoDicomError(str(error)) from None
    return output
