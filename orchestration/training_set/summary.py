"""What the marts and the folders hold, label by label."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestration.database import Database
from orchestration.labels import LABELS
from orchestration.transformations import seed_reasons

REASONS = seed_reasons("rejection_reasons")


@dataclass
class LabelSummary:
    """One label: studies and findings that were accepted, studies rejected by reason, pictures in the folder."""

    label: str
    studies: int = 0
    findings: int = 0
    pictures: int = 0
    failed: int = 0
    rejected: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))


def summarize(database: Database, training_set: Path) -> list[LabelSummary]:
    """One summary for each label, in the order of the labels."""
    summaries = {label: LabelSummary(label) for label in LABELS}
    with database.tables("training_set") as connection:
        for label, findings, studies in connection.execute(
            "select label, count(*), count(distinct study_id) from marts.double_matched_findings group by label"
        ):
            summaries[label].findings, summaries[label].studies = findings, studies
        for label, reason, studies in connection.execute(
            "select label, reason, count(*) from marts.rejected_findings group by label, reason"
        ):
            summaries[label].rejected[reason] = studies
        for label, drawn, failed in connection.execute(
            "select label, count(*) filter (where status = 'drawn'), count(*) filter (where status = 'failed') "
            "from doubleread.pictures where training_set = %s group by label",
            [str(training_set)],
        ):
            summaries[label].pictures, summaries[label].failed = drawn, failed
    return list(summaries.values())
