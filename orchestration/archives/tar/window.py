"""The part of an archive that was read last."""

from collections.abc import Callable

ReadAt = Callable[[int, int], bytes]

HEADER_READ = 4 << 10  # a header with room for its own extensions, where the bodies between are skipped


class Window:
    """Reads an archive from front to back, in large pieces while its members are small and header by header else.

    Args:
        read_at: gives ``length`` bytes at ``offset``; fewer only where the archive ends.
        size: of the archive, in bytes.
        read_ahead: bytes to read at once while the distance of two headers, ``stride``, is at most an eighth of it.
    """

    def __init__(self, read_at: ReadAt, size: int, read_ahead: int) -> None:
        self.size = size
        self.data = b""
        self.start = 0
        self.stride = 0
        self._read_at = read_at
        self._read_ahead = read_ahead

    def move(self, position: int) -> bytes:
        """Read on from ``position``: all that was read, fewer than a header's bytes only where the archive ends."""
        return self._fill(position, 0)

    def read(self, position: int, length: int) -> bytes:
        """``length`` bytes at ``position``, fewer where the archive ends."""
        at = position - self.start
        if not 0 <= at <= len(self.data) - length:
            self._fill(position, length)
            at = 0
        return self.data[at : at + length]

    def _fill(self, position: int, least: int) -> bytes:
        ahead = self._read_ahead if self.stride * 8 <= self._read_ahead else HEADER_READ
        self.start = position
        self.data = self._read_at(position, max(0, min(max(ahead, least), self.size - position)))
        return self.data
