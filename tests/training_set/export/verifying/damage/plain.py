"""What happens to copies without anybody's will: lost, cut, changed, mixed up, and what lies there besides."""

import os
from collections.abc import Callable
from pathlib import Path

from orchestration.training_set.export.verifying.problems import Kind
from tests.training_set.export.verifying.damage.table import DAMAGES, Act, Damage, damage

SHARD = "webdataset/train-00000-of-00001.tar"
FILES = (
    "annotations/coco.json", "annotations/coco/test.json", "annotations/yolo/data.yaml", "annotations/yolo/train.txt",
    "annotations/yolo/labels/2A.txt", "annotations/scans.parquet", "annotations/boxes.parquet",
    "images/metadata.jsonl", "images/2A.png", "splits/train/metadata.parquet", "webdataset/index.parquet",
    "webdataset/shards.json", SHARD,
)  # fmt: skip
MANIFEST = "generation.json"


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x10
    path.write_bytes(data)


def in_place_of(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


ANY_FILE: dict[str, tuple[Kind, Callable[[Path], object]]] = {
    "a byte flipped in": ("changed", lambda path: flip(path, path.stat().st_size // 2)),
    "the end cut off": ("changed", lambda path: os.truncate(path, path.stat().st_size - 1)),
    "a byte behind": ("changed", lambda path: path.write_bytes(path.read_bytes() + b"\n")),
    "emptied:": ("changed", lambda path: path.write_bytes(b"")),
    "without": ("missing", Path.unlink),
    "a pipe in place of": ("no_file", lambda path: in_place_of(path, os.mkfifo)),
    "a link out in place of": ("no_file", lambda path: in_place_of(path, lambda one: one.symlink_to("/etc/hostname"))),
}


def _to_file(path: str, act: Callable[[Path], object]) -> Act:
    def to_file(folder: Path) -> str:
        act(folder / path)
        return path

    return to_file


for path_ in FILES:
    for name_, (kind_, act_) in ANY_FILE.items():
        DAMAGES.append(Damage(f"{name_} {path_}", "generation", kind_, _to_file(path_, act_)))


@damage("manifest")
def a_byte_flipped_in_the_manifest(folder: Path) -> str:
    flip(folder / MANIFEST, 700)
    return MANIFEST


@damage("manifest")
def an_entry_twice_in_the_manifest(folder: Path) -> str:
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(b'{\n  "format"', b'{\n  "id": "Doe^Jane",\n  "format"'))
    return MANIFEST


@damage("manifest")
def more_spaces_in_the_manifest(folder: Path) -> str:
    with (folder / MANIFEST).open("ab") as file:
        file.write(b" \n")
    return MANIFEST


@damage("manifest")
def the_manifest_cut_short(folder: Path) -> str:
    os.truncate(folder / MANIFEST, 1000)
    return MANIFEST


@damage("missing")
def no_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return MANIFEST


@damage("no_file")
def a_pipe_in_place_of_the_manifest(folder: Path) -> str:
    in_place_of(folder / MANIFEST, os.mkfifo)
    return MANIFEST


@damage("missing")
def a_folder_in_place_of_an_image(folder: Path) -> str:
    in_place_of(folder / "images/2A.png", lambda path: path.mkdir())
    (folder / "images/2A.png/inside").touch()
    return "images/2A.png"


@damage("changed")
def two_images_swapped(folder: Path) -> str:
    first, second = folder / "images/2A.png", folder / "images/3A.png"
    first.rename(folder / "between")
    second.rename(first)
    (folder / "between").rename(second)
    return "images/2A.png"


@damage("missing")
def an_image_renamed(folder: Path) -> str:
    (folder / "images/2A.png").rename(folder / "images/2a.png")
    return "images/2A.png"


@damage("extra")
def an_image_renamed_is_there_besides(folder: Path) -> str:
    (folder / "images/2A.png").rename(folder / "images/2a.png")
    return "images/2a.png"


@damage("missing")
def a_folder_of_files_lost(folder: Path) -> str:
    for path in (folder / "annotations/yolo/labels").iterdir():
        path.unlink()
    return "annotations/yolo/labels/3A.txt"


@damage("extra")
def a_file_besides(folder: Path) -> str:
    (folder / "images/besides.png").write_bytes((folder / "images/2A.png").read_bytes())
    return "images/besides.png"


@damage("extra")
def a_cache_that_a_trainer_left(folder: Path) -> str:
    (folder / "annotations/yolo/labels.cache").write_bytes(b"cache")
    return "annotations/yolo/labels.cache"


@damage("extra")
def a_link_besides(folder: Path) -> str:
    (folder / "classes/train/has_malign_mass/besides.png").symlink_to("../../../images/2A.png")
    return "classes/train/has_malign_mass/besides.png"


@damage("extra")
def a_pipe_besides(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return "pipe"


@damage("extra")
def a_name_that_is_no_text_besides(folder: Path) -> str:
    Path(os.fsdecode(bytes(folder / "images") + b"/\xff\n.png")).touch()
    return "images/\\udcff\\n.png"


@damage("extra")
def a_deep_folder_besides(folder: Path) -> str:
    os.chdir(folder)
    for _ in range(1500):  # deeper than a recursion goes, in steps since a path has at most 4,096 bytes
        Path("d").mkdir()
        os.chdir("d")
    Path("inside").touch()
    os.chdir(folder)
    return "d/d/d/d"


def a_link(folder: Path) -> Path:
    return next((folder / "splits").glob("*/2A.png"))


def named(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


@damage("missing")
def one_link_lost(folder: Path) -> str:
    path = a_link(folder)
    path.unlink()
    return named(folder, path)


@damage("link")
def a_link_to_another_image(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, lambda one: one.symlink_to("../../images/3A.png"))
    return named(folder, path)


@damage("link")
def a_link_out_of_the_generation(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, lambda one: one.symlink_to("../../../elsewhere.png"))
    return named(folder, path)


@damage("link")
def an_absolute_link(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, lambda one: one.symlink_to("/etc/passwd"))
    return named(folder, path)


@damage("link")
def a_link_to_itself(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, lambda one: one.symlink_to("2A.png"))
    return named(folder, path)


@damage("changed")
def another_image_in_place_of_a_link(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, lambda one: one.write_bytes((folder / "images/3A.png").read_bytes()))
    return named(folder, path)


@damage("no_file")
def a_pipe_in_place_of_a_link(folder: Path) -> str:
    path = a_link(folder)
    in_place_of(path, os.mkfifo)
    return named(folder, path)


@damage("link")
def the_link_of_yolos_images_elsewhere(folder: Path) -> str:
    in_place_of(folder / "annotations/yolo/images", lambda one: one.symlink_to("../../splits"))
    return "annotations/yolo/images"


@damage("missing")
def a_link_out_in_place_of_the_folder_of_images(folder: Path) -> str:
    (folder / "images").rename(folder.parent / "moved")
    (folder / "images").symlink_to(folder.parent / "moved")
    return "images/2A.png"
