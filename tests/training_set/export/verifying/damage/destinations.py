"""What goes wrong around a generation: which one counts, objects, the history, other generations."""

import os
import shutil
from pathlib import Path

from tests.training_set.export.verifying.damage.plain import flip, in_place_of
from tests.training_set.export.verifying.damage.table import damage


def current(folder: Path) -> str:
    return (folder / "current").readlink().name


def an_object(folder: Path) -> Path:
    """One that the current generation names."""
    image = (folder / "current/images/2A.png").resolve()
    (found,) = [path for path in (folder / "objects").rglob("*.png") if path.read_bytes() == image.read_bytes()]
    return found


def named(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


@damage("missing", "destination")
def nothing_says_which_generation_counts(folder: Path) -> str:
    (folder / "current").unlink()
    return "current"


@damage("current", "destination")
def a_generation_that_counts_and_is_not_there(folder: Path) -> str:
    shutil.rmtree(folder / "generations" / current(folder))
    return "current"


@damage("current", "destination")
def an_earlier_generation_counts_again(folder: Path) -> str:
    (earlier,) = [path.name for path in (folder / "generations").iterdir() if path.name != current(folder)]
    in_place_of(folder / "current", lambda path: path.symlink_to(f"generations/{earlier}"))
    return "current"


@damage("current", "destination")
def current_leads_out(folder: Path) -> str:
    target = (folder / "current").resolve()
    in_place_of(folder / "current", lambda path: path.symlink_to(target))
    return "current"


@damage("current", "destination")
def current_holds_no_id(folder: Path) -> str:
    in_place_of(folder / "current", lambda path: path.write_text("the latest\n"))
    return "current"


@damage("no_file", "destination")
def a_pipe_in_place_of_current(folder: Path) -> str:
    in_place_of(folder / "current", os.mkfifo)
    return "current"


@damage("manifest", "destination")
def a_generation_under_the_id_of_another(folder: Path) -> str:
    own = current(folder)
    (folder / "generations" / own).rename(folder / "generations" / ("0" * 32))
    in_place_of(folder / "current", lambda path: path.symlink_to("generations/" + "0" * 32))
    return "generations/" + "0" * 32


@damage("missing", "destination")
def no_history(folder: Path) -> str:
    (folder / "history.jsonl").unlink()
    return "history.jsonl"


@damage("history", "destination")
def a_history_that_is_no_json(folder: Path) -> str:
    (folder / "history.jsonl").write_text("yesterday\n")
    return "history.jsonl"


@damage("history", "destination")
def a_publication_after_one_that_is_not_in_the_history(folder: Path) -> str:
    lines = (folder / "history.jsonl").read_text().splitlines(keepends=True)
    (folder / "history.jsonl").write_text(lines[-1])
    return "history.jsonl"


@damage("current", "destination")
def a_history_without_the_last_publication(folder: Path) -> str:
    lines = (folder / "history.jsonl").read_text().splitlines(keepends=True)
    (folder / "history.jsonl").write_text(lines[0])
    return "current"


@damage("changed", "destination")
def an_object_with_a_byte_flipped(folder: Path) -> str:
    path = an_object(folder)
    flip(path, 60)
    return named(folder, path)


@damage("changed", "destination")
def an_object_under_the_name_of_another_content(folder: Path) -> str:
    path = an_object(folder)
    other = path.parent / ("0" * 64 + ".png")
    other = folder / "objects" / "00" / other.name
    other.parent.mkdir(exist_ok=True)
    path.rename(other)
    return named(folder, other)


@damage("extra", "destination")
def a_file_among_the_objects_that_is_none(folder: Path) -> str:
    (folder / "objects" / "notes.txt").write_text("notes")
    return "objects/notes.txt"


@damage("extra", "destination")
def a_link_out_in_place_of_an_object(folder: Path) -> str:
    path = an_object(folder)
    in_place_of(path, lambda one: one.symlink_to("/etc/hostname"))
    return named(folder, path)


@damage("extra", "destination")
def a_file_besides_in_the_generation(folder: Path) -> str:
    (folder / "current" / "besides").touch()
    return "besides"


@damage("extra", "destination")
def something_unfinished_within_the_generation(folder: Path) -> str:
    (folder / "current" / ".partial").mkdir()
    (folder / "current" / ".partial" / "x.png").touch()
    return ".partial/x.png"


@damage("changed", "destination")
def an_image_of_the_generation_with_a_byte_flipped(folder: Path) -> str:
    flip((folder / "current/images/2A.png").resolve(), 60)
    return "images/2A.png"
