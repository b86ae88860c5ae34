"""From all studies to those that count, label by label and as a whole: how many went which way."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import psycopg
from psycopg import sql

from orchestration.labels import LABELS
from orchestration.transformations import seed_reasons

NOT_READ = "not_read"
NOT_CALLED = "not_called"
NEGATIVE = "negative"
TOO_FEW_READERS = "too_few_readers"
DOUBLE_MATCHED = "double_matched"
REASONS = seed_reasons("rejection_reasons")
OUTCOMES = (NOT_READ, NOT_CALLED, NEGATIVE, TOO_FEW_READERS, *REASONS, DOUBLE_MATCHED)

_STUDIES = """
    select
        (select count(distinct study_id) from {intermediate}.int_scans),
        (select count(distinct study_id) from {intermediate}.int_readings)
"""
_VERDICTS = """
    select label, reason, count(*) from {marts}.rejected_findings group by label, reason
    union all
    select label, 'double_matched', count(distinct study_id) from {marts}.double_matched_findings group by label
"""
# A study that is rejected for several labels counts for the first of their reasons, in the order of the rule.
_ROLES = """
    with studies as (
        select distinct on (study_id) study_id, role, rejected from {marts}.trainable_scans order by study_id
    )

    select
        case
            when role = 'finding' then 'double_matched'
            when role = 'negative' then 'negative'
            else (
                select reason
                from jsonb_to_recordset(rejected) as disputed (reason text)
                order by array_position(%s, reason)
                limit 1
            )
        end as outcome,
        count(*)
    from studies
    group by outcome
"""


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the studies of the database went, for one label or for all.

    Attributes:
        label: empty where the studies count as a whole.
        studies: all of them.
        outcomes: studies by what became of them, which add up to all: ``not_read``, by nobody; for a label
            ``not_called``, nobody calls it true; for all labels ``negative``, enough readers read it whole and nobody
            calls any label true, or ``too_few_readers``, likewise but fewer; a reason of the rule; ``double_matched``.
        exported: of the double-matched ones those that this generation holds.
    """

    label: str
    studies: int
    outcomes: Mapping[str, int]
    exported: int = 0

    def with_exported(self, studies: int) -> "Flow":
        """The flow to a generation that holds so many of the studies."""
        return replace(self, exported=studies)

    @property
    def called(self) -> int:
        """Studies that somebody calls true: rejected ones and double-matched ones."""
        return sum(count for outcome, count in self.outcomes.items() if outcome not in _NOBODY)

    @property
    def rejected(self) -> Mapping[str, int]:
        """The rejected studies by reason."""
        return {
            outcome: count
            for outcome, count in self.outcomes.items()
            if count and outcome not in _NOBODY and outcome != DOUBLE_MATCHED
        }


_NOBODY = {NOT_READ, NOT_CALLED, NEGATIVE, TOO_FEW_READERS}


def read_flows(connection: psycopg.Connection, schemas: Mapping[str, sql.Identifier]) -> list[Flow]:
    """The flow of the studies as a whole, then that of each label in the order of the project; nothing exported yet.

    ``schemas`` are those that the project calls ``intermediate`` and ``marts``.
    """

    def query(text: str) -> sql.Composed:
        return sql.SQL(text).format(**schemas)

    total, read = connection.execute(query(_STUDIES)).fetchone() or (0, 0)
    of_labels: dict[str, dict[str, int]] = {label: {} for label in LABELS}
    for label, outcome, count in connection.execute(query(_VERDICTS)):
        of_labels.setdefault(label, {})[outcome] = count
    whole: dict[str, int] = dict(connection.execute(query(_ROLES), [list(REASONS)]).fetchall())
    flows = [_flow("", total, read, TOO_FEW_READERS, whole)]
    return flows + [_flow(label, total, read, NOT_CALLED, of_labels[label]) for label in LABELS]


def _flow(label: str, total: int, read: int, rest: str, counted: Mapping[str, int]) -> Flow:
    """A flow from the outcomes that were counted; what was read and has none of them is the ``rest``."""
    outcomes = {NOT_READ: total - read, rest: read - sum(counted.values()), **counted}
    return Flow(label, total, {outcome: outcomes[outcome] for outcome in OUTCOMES if outcome in outcomes})
