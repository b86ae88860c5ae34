"""The numbers and digests of a data card against the tables and the files that it describes."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, Field

from orchestration.training_set.export.generation import ROLES, SIDES
from orchestration.training_set.export.layout import CARD_FACTS, CROISSANT, DESCRIBED
from orchestration.training_set.export.verifying.agreement import Row, Tables
from orchestration.training_set.export.verifying.material import TABLE_BYTES, Form, Material
from orchestration.training_set.export.verifying.problems import Problem, problem
from orchestration.training_set.export.verifying.tables import read_tables


class _Part(Form):
    """A part of a file of which only some fields are compared."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


class _Counted(_Part):
    studies: int
    scans: int
    boxes: int


class _Label(_Part):
    label: str
    sides: dict[str, _Counted]


class _Facts(_Part):
    studies: int
    groups: int
    findings: int
    roles: dict[str, int]
    sides: dict[str, _Counted]
    labels: list[_Label]


class _Distribution(_Part):
    id: str = Field(alias="@id")
    content_url: str | None = Field(None, alias="contentUrl")
    sha256: str | None = None


class _Dataset(_Part):
    distribution: list[_Distribution]


def check_card(material: Material) -> Iterator[Problem]:
    """Compare ``card.json`` with the tables and ``croissant.json`` with the files; a generation may have neither."""
    if CARD_FACTS in material.locations:
        yield from _check_facts(material.json(CARD_FACTS, _Facts), read_tables(material))
    if CROISSANT in material.locations:
        yield from _check_digests(material, material.json(CROISSANT, _Dataset))


def _check_facts(facts: _Facts, tables: Tables) -> Iterator[Problem]:
    """Count what the tables hold, as a whole and label by label."""
    scans = tables.scans.values()
    counted: Mapping[str, Any] = {
        "studies": len({scan["study_id"] for scan in scans}),
        "groups": len({scan["group_id"] for scan in scans}),
        "findings": sum(len(scan["finding_ids"]) for scan in scans),
        "roles": {role: sum(scan["role"] == role for scan in scans) for role in ROLES},
        "sides": {side: _counted([scan for scan in scans if scan["side"] == side], tables) for side in SIDES},
    }
    for name, count in counted.items():
        if getattr(facts, name) != count:
            yield problem("count", CARD_FACTS, f"its {name} are not what the tables hold")
    for label in facts.labels:
        found = {
            side: _counted(
                [scan for scan in scans if scan["side"] == side and label.label in scan["labels"]],
                tables,
                labels={label.label},
            )
            for side in SIDES
        }
        if label.sides != found:
            yield problem("count", CARD_FACTS, "its counts of a label are not what the tables hold")


def _counted(scans: list[Row], tables: Tables, labels: Collection[str] | None = None) -> _Counted:
    """Some scans, their studies and boxes; of these only those of ``labels``, where given."""
    boxes = (box for scan in scans for box in tables.boxes_of.get(scan["scan_id"], []))
    return _Counted(
        studies=len({scan["study_id"] for scan in scans}),
        scans=len(scans),
        boxes=sum(labels is None or box["label"] in labels for box in boxes),
    )


def _check_digests(material: Material, described: _Dataset) -> Iterator[Problem]:
    """Each annotation file that ``croissant.json`` names must have the digest that it gives."""
    given = {file.content_url: file.sha256 for file in described.distribution if file.content_url is not None}
    for path in DESCRIBED:
        if path not in given:
            yield problem("disagreement", CROISSANT, f"{path} is not in it")
        elif given[path] != hashlib.sha256(material.read(path, TABLE_BYTES)).hexdigest():
            yield problem("disagreement", CROISSANT, f"it gives another SHA-256 for {path}")
    if set(given) - set(DESCRIBED):
        yield problem("disagreement", CROISSANT, "it describes a file that is not among those that it should")
