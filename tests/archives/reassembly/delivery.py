"""A partner's delivery: DICOMs torn apart into archives of headers and archives of pixels, striped differently."""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.data import get_testdata_file

SOP_INSTANCE_UID = "00080018"
PIXEL_DATA = "7FE00010"


@dataclass(frozen=True)
class Torn:
    """A DICOM in two parts: its header as DICOM JSON, and its pixels."""

    uid: str
    header: bytes
    pixels: bytes


@dataclass
class Delivery:
    """Folders ``text`` and ``images`` of archives, by name, below ``folder``."""

    folder: Path
    text: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    images: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)

    def add(self, torn: Torn, *, text: str, image: str) -> None:
        """Put both parts of a DICOM into archives."""
        self.text.setdefault(text, []).append((f"{torn.uid}.json", torn.header))
        self.images.setdefault(image, []).append((f"{torn.uid}.j2c", torn.pixels))

    def write(self) -> None:
        """Write every archive anew."""
        for kind, archives in (("text", self.text), ("images", self.images)):
            (self.folder / kind).mkdir(parents=True, exist_ok=True)
            for name, members in archives.items():
                (self.folder / kind / f"{name}.tar").write_bytes(archive(members))


def archive(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A tar archive."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


def tear(name: str, uids: Iterable[str], **changes: Mapping[str, Any]) -> Iterator[Torn]:
    """One of pydicom's own files, torn apart once for each UID; ``changes`` are elements in DICOM JSON by tag."""
    dataset = pydicom.dcmread(str(get_testdata_file(name)))
    pixels = dataset.PixelData
    del dataset.PixelData
    elements = dataset.to_json_dict() | {tag.removeprefix("_"): element for tag, element in changes.items()}
    for uid in uids:
        elements[SOP_INSTANCE_UID] = {"vr": "UI", "Value": [uid]}
        yield Torn(uid, json.dumps(elements).encode(), pixels)


def striped(folder: Path, torn: Iterable[Torn], archives: int) -> Delivery:
    """A delivery whose headers and pixels are dealt to as many archives of each kind in different orders."""
    delivery = Delivery(folder)
    for number, dicom in enumerate(torn):
        delivery.add(
            dicom,
            text=f"text{number % archives:04d}",
            image=f"images{(number * 7 + number // archives) % archives:04d}",
        )
    return delivery
