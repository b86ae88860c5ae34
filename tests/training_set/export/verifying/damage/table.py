"""The table of damages: where each is done, what it does, and what a verification must say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from orchestration.training_set.export.layout import SCANS
from orchestration.training_set.export.verifying.problems import Kind
from tests.training_set.export.verifying.copies import sign

Where = Literal["generation", "destination", "training set"]
Act = Callable[[Path], str]
"""Damages what lies in a folder; the file or scan that must be named."""


@dataclass(frozen=True)
class Damage:
    """Something that goes wrong with a copy, and the kind of problem that must name it."""

    name: str
    where: Where
    kind: Kind
    act: Act


DAMAGES: list[Damage] = []


def damage(kind: Kind, where: Where = "generation") -> Callable[[Act], Act]:
    """Add a function to the table."""

    def add(act: Act) -> Act:
        DAMAGES.append(Damage(act.__name__.replace("_", " "), where, kind, act))
        return act

    return add


def forged(kind: Kind) -> Callable[[Act], Act]:
    """Add a function to the table after which hashes, sizes and the id follow from what it left: only content tells."""

    def add(act: Act) -> Act:
        def act_and_sign(folder: Path) -> str:
            named = act(folder)
            sign(folder)
            return named

        DAMAGES.append(Damage(f"forged: {act.__name__.replace('_', ' ')}", "generation", kind, act_and_sign))
        return act

    return add


def scan_rows(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder / SCANS).to_pylist()
    return found


def side_of(folder: Path, scan_id: str) -> str:
    return next(row["side"] for row in scan_rows(folder) if row["scan_id"] == scan_id)


def other_side(side: str) -> str:
    return "test" if side != "test" else "train"
