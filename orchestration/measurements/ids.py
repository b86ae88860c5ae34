"""Which ids have been seen, in 16 bytes each, since a file may hold more of them than fit in memory as text."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RECENT = 1 << 16  # kept as text: what most files hold in all

Digests = npt.NDArray[np.void]
_DIGEST = np.dtype([("first", np.int64), ("second", np.int64)])


class SeenIds:
    """Tells for each id whether it came before.

    Ids beyond the first ``RECENT`` are known by 128 bits of Python's keyed hash of texts: that any two of a billion
    different ids agree in them has a probability of 10^-21.
    """

    def __init__(self) -> None:
        self._recent: set[str] = set()
        self._older: list[Digests] = []  # each sorted, each at least twice as long as the next

    def add(self, ids: Sequence[str]) -> list[bool]:
        """Remember ``ids``; for each, in order, whether it was seen before, in ``ids`` too."""
        seen = [False] * len(ids)
        for place, id_ in enumerate(ids):
            if id_ in self._recent:
                seen[place] = True
            else:
                self._recent.add(id_)
        if self._older:
            digests = _digests(ids)
            for older in self._older:
                for place in np.flatnonzero(_are_in(digests, older)).tolist():
                    seen[place] = True
        if len(self._recent) >= RECENT:
            self._put_by()
        return seen

    def _put_by(self) -> None:
        new = _digests(list(self._recent))
        new = new[np.argsort(new["first"])]
        self._recent.clear()
        while self._older and len(self._older[-1]) < 2 * len(new):
            merged = np.concatenate([self._older.pop(), new])
            new = merged[np.argsort(merged["first"], kind="stable")]
        self._older.append(new)


def _digests(ids: Sequence[str]) -> Digests:
    digests = np.empty(len(ids), dtype=_DIGEST)
    digests["first"] = np.fromiter(map(hash, ids), np.int64, len(ids))
    digests["second"] = np.fromiter((hash(id_ + "\n") for id_ in ids), np.int64, len(ids))
    return digests


def _are_in(digests: Digests, older: Digests) -> npt.NDArray[np.bool_]:
    """Which of ``digests`` are among ``older``, which is sorted by its first half."""
    found = np.zeros(len(digests), dtype=np.bool_)
    at = np.searchsorted(older["first"], digests["first"])
    # As a rule the first halves differ; where they do not, the second halves stand one after the other.
    candidates = np.flatnonzero(at < len(older))
    while len(candidates):
        there = older[at[candidates]]
        candidates = candidates[there["first"] == digests["first"][candidates]]
        found[candidates[older["second"][at[candidates]] == digests["second"][candidates]]] = True
        at[candidates] += 1
        candidates = candidates[~found[candidates] & (at[candidates] < len(older))]
    return found
