"""The rule on one study's readings as they are now: its verdict of a label, and the boxes that a finding would have.

The models are what decides; this says whether they would decide the same today, and with which facts. Tests hold it
against the models and against an oracle on random tables.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.training_set.provenance.answers import DOUBLE_MATCHED, NOT_CALLED, Reading, Verdict

LARGEST = 2**31 - 1  # pixels: the largest side of a PNG
SIDES = ("x", "y", "width", "height")

Geometry = tuple[str, Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True)
class Rule:
    """The variables that decide. ``patterns`` has the text by which a box's comment names each label."""

    scans_per_study: int
    min_matching_readers: int
    patterns: Mapping[str, str]

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> "Rule":
        """The rule of a dbt project's variables."""
        patterns = {item["label"]: item["pattern"] for item in variables["labels"]}
        return cls(variables["scans_per_study"], variables["min_matching_readers"], patterns)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the project's order."""
        return tuple(self.patterns)

    def as_json(self) -> dict[str, Any]:
        """The variables by their names in the dbt project."""
        return {
            "scans_per_study": self.scans_per_study,
            "min_matching_readers": self.min_matching_readers,
            "patterns": dict(self.patterns),
        }

    def labels_named(self, comment: str | None) -> list[str]:
        """The labels that a comment names."""
        text = (comment or "").lower()
        return [label for label, pattern in self.patterns.items() if pattern.lower() in text]


def verdict_now(readings: Sequence[Reading], scan_count: int, label: str, rule: Rule) -> Verdict:
    """What the rule says of a label, of these readings."""
    callers = [reading for reading in readings if reading.answers[label] != "negative"]
    complete = [reading for reading in readings if reading.is_complete]
    matching = [reading.reader_id for reading in complete if reading.answers[label] == "positive"]
    if not callers:
        verdict = NOT_CALLED
    elif len(matching) >= rule.min_matching_readers:
        verdict = DOUBLE_MATCHED
    elif scan_count != rule.scans_per_study:
        verdict = "incomplete_study"
    elif not all(reading.is_complete for reading in callers):
        verdict = "incomplete_reading"
    elif any(reading.answers[label] == "inconsistent" for reading in callers):
        verdict = "inconsistent_reading"
    elif len(complete) == 1:
        verdict = "single_reader"
    else:
        verdict = "readers_disagree"
    return Verdict(
        verdict=verdict,
        reader_count=len(complete),
        matching_reader_count=len(matching),
        matching_readers=matching,
    )


def boxes_now(
    boxes: Mapping[tuple[str, str], Sequence[Any]],
    readings: Sequence[Reading],
    *,
    matching: Sequence[str],
    scan_id: str,
    label: str,
    rule: Rule,
) -> list[Geometry]:
    """The boxes that a finding would have of these rows, sorted; a box that can't be read is none."""
    found = []
    for reading in readings:
        if reading.reader_id in matching:
            positive = [name for name in rule.labels if reading.says[name].get(scan_id)]
            only = positive if len(positive) == 1 else []
            for element in boxes.get((reading.reader_id, scan_id), ()):
                geometry = _geometry(element)
                if geometry is not None and label in (rule.labels_named(element.get("comment")) or only):
                    found.append((reading.reader_id, *geometry))
    return sorted(found)


def _geometry(element: Any) -> tuple[Decimal, Decimal, Decimal, Decimal] | None:  # noqa: ANN401 - any JSON
    mark = element.get("mark") if isinstance(element, dict) else None
    numbers = list(_numbers(mark)) if isinstance(mark, dict) else []
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == len(SIDES) else None


def _numbers(mark: Mapping[str, Any]) -> Iterator[Decimal]:
    for side in SIDES:
        value = mark.get(side)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if abs(number) <= LARGEST:
                yield number
