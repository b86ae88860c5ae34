"""The rule in words, with what was counted."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from orchestration.outcomes import printable
from orchestration.training_set.provenance.answers import NOT_CALLED, Reading, Study, Verdict
from orchestration.training_set.provenance.rule import Rule

NAMES = 12  # of a list in a sentence


def because(study: Study, label: str, verdict: Verdict, rule: Rule) -> list[str]:
    """Why a label of a study has its verdict, as sentences about the readings as they are now."""
    return [*_headline(study, label, verdict, rule), *_count(study, verdict, rule), *_others(study, label, verdict)]


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, the first of them."""
    shown = ", ".join(printable(name) for name in names[:NAMES])
    return shown if len(names) <= NAMES else f"{shown} and {len(names) - NAMES:,} more"


def moment(text: str | None) -> str:
    """A time of the database as a person reads it, in UTC where the source says its zone."""
    if text is None:
        return "no time"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return printable(text)
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at.tzinfo else f"{at:%Y-%m-%d %H:%M:%S}"


def _headline(study: Study, label: str, verdict: Verdict, rule: Rule) -> Iterator[str]:
    """What decides where it is not the number of readers."""
    callers = [reading for reading in study.readings if reading.answers[label] != "negative"]
    match verdict.verdict:
        case "not_called":
            yield "No annotation that counts calls it true on any scan."
        case "incomplete_study":
            yield f"The study has {_scans(len(study.scans))}, the rule wants {rule.scans_per_study}."
        case "incomplete_reading":
            who = [reading.reader_id for reading in callers if not reading.is_complete]
            yield f"Not everyone who calls it true annotated every scan: {listed(who)} did not."
        case "inconsistent_reading":
            who = [reading.reader_id for reading in callers if reading.answers[label] == "inconsistent"]
            yield f"Not everyone who calls it true does so on every scan: {listed(who)} does not."
        case "single_reader":
            who = [reading.reader_id for reading in study.readings if reading.is_complete]
            yield f"Only one reader completed a reading of the study: {listed(who)}."


def _count(study: Study, verdict: Verdict, rule: Rule) -> Iterator[str]:
    """How many of the readers agree, and how many the rule wants."""
    if verdict.verdict == "incomplete_study":
        return
    complete, matching = verdict.reader_count or 0, verdict.matching_readers or []
    readers = "reader" if complete == 1 else "readers"
    if not complete or verdict.verdict == NOT_CALLED:
        yield f"{complete or 'No'} {readers if complete else 'reader'} completed a reading of the study."
        return
    count = f"{len(matching)} of {complete} {readers} with a complete reading"
    who = f": {listed(matching)}" if matching else ""
    verb = "calls" if len(matching) == 1 else "call"
    yield f"{count} {verb} it true on all {_scans(len(study.scans))}{who}; at least {rule.min_matching_readers} needed."


def _others(study: Study, label: str, verdict: Verdict) -> Iterator[str]:
    """What each reader says who is not among those who agree."""
    matching = set(verdict.matching_readers or [])
    for reading in study.readings:
        if reading.reader_id not in matching and (
            reading.answers[label] != "negative" or verdict.verdict != NOT_CALLED
        ):
            yield f"{printable(reading.reader_id)} {_says(reading, study, label)}."


def _says(reading: Reading, study: Study, label: str) -> str:
    said = reading.says[label]
    true = [scan for scan, is_true in said.items() if is_true]
    false = [scan for scan, is_true in said.items() if not is_true]
    missing = [scan.scan_id for scan in study.scans if scan.scan_id not in said]
    calls = f"calls it true on {listed(true)}" if true else "calls it true on none"
    if true and false:
        calls += f" and not on {listed(false)}"
    return f"{calls}, and did not annotate {listed(missing)}" if missing else calls


def _scans(count: int) -> str:
    return "1 scan" if count == 1 else f"{count:,} scans"
