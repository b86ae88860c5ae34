"""How versions and their differences are shown: as text for a person, as JSON for a program."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from orchestration.cli.display import console
from orchestration.outcomes import printable
from orchestration.training_set.versions.causes import Cause
from orchestration.training_set.versions.comparing import VersionDiff, VersionFinding, VersionScan
from orchestration.training_set.versions.explaining import Explanation
from orchestration.training_set.versions.listing import ListedVersion
from orchestration.training_set.versions.naming import SHOWN_DIGITS

SHOWN_CHANGES = 40  # of each kind; --json has all
SHOWN_CAUSES = 8  # of each change: a reading of a study has four scans


def print_versions(listed: Sequence[ListedVersion], url: str) -> None:
    """Print a row for each publication."""
    from rich import box
    from rich.table import Table

    if not listed:
        console.print(f"{url} holds no version; run: doubleread export", markup=False)
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("version", "published", "scans", "findings", "boxes", "+", "-", "~", ""):
        table.add_column(heading, justify="left" if heading in {"version", "published", ""} else "right", no_wrap=True)
    for one in listed:
        held = one.contents
        counts = (held.scans, held.findings, held.boxes) if held else (None, None, None)
        numbers = ["" if count is None else f"{count:,}" for count in (*counts, one.added, one.removed, one.redrawn)]
        remark = "unreadable" if one.problem else "current" if one.is_current else "" if held else "removed"
        table.add_row(one.publication.generation[:SHOWN_DIGITS], _time(one.publication.published_at), *numbers, remark)
    console.print(table)
    for one in listed:
        if one.problem:
            console.print(f"{one.publication.generation[:SHOWN_DIGITS]}: {one.problem}", style="red", markup=False)


def versions_as_json(listed: Sequence[ListedVersion]) -> str:
    """An object for each publication."""
    return _json(
        [
            {
                **one.publication.model_dump(),
                "current": one.is_current,
                "contents": one.contents and one.contents.model_dump(),
                "added": one.added,
                "removed": one.removed,
                "redrawn": one.redrawn,
                "problem": one.problem,
            }
            for one in listed
        ]
    )


def print_diff(diff: VersionDiff, explanation: Explanation) -> None:
    """Print what changed, each change with the readings behind it."""
    console.print(f"from {diff.before} to {diff.after}")
    console.print(
        f"{len(diff.added):,} findings added, {len(diff.removed):,} removed, {len(diff.redrawn):,} redrawn; scans: "
        f"{len(diff.scans_added):,} added, {len(diff.scans_removed):,} removed, {len(diff.images):,} with another "
        f"image, {len(diff.sides):,} on another side, {len(diff.roles):,} in another role"
    )
    for setting in (*diff.settings, *explanation.settings):
        before, after = (printable(str(value)) for value in (setting.before, setting.after))
        console.print(f"setting {setting.name}: {before} -> {after}", style="bold", markup=False)
    if explanation.note:
        console.print(explanation.note, style="yellow", markup=False)
    _print_changes("added", "green", _by_label(diff.added, explanation, gained=True))
    _print_changes("removed", "red", _by_label(diff.removed, explanation, gained=False))
    redrawn = [_Change(_redrawn(old, new), explanation.of_picture(new)) for old, new in diff.redrawn]
    _print_changes("redrawn", "cyan", redrawn)
    _print_scans(diff, explanation)
    _print_files(diff, explanation)


@dataclass(frozen=True)
class _Change:
    """A line, and what caused it; ``note`` where that is no change of a reading."""

    line: str
    causes: Sequence[Cause] = ()
    note: str = ""


def _by_label(findings: Sequence[VersionFinding], explanation: Explanation, *, gained: bool) -> list[_Change]:
    """A change for each study and label: its findings, one for each scan, come and go together."""
    changes = []
    for (study, label), group in groupby(findings, key=lambda one: (one.study_id, one.label)):
        of_study = list(group)
        scans = ", ".join(printable(one.scan_id) for one in of_study)
        boxes = sum(len(one.boxes) for one in of_study)
        line = f"{label} of study {printable(study)}: scans {scans}; {boxes} boxes"
        causes = explanation.of_finding(of_study[0], gained=gained)
        changes.append(_Change(line, causes, _image_note(causes, [one.scan_id for one in of_study], explanation)))
    return changes


def _image_note(causes: Sequence[Cause], scans: Sequence[str], explanation: Explanation) -> str:
    if causes or not explanation.no_image.intersection(scans):
        return ""
    return "one of the two was made while the image could not be retrieved or read"


def _print_scans(diff: VersionDiff, explanation: Explanation) -> None:
    """Print the scans that differ, but for those that came or went with their findings."""
    with_findings = {one.scan_id for one in (*diff.added, *diff.removed)}

    def of(scan: VersionScan, change: str = "") -> _Change:
        causes = explanation.of_scan(scan)
        return _Change(f"{_scan(scan)}{change}", causes, _image_note(causes, [scan.scan_id], explanation))

    for word, style, scans in (("added", "green", diff.scans_added), ("removed", "red", diff.scans_removed)):
        _print_changes(word, style, [of(one) for one in scans if one.scan_id not in with_findings])
    _print_changes("image", "cyan", [_Change(f"{_scan(new)}: {_image(old, new)}") for old, new in diff.images])
    _print_changes("side", "magenta", [of(new, f": {old.side} -> {new.side}") for old, new in diff.sides])
    _print_changes("role", "magenta", [of(new, f": {old.role} -> {new.role}") for old, new in diff.roles])


def _print_changes(word: str, style: str, changes: Sequence[_Change]) -> None:
    for change in changes[:SHOWN_CHANGES]:
        console.print(f"[{style}]{word:8}[/] ", end="")
        console.print(change.line, markup=False)
        for cause in change.causes[:SHOWN_CAUSES]:
            console.print(f"           {_cause(cause)}", markup=False)
        if len(change.causes) > SHOWN_CAUSES:
            console.print(f"           and {len(change.causes) - SHOWN_CAUSES:,} more")
        if change.note:
            console.print(f"           {change.note}", markup=False)
    if len(changes) > SHOWN_CHANGES:
        console.print(f"[{style}]{word:8}[/] and {len(changes) - SHOWN_CHANGES:,} more; --json has all of them")


def _print_files(diff: VersionDiff, explanation: Explanation) -> None:
    """Print which files differ where that is all that does: two ids are never left without a difference."""
    scans = (*diff.scans_added, *diff.scans_removed, *diff.images, *diff.sides, *diff.roles)
    told = (*diff.added, *diff.removed, *diff.redrawn, *scans, *diff.settings, *explanation.settings)
    if told or not diff.files:
        return
    more = f" and {len(diff.files) - SHOWN_CAUSES:,} more" if len(diff.files) > SHOWN_CAUSES else ""
    files = ", ".join(map(printable, diff.files[:SHOWN_CAUSES]))
    console.print(f"the same findings and scans; other bytes: {files}{more}", markup=False)


def diff_as_json(diff: VersionDiff, explanation: Explanation) -> str:
    """Everything that changed, each with its causes."""

    def shown(
        one: VersionFinding | VersionScan, causes: Sequence[Cause] | None = None, **more: object
    ) -> dict[str, Any]:
        return {**asdict(one), **more} | ({} if causes is None else {"causes": list(map(_cause_as_json, causes))})

    return _json(
        {
            "before": diff.before,
            "after": diff.after,
            "note": explanation.note,
            "settings": [asdict(one) for one in (*diff.settings, *explanation.settings)],
            "findings_added": [shown(one, explanation.of_finding(one, gained=True)) for one in diff.added],
            "findings_removed": [shown(one, explanation.of_finding(one, gained=False)) for one in diff.removed],
            "findings_redrawn": [
                shown(new, explanation.of_picture(new), boxes_before=old.boxes) for old, new in diff.redrawn
            ],
            "scans_added": [shown(one, explanation.of_scan(one)) for one in diff.scans_added],
            "scans_removed": [shown(one, explanation.of_scan(one)) for one in diff.scans_removed],
            "images": [
                shown(new, sha256_before=old.sha256, source_sha256_before=old.source_sha256) for old, new in diff.images
            ],
            "sides": [shown(new, explanation.of_scan(new), side_before=old.side) for old, new in diff.sides],
            "roles": [shown(new, explanation.of_scan(new), role_before=old.role) for old, new in diff.roles],
            "without_image": sorted(explanation.no_image),
            "files": diff.files,
        }
    )


def _cause_as_json(cause: Cause) -> dict[str, Any]:
    """The fields of a cause that say something."""
    return {name: value for name, value in asdict(cause).items() if value not in (None, (), {})}


def _redrawn(old: VersionFinding, new: VersionFinding) -> str:
    boxes = f"{len(old.boxes)} -> {len(new.boxes)} boxes" if len(old.boxes) != len(new.boxes) else "other boxes"
    how = "its image has another path" if old.boxes == new.boxes else boxes
    return f"{new.label} on scan {printable(new.scan_id)} of study {printable(new.study_id)}: {how}"


def _scan(scan: VersionScan) -> str:
    return f"scan {printable(scan.scan_id)} of study {printable(scan.study_id)}, {scan.role}, {scan.side}"


def _image(old: VersionScan, new: VersionScan) -> str:
    changed = old.source_sha256 != new.source_sha256
    return "the image in the store was replaced" if changed else "rendered another way"


def _cause(cause: Cause) -> str:
    """A cause as a line, such as ``reader U2, scan 12: annotation 45 changed: has_benign_mass no -> yes``."""
    scan, seen = printable(cause.scan_id), f", seen {_time(cause.seen_at)}" if cause.seen_at else ""
    if cause.kind == "scan":
        fields = ", ".join(cause.fields) if cause.change == "changed" else ""
        return f"scan {scan}: {cause.change}{fields and f': {fields}'}{seen}"
    instead = f" in place of {printable(cause.annotation_id_before)}" if cause.annotation_id_before else ""
    words = {"superseded": "new", "moved": "moved (another reader, scan or time)"}
    change = words.get(cause.change, cause.change)
    made = f", made {_time(cause.created_at)}" if cause.created_at else ""
    return (
        f"reader {printable(cause.reader_id or '')}, scan {scan}: annotation {printable(cause.annotation_id or '')} "
        f"{change}{instead}: {', '.join(_said(cause)) or 'it says nothing'}{made}{seen}"
    )


def _said(cause: Cause) -> Iterator[str]:
    for label, says in cause.labels.items():
        yield f"{label} {'no -> yes' if says else 'yes -> no'}"
    if cause.drew and cause.boxes is not None:
        yield f"boxes {cause.boxes[0]} -> {cause.boxes[1]}" if cause.boxes[0] != cause.boxes[1] else "boxes moved"


def _time(moment: datetime | str) -> str:
    try:
        time = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    except ValueError:  # infinity, or a year before the first
        return printable(str(moment))
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
