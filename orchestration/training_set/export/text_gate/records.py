"""The tables ``doubleread.text_findings`` and ``doubleread.text_decisions``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.types.json import Jsonb

from orchestration.training_set.export.text_gate.looking import FoundText

Verdict = Literal["accepted", "refused"]


@dataclass(frozen=True)
class Decision:
    """What a person decided of an image, who it was and when."""

    decision: Verdict
    decided_by: str
    decided_at: datetime


def known_findings(
    connection: psycopg.Connection, sources: Sequence[str], detector: str
) -> Mapping[str, tuple[FoundText, ...]]:
    """The regions of those images, by SHA-256, that a detector has looked at."""
    query = (
        "select source_sha256, regions from doubleread.text_findings where detector = %s and source_sha256 = any(%s)"
    )
    return {sha256: regions_of(rows) for sha256, rows in connection.execute(query, [detector, list(sources)])}


def regions_of(rows: Sequence[Mapping[str, int | str]]) -> tuple[FoundText, ...]:
    """Regions as the table holds them."""
    return tuple(FoundText(**row) for row in rows)  # type: ignore[arg-type]  # the keys are the fields


def add_finding(
    connection: psycopg.Connection, source_sha256: str, detector: str, regions: Sequence[FoundText], run_id: str
) -> None:
    """Keep what a detector found on an image, and commit: looking took seconds."""
    connection.execute(
        "insert into doubleread.text_findings (source_sha256, detector, regions, run_id) values (%s, %s, %s, %s) "
        "on conflict (source_sha256, detector) do update set "
        "regions = excluded.regions, run_id = excluded.run_id, updated_at = now()",
        [source_sha256, detector, Jsonb([asdict(region) for region in regions]), run_id],
    )
    connection.commit()


def read_decisions(connection: psycopg.Connection, sources: Sequence[str]) -> Mapping[str, Decision]:
    """The last decision on each of those images, by SHA-256, that there is one on."""
    query = """
        select distinct on (source_sha256) source_sha256, decision, decided_by, decided_at
        from doubleread.text_decisions
        where source_sha256 = any(%s)
        order by source_sha256, decision_id desc
    """
    return {sha256: Decision(*values) for sha256, *values in connection.execute(query, [list(sources)])}


def add_decision(connection: psycopg.Connection, source_sha256: str, decision: Verdict, decided_by: str) -> None:
    """Keep what a person decided."""
    connection.execute(
        "insert into doubleread.text_decisions (source_sha256, decision, decided_by) values (%s, %s, %s)",
        [source_sha256, decision, decided_by],
    )
