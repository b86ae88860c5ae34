"""A colour for each reader: the same in every picture, unless another reader of that picture has it already."""

import hashlib
from collections.abc import Iterable

# Chosen by search for the largest smallest distance in CIELAB between any two, also as seen with red or green
# blindness (52, 32 and 32), among colours lighter than 52 and far from every grey (chroma above 45).
COLOURS: tuple[tuple[int, int, int], ...] = (
    (51, 187, 255),  # sky
    (238, 0, 170),  # magenta
    (0, 255, 0),  # green
    (238, 119, 119),  # coral
    (34, 255, 221),  # turquoise
    (119, 102, 255),  # violet
    (221, 255, 153),  # lime
    (170, 119, 0),  # ochre
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
