"""Folders of a run: whether one holds DICOM, where the output may go, the files of one series alone."""

import os
from pathlib import Path

from orchestration.dicom.series import may_be_dicom
from orchestration.errors import DoublereadError
from orchestration.inference.errors import JobError
from orchestration.stores.folder import files_below
from orchestration.volumes import Series, refuse_existing


def holds_dicom(folder: Path) -> bool:
    """Whether a folder, or one below it, holds a DICOM file, by content; stops at the first one.

    Links to folders are not followed; files and folders that cannot be read do not count.
    """
    return any(_is_dicom(path) for path in files_below(folder, unreadable=lambda _folder, _error: None))


def check_folders(in_dir: Path, out_dir: Path, *, overwrite: bool) -> None:
    """Refuse folders that a run could not read, or would damage, before any work.

    Raises:
        DoublereadError: there is no input, or one folder lies in the other.
        OutputExistsError: the output is there and may not be overwritten.
    """
    if not in_dir.is_dir():
        raise DoublereadError(f"there is no folder {in_dir}")
    source, target = in_dir.resolve(), out_dir.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise DoublereadError(
            f"the output {out_dir} and the input {in_dir} must not lie in one another: the next run would read what "
            "this one wrote, or the input would be replaced"
        )
    refuse_existing(out_dir, overwrite=overwrite)


def link_files(series: Series, folder: Path) -> None:
    """Make a folder that shows the files of one series alone, under the names that they have in the input."""
    for instance in series.instances:
        link = folder / instance.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(series.path(instance).absolute())


def move_files(source: Path, target: Path) -> int:
    """Move the files that one series came to into the folder of all of them; how many.

    Raises:
        JobError: one is not a regular file, or another series has written a file of the same name.
    """
    places = [(path, target / path.relative_to(source)) for path in files_below(source)]
    for path, place in places:
        if path.is_symlink() or not path.is_file():
            raise JobError("its postprocess left something that is no file")
        if os.path.lexists(place):
            raise JobError("its postprocess wrote a file of a name that another series has used")
    for path, place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    return len(places)


def _is_dicom(path: Path) -> bool:
    try:
        return may_be_dicom(path)
    except OSError:
        return False
