"""What a verification finds: problems, each of a kind, and notes, which make nothing wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from orchestration.outcomes import printable

Kind = Literal[
    "manifest", "current", "history", "missing", "extra", "no_file", "changed", "object", "link", "picture",
    "dimensions", "format", "duplicate", "disagreement", "side", "box", "count", "shard", "unreadable",
]  # fmt: skip

LONGEST_PATH = 300  # of a path in a message

_COPY_AGAIN = "copy it from the sender again"
_ASK = "the sender must export again; do not train on this copy"
ADVICE: dict[Kind, str] = {
    "manifest": f"{_COPY_AGAIN}; if it is the same there, {_ASK}",
    "current": "copy the destination again, or name the generation with --generation",
    "history": "nothing is lost for training; tell the sender",
    "missing": _COPY_AGAIN,
    "extra": "remove it, or ask the sender what it is: loaders of folders would take it for part of the set",
    "no_file": f"remove it and {_COPY_AGAIN}",
    "changed": _COPY_AGAIN,
    "object": f"remove it and {_COPY_AGAIN}",
    "link": "copy the links again (cp -a, rsync -a, tar), and open nothing through this one",
    "picture": _ASK,
    "dimensions": _ASK,
    "format": _ASK,
    "duplicate": _ASK,
    "disagreement": _ASK,
    "side": "a network would be tested on what it was trained on; " + _ASK,
    "box": _ASK,
    "count": _ASK,
    "shard": f"{_COPY_AGAIN}; if it is the same there, {_ASK}",
    "unreadable": "make it readable for this user, then verify again",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong: of a kind, at a path below the place, in words that name no value of the data."""

    kind: Kind
    path: str
    what: str

    @property
    def advice(self) -> str:
        """What a person can do."""
        return ADVICE[self.kind]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that is worth knowing and makes nothing wrong."""

    path: str
    what: str


def problem(kind: Kind, path: str, what: str) -> Problem:
    """A problem whose path can be printed."""
    return Problem(kind, printable(path, LONGEST_PATH), what)


def note(path: str, what: str) -> Note:
    """A note whose path can be printed."""
    return Note(printable(path, LONGEST_PATH), what)


def grouped(problems: Iterable[Problem]) -> dict[Kind, list[Problem]]:
    """The problems by their kind, in the order of ``ADVICE``, each once."""
    found: dict[Kind, dict[Problem, None]] = {kind: {} for kind in ADVICE}
    for one in problems:
        found[one.kind][one] = None
    return {kind: list(of) for kind, of in found.items() if of}
