"""Tar archives as ``tarfile`` writes them, and what it reads in them."""

import io
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

from orchestration.archives.tar import Member, walk

ReadAt = Callable[[int, int], bytes]


class Archive(bytes):
    """The bytes of an archive; too many to be shown when a test fails."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<archive of {len(self):,} bytes>"


def info(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "", **pax: str) -> tarfile.TarInfo:
    """The description of a member."""
    member = tarfile.TarInfo(name)
    member.size, member.type, member.linkname, member.pax_headers = size, kind, link, pax
    return member


def archive(
    members: Iterable[tarfile.TarInfo], form: int = tarfile.USTAR_FORMAT, global_pax: dict[str, str] | None = None
) -> bytes:
    """An archive of these members; files hold a byte that differs between them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form, pax_headers=global_pax) as tar:
        for number, member in enumerate(members):
            tar.addfile(member, io.BytesIO(bytes([number % 255 + 1]) * member.size))
    return Archive(buffer.getvalue())


def files(contents: dict[str, bytes]) -> bytes:
    """An archive of files with these contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in contents.items():
            tar.addfile(info(name, len(content)), io.BytesIO(content))
    return Archive(buffer.getvalue())


def write_archives(folder: Path, archives: dict[str, dict[str, bytes]]) -> str:
    """Write archives of files into a folder; its URL."""
    for name, contents in archives.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files(contents))
    return folder.as_uri()


def reader(data: bytes) -> ReadAt:
    """What reads the archive for a walk."""
    return lambda offset, length: data[offset : offset + length]


def walked(data: bytes, read_ahead: int = 32 << 10) -> list[Member]:
    """What the walk finds."""
    return list(walk(reader(data), len(data), read_ahead=read_ahead))


def plain_files(data: bytes) -> list[tuple[str, int, int]]:
    """Name, offset and size of each file whose bytes lie in one piece, by ``tarfile``."""
    with tarfile.open(fileobj=io.BytesIO(data), ignore_zeros=True) as tar:
        return [(m.name, m.offset_data, m.size) for m in tar if m.isreg() and not m.issparse()]
