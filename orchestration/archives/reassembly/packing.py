"""DICOMs packed into tar shards, because a request for each of billions of objects has a price of its own."""

import tarfile

from orchestration.archives.reassembly.records import Written
from orchestration.stores import Parts, Place

SHARD_BYTES = 256 << 20  # held in memory until it is whole
_BLOCK = 512
_END = bytes(2 * _BLOCK)


class ShardWriter:
    """Collects DICOMs into shards ``<prefix>-<number>.tar``, each put when it is full or at the end.

    Shards are tar archives of members ``<UID>.dcm``, byte for byte the same for the same members. In their names the
    dots of UIDs are underscores: WebDataset takes what stands before the first dot for the name of a sample. ``done``
    lists the members of the shards that were put.
    """

    def __init__(self, output: Place, prefix: str) -> None:
        self.done: list[Written] = []
        self._output = output
        self._prefix = prefix
        self._number = 0
        self._members: list[Written] = []
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, member: Written, parts: Parts) -> None:
        """Add a DICOM whose place is not known yet.

        Raises:
            StoreError: a shard that was full was not taken.
        """
        if self._members and self._size + member.size_bytes > SHARD_BYTES:
            self.flush()
        header = _header(member_name(member.uid), member.size_bytes)
        member.object, member.byte_offset = f"{self._prefix}-{self._number:04d}.tar", self._size + len(header)
        padding = bytes(-member.size_bytes % _BLOCK)
        self._members.append(member)
        self._parts += [header, *map(bytes, parts), padding]  # copied: they may be views of a buffer of many members
        self._size = member.byte_offset + member.size_bytes + len(padding)

    def flush(self) -> None:
        """Put what is collected.

        Raises:
            StoreError: it was not taken.
        """
        if not self._members:
            return
        version = self._output.put(self._members[0].object, [*self._parts, _END])
        for member in self._members:
            member.object_size_bytes, member.object_version = self._size + len(_END), version
        self.done += self._members
        self._members, self._parts, self._size = [], [], 0
        self._number += 1


def member_name(uid: str) -> str:
    """What the DICOM of a UID is called in a shard."""
    return f"{uid.replace('.', '_')}.dcm"


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.GNU_FORMAT)
