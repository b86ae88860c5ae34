"""What goes wrong with label folders and their manifest."""

import hashlib
import os
from pathlib import Path
from typing import Any

from tests.training_set.export.verifying.copies import rows
from tests.training_set.export.verifying.damage.plain import flip, in_place_of
from tests.training_set.export.verifying.damage.table import damage

MASS, BENIGN = "has_malign_mass", "has_benign_mass"
PICTURE = f"{MASS}/1.png"
MANIFEST = "manifest.parquet"


@damage("changed", "training set")
def a_picture_with_a_byte_flipped(folder: Path) -> str:
    flip(folder / PICTURE, 900)
    return PICTURE


@damage("changed", "training set")
def a_picture_cut_short(folder: Path) -> str:
    os.truncate(folder / PICTURE, 100)
    return PICTURE


@damage("missing", "training set")
def a_picture_lost(folder: Path) -> str:
    (folder / PICTURE).unlink()
    return PICTURE


@damage("extra", "training set")
def a_picture_besides(folder: Path) -> str:
    (folder / MASS / "besides.png").write_bytes((folder / PICTURE).read_bytes())
    return f"{MASS}/besides.png"


@damage("changed", "training set")
def two_pictures_swapped(folder: Path) -> str:
    one, other = folder / PICTURE, folder / MASS / "2.png"
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)
    return PICTURE


@damage("no_file", "training set")
def a_pipe_in_place_of_a_picture(folder: Path) -> str:
    in_place_of(folder / PICTURE, os.mkfifo)
    return PICTURE


@damage("no_file", "training set")
def a_link_in_place_of_a_picture(folder: Path) -> str:
    in_place_of(folder / PICTURE, lambda path: path.symlink_to("2.png"))
    return PICTURE


@damage("missing", "training set")
def no_list_of_pictures(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return MANIFEST


@damage("format", "training set")
def a_list_of_pictures_that_is_no_table(folder: Path) -> str:
    (folder / MANIFEST).write_bytes(b"PAR1")
    return MANIFEST


@damage("extra", "training set")
def a_picture_left_out_of_the_list(folder: Path) -> str:
    with rows(folder, MANIFEST) as found:
        found.remove(next(row for row in found if row["path"] == PICTURE))
    return PICTURE


@damage("duplicate", "training set")
def a_picture_twice_in_the_list(folder: Path) -> str:
    with rows(folder, MANIFEST) as found:
        found.append(found[0])
    return f"{MANIFEST} scan 1"


def _row(kind: Any, named: str, **fields: Any) -> None:
    def act(folder: Path) -> str:
        with rows(folder, MANIFEST) as found:
            next(row for row in found if row["path"] == PICTURE).update(fields)
        return named

    act.__name__ = "a_list_with_" + "_and_".join(f"{name}_{str(value)[:12]}" for name, value in fields.items())
    damage(kind, "training set")(act)


_row("changed", PICTURE, sha256="0" * 64)
_row("changed", PICTURE, size_bytes=5)
_row("format", "scan 1", sha256="none")
_row("dimensions", PICTURE, width=5)
_row("dimensions", "scan 1", width=0)
_row("dimensions", "scan 1", boxes_drawn=-1)
_row("disagreement", "scan 1", label=BENIGN)
_row("disagreement", "scan 2", scan_id="2")
_row("missing", "../../etc/passwd", path="../../etc/passwd")
_row("format", "scan ../1", scan_id="../1")
_row("disagreement", "scan 1", source_image="mmg/2.png")
_row("disagreement", "scan 1", source_sha256="0" * 64)


@damage("picture", "training set")
def something_behind_a_picture_that_the_list_knows(folder: Path) -> str:
    data = (folder / PICTURE).read_bytes() + b"Doe^Jane"
    (folder / PICTURE).write_bytes(data)
    with rows(folder, MANIFEST) as found:
        row = next(row for row in found if row["path"] == PICTURE)
        row |= {"size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return PICTURE


@damage("link", "training set")
def images_that_lead_elsewhere(folder: Path) -> str:
    in_place_of(folder / "images", lambda path: path.symlink_to("/etc"))
    return "images"


@damage("changed", "training set")
def an_exported_image_with_a_byte_flipped(folder: Path) -> str:
    flip((folder / "export/current/images/2A.png").resolve(), 60)
    return "export/images/2A.png"
