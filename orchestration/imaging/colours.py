"""A colour for each reader: the same in every picture where nobody else's is in the way, and never shared there."""

import hashlib
from collections.abc import Iterable

# Told apart also with red-green colour blindness, and far from every grey; a test measures both.
COLOURS: tuple[tuple[int, int, int], ...] = (
    (255, 214, 10),  # yellow
    (10, 180, 255),  # sky
    (255, 70, 60),  # red
    (60, 230, 90),  # green
    (255, 90, 220),  # magenta
    (255, 150, 30),  # orange
    (150, 110, 255),  # violet
    (30, 235, 225),  # turquoise
)


def reader_digest(reader: str) -> bytes:
    """A number that stands for the reader, the same on every machine and in every run."""
    return hashlib.sha256(reader.encode("utf-8", "surrogatepass")).digest()


def reader_colours(readers: Iterable[str]) -> dict[str, int]:
    """The number in ``COLOURS`` of each reader of one picture.

    In sorted order each reader takes the colour that the digest of the name prefers, or the next that is free; where
    all eight are taken, the preferred one is shared.
    """
    colours: dict[str, int] = {}
    for reader in sorted(set(readers)):
        preferred = reader_digest(reader)[0] % len(COLOURS)
        taken = set(colours.values())
        choices = [(preferred + step) % len(COLOURS) for step in range(len(COLOURS))]
        colours[reader] = next((colour for colour in choices if colour not in taken), preferred)
    return colours
