"""Comparing what lies in the database with what the oracle says must lie there."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from psycopg import sql

from orchestration.database import Database
from orchestration.training_set.export.card.flow import read_flows
from tests.dbt import oracle
from tests.dbt.oracle import Marts
from tests.dbt.project import rows

MARTS = ("double_matched_findings", "rejected_findings", "reader_agreement", "trainable_scans")
REASONS = ("incomplete_study", "incomplete_reading", "inconsistent_reading", "single_reader", "readers_disagree")


def findings(database: Database) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for row in rows(database, "select * from marts.double_matched_findings"):
        row["boxes"] = [box_of(box) for box in row["boxes"]]
        found[row.pop("scan_id"), row.pop("label")] = row
    return found


def box_of(box: dict[str, Any]) -> oracle.Box:
    sides = {side: Decimal(str(box[side])) for side in ("x", "y", "width", "height")}
    return oracle.Box(reader=box["reader"], comment=box["comment"], **sides)


def by(keys: Iterable[str], found: Iterable[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row.pop(key) for key in keys): row for row in found}


def check_marts(database: Database, expected: Marts) -> None:
    """Compare every table that the rule fills; ids and hashes are checked for what they promise."""
    found = findings(database)
    ids = {row.pop("finding_id") for row in found.values()}
    assert len(ids) == len(found)
    assert all(re.fullmatch("[0-9a-f]{32}", finding_id) for finding_id in ids)
    check_hashes(found)
    assert found == expected.accepted
    rejected = rows(database, "select * from marts.rejected_findings")
    assert by(("study_id", "label"), rejected) == expected.rejected
    agreement = by(("label", "reader_a", "reader_b"), rows(database, "select * from marts.reader_agreement"))
    assert agreement.keys() == expected.agreement.keys()
    for key, measures in agreement.items():
        assert measures.keys() == expected.agreement[key].keys()
        different = {
            name: (value, expected.agreement[key][name])
            for name, value in measures.items()
            if not oracle.same_measure(value, expected.agreement[key][name])
        }
        assert not different, key
    trainable = by(("scan_id",), rows(database, "select * from marts.trainable_scans"))
    assert {scan_id: (row["role"], row["rejected"]) for (scan_id,), row in trainable.items()} == expected.trainable
    check_flows(database, expected)
    malformed = rows(database, "select annotation_id, reason, box_count from quality.malformed_boxes")
    assert {(row["annotation_id"], row["reason"]): row["box_count"] for row in malformed} == expected.malformed


def check_flows(database: Database, expected: Marts) -> None:
    """What a data card says of the way from all studies to the accepted ones."""
    with database.connect() as connection:
        whole, *labels = read_flows(connection, {name: sql.Identifier(name) for name in ("intermediate", "marts")})
    assert [flow.label for flow in labels] == list(oracle.LABELS)
    assert {flow.studies for flow in (whole, *labels)} == {expected.studies}
    assert all(sum(flow.outcomes.values()) == flow.studies for flow in (whole, *labels))
    assert all(flow.outcomes["not_read"] == expected.studies - expected.studies_read for flow in (whole, *labels))
    accepted = {(row["study_id"], label) for (_scan, label), row in expected.accepted.items()}
    for flow in labels:
        reasons = Counter(row["reason"] for (_, label), row in expected.rejected.items() if label == flow.label)
        assert flow.rejected == reasons
        assert flow.outcomes.get("double_matched", 0) == sum(label == flow.label for _, label in accepted)
    studies = {study for study, _label in accepted}
    first = {}
    for (study, _label), row in expected.rejected.items():
        if study not in studies:
            first[study] = min(first.get(study, row["reason"]), row["reason"], key=REASONS.index)
    assert whole.rejected == Counter(first.values())
    assert whole.outcomes.get("double_matched", 0) == len(studies)
    assert whole.called == len(studies) + len(first)


def check_hashes(found: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Two findings have the same hash exactly when their pictures have the same reasons to be drawn."""
    pictures = defaultdict(set)
    for (_scan, label), row in found.items():
        boxes = tuple(sorted(box.geometry for box in row["boxes"]))
        pictures[row.pop("finding_hash")].add((label, row["png_image"], boxes))
    assert all(len(same) == 1 for same in pictures.values())
    assert len(set.union(set(), *pictures.values())) == len(pictures)
