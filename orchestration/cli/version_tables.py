"""How versions and their differences are shown: as text for a person, as JSON for a program."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
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
        remark = "current" if one.is_current else "" if held else "removed"
        table.add_row(one.publication.generation[:SHOWN_DIGITS], _time(one.publication.published_at), *numbers, remark)
    console.print(table)


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
        console.print(f"setting {setting.name}: {setting.before} -> {setting.after}", style="bold", markup=False)
    if explanation.note:
        console.print(explanation.note, style="yellow", markup=False)
    for word, style, findings, redrawn in (
        ("added", "green", diff.added, False),
        ("removed", "red", diff.removed, False),
        ("redrawn", "cyan", [new for _, new in diff.redrawn], True),
    ):
        lines = [(_finding(one), explanation.of_finding(one, redrawn=redrawn), one.scan_id) for one in findings]
        _print_changes(word, style, lines, explanation)
    _print_scans(diff, explanation)


def _print_scans(diff: VersionDiff, explanation: Explanation) -> None:
    """Print the scans that differ, but for those that came or went with their findings."""
    with_findings = {one.scan_id for one in (*diff.added, *diff.removed)}
    for word, style, scans in (("added", "green", diff.scans_added), ("removed", "red", diff.scans_removed)):
        alone = [one for one in scans if one.scan_id not in with_findings]
        lines = [(_scan(one), explanation.of_scan(one), one.scan_id) for one in alone]
        _print_changes(word, style, lines, explanation)
    images = [(f"{_scan(new)}: {_image(old, new)}", (), new.scan_id) for old, new in diff.images]
    _print_changes("image", "cyan", images, explanation)
    sides = [
        (f"{_scan(new)}: {old.side} -> {new.side}", explanation.of_scan(new), new.scan_id) for old, new in diff.sides
    ]
    _print_changes("side", "magenta", sides, explanation)
    roles = [
        (f"{_scan(new)}: {old.role} -> {new.role}", explanation.of_scan(new), new.scan_id) for old, new in diff.roles
    ]
    _print_changes("role", "magenta", roles, explanation)


def _print_changes(
    word: str, style: str, lines: Sequence[tuple[str, Sequence[Cause], str]], explanation: Explanation
) -> None:
    for line, causes, scan_id in lines[:SHOWN_CHANGES]:
        console.print(f"[{style}]{word:8}[/] ", end="")
        console.print(line, markup=False)
        for cause in causes[:SHOWN_CAUSES]:
            console.print(f"           {_cause(cause)}", markup=False)
        if len(causes) > SHOWN_CAUSES:
            console.print(f"           and {len(causes) - SHOWN_CAUSES:,} more")
        if not causes and scan_id in explanation.no_image:
            console.print("           one of the two was made while its image could not be retrieved or read")
    if len(lines) > SHOWN_CHANGES:
        console.print(f"[{style}]{word:8}[/]  and {len(lines) - SHOWN_CHANGES:,} more; --json has all of them")


def diff_as_json(diff: VersionDiff, explanation: Explanation) -> str:
    """Everything that changed, each with its causes."""

    def finding(one: VersionFinding, *, redrawn: bool = False, **more: object) -> dict[str, Any]:
        causes = [_cause_as_json(cause) for cause in explanation.of_finding(one, redrawn=redrawn)]
        return {**asdict(one), **more, "causes": causes}

    def scan(one: VersionScan, **more: object) -> dict[str, Any]:
        return {**asdict(one), **more, "causes": [_cause_as_json(cause) for cause in explanation.of_scan(one)]}

    return _json(
        {
            "before": diff.before,
            "after": diff.after,
            "note": explanation.note,
            "settings": [asdict(one) for one in (*diff.settings, *explanation.settings)],
            "findings_added": [finding(one) for one in diff.added],
            "findings_removed": [finding(one) for one in diff.removed],
            "findings_redrawn": [finding(new, redrawn=True, boxes_before=old.boxes) for old, new in diff.redrawn],
            "scans_added": [scan(one) for one in diff.scans_added],
            "scans_removed": [scan(one) for one in diff.scans_removed],
            "images": [
                scan(new, sha256_before=old.sha256, source_sha256_before=old.source_sha256) for old, new in diff.images
            ],
            "sides": [scan(new, side_before=old.side) for old, new in diff.sides],
            "roles": [scan(new, role_before=old.role) for old, new in diff.roles],
            "without_image": sorted(explanation.no_image),
        }
    )


def _cause_as_json(cause: Cause) -> dict[str, Any]:
    """The fields of a cause that say something."""
    return {name: value for name, value in asdict(cause).items() if value not in (None, (), {})}


def _finding(finding: VersionFinding) -> str:
    boxes = f"{len(finding.boxes)} box{'' if len(finding.boxes) == 1 else 'es'}"
    return f"{finding.label} on scan {printable(finding.scan_id)} of study {printable(finding.study_id)}, {boxes}"


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
    change = "new" if cause.change == "superseded" else cause.change
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
    time = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
