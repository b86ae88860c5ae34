"""Train, validation and test: by patient where known, else by study; and the check that it held.

A side is a function of the patient's id and a salt, and of nothing else. So a patient who is added later moves no
other, and two exports of different scans agree. It is also why the shares of a label are those of the ratios only up to
chance: of n patients with a label, a share p goes to a side with a standard deviation of sqrt(p (1 - p) / n). Exact
shares would need to know all other patients, and would move some with every study that is added. ``best_salts`` finds
the salts with which the labels of the studies at hand come out best.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.settings import Settings, split_ratios
from orchestration.training_set.export.generation import SIDES, Side

_WHOLE = 2**64
CANDIDATES = 1_000


@dataclass(frozen=True)
class Rule:
    """How sides are found: a salt, and the shares of train, validation and test, which add up to 1."""

    salt: str
    ratios: tuple[float, float, float]

    @classmethod
    def of(cls, settings: Settings) -> "Rule":
        """The rule that the settings give."""
        return cls(settings.doubleread_split_salt, split_ratios(settings.doubleread_split_ratios))

    def side(self, key: str) -> Side:
        """The side of whatever has this key."""
        digest = hashlib.sha256(f"{self.salt}\0{key}".encode(errors="surrogatepass")).digest()
        place = int.from_bytes(digest[:8], "big") / _WHOLE
        train, validation, _ = self.ratios
        return "train" if place < train else "validation" if place < train + validation else "test"


@dataclass(frozen=True)
class StudyPatients:
    """A study and its possible patients: ids by the raw tables, digests of ids by the images' headers."""

    study_id: str
    patients: frozenset[str] = frozenset()
    digests: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Group:
    """Studies of one patient, or one study of nobody known.

    Attributes:
        group_id: the first of the studies by their ids, which says nothing of the patient.
        key: what the side depends on; it may be the patient's id and must not leave the program.
        patient_known: whether it is.
    """

    group_id: str
    key: str
    patient_known: bool


def group_studies(studies: Iterable[StudyPatients]) -> dict[str, Group]:
    """The group of each study. Studies that share a patient, directly or by others, are one group."""
    parents: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while (parent := parents.setdefault(node, node)) != node:
            parents[node] = node = parents[parent]
        return node

    known = list(studies)
    for study in known:
        for kind, ids in (("patient", study.patients), ("digest", study.digests)):
            for one in ids:
                parents[root((kind, one))] = root(("study", study.study_id))
    members: dict[tuple[str, str], list[StudyPatients]] = defaultdict(list)
    for study in known:
        members[root(("study", study.study_id))].append(study)
    return {study.study_id: group for same in members.values() for group in [_group(same)] for study in same}


def _group(studies: Sequence[StudyPatients]) -> Group:
    first = min(study.study_id for study in studies)
    for kind, ids in (
        ("patient", [one for study in studies for one in study.patients]),
        ("digest", [one for study in studies for one in study.digests]),
    ):
        if ids:
            return Group(first, f"{kind} {min(ids)}", patient_known=True)
    return Group(first, f"study {first}", patient_known=False)


def two_sided(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Who is on more than one side, with the sides, sorted.

    Args:
        rows: a patient (or whatever must not be divided) and a side.
    """
    sides: dict[str, set[str]] = defaultdict(set)
    for patient, side in rows:
        sides[patient].add(side)
    return {patient: sorted(found) for patient, found in sorted(sides.items()) if len(found) > 1}


def label_shares(
    rule: Rule, groups: Mapping[str, str], labels: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, float]]:
    """The share of each label's studies on each side.

    Args:
        rule: how sides are found.
        groups: the key of each study's group.
        labels: the studies of each label.
    """
    shares: dict[str, dict[str, float]] = {}
    for label, studies in labels.items():
        sides = [rule.side(groups[study]) for study in studies]
        shares[label] = {side: sides.count(side) / len(sides) if sides else 0.0 for side in SIDES}
    return shares


def best_salts(
    rule: Rule, groups: Mapping[str, str], labels: Mapping[str, Sequence[str]], *, candidates: int = CANDIDATES
) -> list[tuple[float, str]]:
    """Salts with which the labels' shares come closest to the ratios, the best first.

    Returns:
        The largest difference between a label's share on a side and that side's ratio, and the salt. The rule's own
        salt is one of those tried.
    """
    wanted = dict(zip(SIDES, rule.ratios, strict=True))
    found: list[tuple[float, float, str]] = []
    for salt in [rule.salt, *(f"{rule.salt}-{number}" for number in range(1, candidates))]:
        shares = label_shares(Rule(salt, rule.ratios), groups, labels)
        off = [abs(share[side] - wanted[side]) for share in shares.values() for side in SIDES] or [0.0]
        found.append((max(off), sum(off), salt))
    return [(worst, salt) for worst, _, salt in sorted(found, key=lambda one: one[:2])]
