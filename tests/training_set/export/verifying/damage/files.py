"""Images, shards and the manifest itself, signed where that can be, made by somebody who means harm."""

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from orchestration.training_set.export.generation import Generation, identified, manifest_bytes
from orchestration.training_set.export.layout import INDEX, SHARDS
from tests.training_set.export.verifying.copies import HEIGHT, WIDTH, document, manifest, rows, sign, write_manifest
from tests.training_set.export.verifying.damage.table import damage, forged, other_side, side_of

SCAN = "2A"
IMAGE = f"images/{SCAN}.png"


def png(shape: tuple[int, ...] = (HEIGHT, WIDTH), kind: type = np.uint8, **settings: Any) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.full(shape, 7, kind)).save(data, "PNG", **settings)
    return data.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int, megabytes: int) -> bytes:
    """A small PNG that inflates to megabytes."""
    deflater = zlib.compressobj(1)
    pixels = b"".join([*(deflater.compress(bytes(1 << 20)) for _ in range(megabytes)), deflater.flush()])
    return stored(pixels, width, height)


def stored(stream: bytes, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    """A grey PNG of a compressed stream."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def _image(kind: Any, name: str, make: Callable[[bytes], bytes]) -> None:
    def act(folder: Path) -> str:
        (folder / IMAGE).write_bytes(make((folder / IMAGE).read_bytes()))
        return IMAGE

    act.__name__ = name.replace(" ", "_")
    forged(kind)(act)


_ROWS = bytes((WIDTH + 1) * HEIGHT)
_PIXELS = zlib.compress(_ROWS)
_text = PngInfo()
_text.add_text("PatientName", "Doe^Jane")
_image("disagreement", "another image of the same size", lambda _data: png())
_image("dimensions", "an image of another size", lambda _data: png((HEIGHT, WIDTH + 1)))
_image("dimensions", "an image of 16 bits", lambda _data: png(kind=np.uint16))
_image("dimensions", "an image in colour", lambda _data: png((HEIGHT, WIDTH, 3)))
_image("picture", "text in an image", lambda _data: png(pnginfo=_text))
_image("picture", "something behind an image", lambda data: data + b"Doe^Jane")
_image("picture", "something behind the compressed pixels", lambda _data: stored(_PIXELS + b"Doe^Jane" + _PIXELS[-4:]))
_image("picture", "something behind the rows", lambda _data: stored(zlib.compress(_ROWS + b"Doe^Jane")))
_image("picture", "no image", lambda _data: b"no image")
_image("picture", "a JPEG in place of an image", lambda _data: b"\xff\xd8\xff\xe0 JPEG")
_image("picture", "an image cut short", lambda data: data[:-20])
_image("picture", "an image with a wrong checksum", lambda data: data[:45] + bytes([data[45] ^ 1]) + data[46:])
_image("picture", "an image that declares 60,000 rows of 60,000", lambda _data: bomb(60_000, 60_000, 1))
_image("picture", "an image that inflates to 300 megabytes", lambda _data: bomb(WIDTH, HEIGHT, 300))
_image("picture", "an empty image", lambda _data: b"")


@forged("disagreement")
def two_images_swapped_and_signed(folder: Path) -> str:
    first, second = folder / IMAGE, folder / "images/3A.png"
    first.rename(folder / "between")
    second.rename(first)
    (folder / "between").rename(second)
    return IMAGE


@forged("disagreement")
def an_image_left_out_of_the_manifest(folder: Path) -> str:
    with document(folder, "generation.json") as content:
        content["files"] = [file for file in content["files"] if file["path"] != IMAGE]
    (folder / IMAGE).unlink()
    return IMAGE


@forged("disagreement")
def an_image_invented_in_the_manifest(folder: Path) -> str:
    (folder / "images/invented.png").write_bytes(png())
    with document(folder, "generation.json") as content:
        file = next(file for file in content["files"] if file["path"] == IMAGE)
        content["files"].append({**file, "path": "images/invented.png"})
    return "images/invented.png"


def _index(kind: Any, name: str, change: Callable[[list[dict[str, Any]], dict[str, Any]], None]) -> None:
    def act(folder: Path) -> str:
        with rows(folder, INDEX) as found:
            change(found, next(row for row in found if row["scan_id"] == SCAN and row["member"].endswith(".png")))
        return f"scan {SCAN}" if kind != "duplicate" else INDEX

    act.__name__ = name.replace(" ", "_")
    forged(kind)(act)


_index("shard", "a wrong offset in the index", lambda _found, row: row.update(byte_offset=row["byte_offset"] + 512))
_index("disagreement", "a wrong size in the index", lambda _found, row: row.update(size_bytes=row["size_bytes"] - 1))
_index("disagreement", "a size below zero in the index", lambda _found, row: row.update(size_bytes=-1))
_index("disagreement", "another key in the index", lambda _found, row: row.update(key="key"))
_index("disagreement", "another member in the index", lambda _found, row: row.update(member="x.png"))
_index("side", "another shard in the index", lambda _found, row: row.update(shard="webdataset/test-00001-of-00002.tar"))
_index("disagreement", "a member left out of the index", lambda found, row: found.remove(row))
_index("duplicate", "a member twice in the index", lambda found, row: found.append(row))


@forged("disagreement")
def another_number_of_samples_in_the_list_of_shards(folder: Path) -> str:
    with document(folder, SHARDS) as content:
        content["shardlist"][0]["nsamples"] += 1
    return SHARDS


@forged("count")
def another_number_of_samples_in_the_manifest(folder: Path) -> str:
    with document(folder, "generation.json") as content:
        content["shards"][0]["samples"] += 1
    return manifest(folder)["shards"][0]["path"]  # type: ignore[no-any-return]


@forged("disagreement")
def another_fingerprint_in_the_manifest(folder: Path) -> str:
    with document(folder, "generation.json") as content:
        content["shards"][0]["fingerprint"] = "0" * 64
    return manifest(folder)["shards"][0]["path"]  # type: ignore[no-any-return]


def _shard(kind: Any, name: str, change: Callable[[bytearray, dict[str, Any]], None], named: str = "") -> None:
    """Change the bytes of the shard that a scan is in; ``change`` gets them and where the scan's image begins."""

    def act(folder: Path) -> str:
        with rows(folder, INDEX) as found:
            row = next(row for row in found if row["scan_id"] == SCAN and row["member"].endswith(".png"))
        data = bytearray((folder / row["shard"]).read_bytes())
        change(data, row)
        (folder / row["shard"]).write_bytes(data)
        return f"{row['shard']} {named}"

    act.__name__ = name.replace(" ", "_")
    forged(kind)(act)


def _padding(data: bytearray, row: dict[str, Any]) -> None:
    data[row["byte_offset"] + row["size_bytes"]] = 1


def _label(data: bytearray, _row: dict[str, Any]) -> None:
    data[:] = data.replace(b'"labels":["has_malign_mass"]', b'"labels":["has_benign_mass"]')


def _pixel(data: bytearray, row: dict[str, Any]) -> None:
    data[row["byte_offset"] + 50] ^= 1


def _owner(data: bytearray, row: dict[str, Any]) -> None:
    data[row["byte_offset"] - 512 + 265 : row["byte_offset"] - 512 + 268] = b"Doe"


def _cut(data: bytearray, row: dict[str, Any]) -> None:
    del data[row["byte_offset"] - 512 :]


_shard("disagreement", "another image in a shard", _pixel, f"scan {SCAN}")
_shard("disagreement", "another label in a shard", _label, "scan")
_shard("shard", "an owner in a shard", _owner, f"scan {SCAN}")
_shard("shard", "something between the members of a shard", _padding, f"scan {SCAN}")
_shard("shard", "something behind the members of a shard", lambda data, _row: data.__setitem__(-1, 1))
_shard("shard", "a member behind the last one of a shard", lambda data, _row: data.extend(bytes(10240)))
_shard(
    "shard",
    "a shard cut short",
    lambda data, row: data.__delitem__(slice(row["byte_offset"] - 512, None)),
    f"scan {SCAN}",
)


@forged("side")
def a_shard_of_another_side(folder: Path) -> str:
    side = side_of(folder, SCAN)
    old, new = (f"webdataset/{one}-00000-of-0000{count}.tar" for one, count in ((side, 1), (other_side(side), 3)))
    (folder / old).rename(folder / new)
    for path in (SHARDS, "generation.json"):
        text = (folder / path).read_text()
        (folder / path).write_text(
            text.replace(old, new).replace(old.removeprefix("webdataset/"), new.removeprefix("webdataset/"))
        )
    with rows(folder, INDEX) as found:
        for row in found:
            row["shard"] = new if row["shard"] == old else row["shard"]
    return f"scan {SCAN}"


def _manifest(name: str, change: Callable[[dict[str, Any]], None], *, signed: bool = True) -> None:
    def act(folder: Path) -> str:
        if signed:
            sign(folder, change)
        else:
            content = manifest(folder)
            change(content)
            write_manifest(folder, content)
        return "generation.json"

    act.__name__ = name.replace(" ", "_")
    damage("manifest")(act)


def _file(content: dict[str, Any], **fields: Any) -> None:
    content["files"].append({**content["files"][0], **fields})


_manifest("a path twice in the manifest", _file)
_manifest("a path out of the generation", lambda content: _file(content, path="../../etc/passwd"))
_manifest("an absolute path", lambda content: _file(content, path="/etc/passwd"))
_manifest("a path with a line end", lambda content: _file(content, path="a\nb"))
_manifest("a path below a file", lambda content: _file(content, path=content["files"][0]["path"] + "/x"))
_manifest("the manifest in the manifest", lambda content: _file(content, path="generation.json"))
_manifest("a link out of the generation in the manifest", lambda content: content["links"].update(a="../../b"))
_manifest(
    "a file that is a link as well", lambda content: content["links"].update({content["files"][0]["path"]: "images"})
)
_manifest("a hash changed in the manifest", lambda content: content["files"][0].update(sha256="0" * 64), signed=False)
_manifest("a count changed in the manifest", lambda content: content["contents"].update(scans=1), signed=False)
_manifest("the id of another generation", lambda content: content.update(id="0" * 32), signed=False)
_manifest("a field besides in the manifest", lambda content: content.update(note="x"), signed=False)
_manifest("a size below zero", lambda content: content["files"][0].update(size_bytes=-1), signed=False)
_manifest("a size as text", lambda content: content["files"][0].update(size_bytes="1"), signed=False)
_manifest("a format that nobody knows", lambda content: content.update(format="doubleread generation 9"), signed=False)
_manifest(
    "an object of another content",
    lambda content: content["files"][0].update(object="objects/00/" + "0" * 64),
    signed=False,
)


@damage("manifest")
def a_manifest_of_a_terabyte(folder: Path) -> str:
    os.truncate(folder / "generation.json", 1 << 40)
    return "generation.json"


@damage("manifest")
def a_manifest_a_hundred_thousand_lists_deep(folder: Path) -> str:
    (folder / "generation.json").write_text("[" * 100_000)
    return "generation.json"


@damage("manifest")
def an_empty_manifest(folder: Path) -> str:
    (folder / "generation.json").write_bytes(b"")
    return "generation.json"


@damage("format")
def an_image_of_a_terabyte_that_the_manifest_lists(folder: Path) -> str:
    os.truncate(folder / IMAGE, 1 << 40)
    content = manifest(folder)
    file = next(file for file in content["files"] if file["path"] == IMAGE)
    file["size_bytes"] = 1 << 40
    _sign_as_it_is(folder, content)
    return IMAGE


def _sign_as_it_is(folder: Path, content: dict[str, Any]) -> None:
    generation = identified(Generation.model_validate_json(json.dumps(content | {"id": ""})))
    (folder / "generation.json").write_bytes(manifest_bytes(generation))
