"""What distinguishes two versions, by their files alone."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.training_set.export.layout import BOXES, SCANS
from orchestration.training_set.versions.naming import Published

Geometry = tuple[str, float, float, float, float]
"""A box as it was drawn: reader, x, y, width, height, in pixels of the source."""

_SCANS = ("scan_id", "study_id", "side", "role", "labels", "finding_ids", "sha256", "source_sha256")
_GEOMETRY = ("reader", "source_x", "source_y", "source_width", "source_height")


@dataclass(frozen=True, slots=True)
class VersionFinding:
    """A finding as a version holds it; ``finding_hash`` is not known of one without boxes."""

    finding_id: str
    study_id: str
    scan_id: str
    label: str
    boxes: tuple[Geometry, ...]
    finding_hash: str | None


@dataclass(frozen=True, slots=True)
class VersionScan:
    """A scan as a version holds it."""

    scan_id: str
    study_id: str
    side: str
    role: str
    sha256: str
    source_sha256: str


@dataclass(frozen=True)
class VersionContents:
    """What a version holds, by id."""

    scans: Mapping[str, VersionScan]
    findings: Mapping[str, VersionFinding]


@dataclass(frozen=True)
class Setting:
    """Something that a version was made with and that is another in the other version."""

    name: str
    before: object
    after: object


@dataclass(frozen=True)
class VersionDiff:
    """What changed from one version to another: findings by study, label and scan, scans by their id.

    Attributes:
        before: the id of the one.
        after: the id of the other.
        added: findings that only the other has.
        removed: findings that only the one has.
        redrawn: findings of both with other boxes or another image, as they were and as they are.
        scans_added: scans that only the other has.
        scans_removed: scans that only the one has.
        images: scans of both whose image has other bytes.
        sides: scans of both that are on another side.
        roles: scans of both with another role.
        settings: what the two were made with and differs.
        files: paths of the files that only one of them has, or that have other bytes. Where nothing else differs, these
            are what counts readings that are in no finding, as the data card does.
    """

    before: str
    after: str
    added: list[VersionFinding] = field(default_factory=list)
    removed: list[VersionFinding] = field(default_factory=list)
    redrawn: list[tuple[VersionFinding, VersionFinding]] = field(default_factory=list)
    scans_added: list[VersionScan] = field(default_factory=list)
    scans_removed: list[VersionScan] = field(default_factory=list)
    images: list[tuple[VersionScan, VersionScan]] = field(default_factory=list)
    sides: list[tuple[VersionScan, VersionScan]] = field(default_factory=list)
    roles: list[tuple[VersionScan, VersionScan]] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


def contents_of(version: Published) -> VersionContents:
    """Read the scans and findings of a version.

    Raises:
        GenerationError: its tables are not what the manifest says.
        StoreError: the place does not answer.
    """
    boxes: dict[str, list[Geometry]] = defaultdict(list)
    hashes: dict[str, str] = {}
    for row in version.table(BOXES, ("finding_id", "finding_hash", *_GEOMETRY)):
        reader, x, y, width, height = (row[column] for column in _GEOMETRY)
        boxes[row["finding_id"]].append((reader, x, y, width, height))
        hashes[row["finding_id"]] = row["finding_hash"]
    scans: dict[str, VersionScan] = {}
    findings: dict[str, VersionFinding] = {}
    for row in version.table(SCANS, _SCANS):
        labels, finding_ids = row.pop("labels"), row.pop("finding_ids")
        scan = scans[row["scan_id"]] = VersionScan(**row)
        for label, one in zip(labels, finding_ids, strict=True):
            drawn = tuple(sorted(boxes.get(one, ())))
            findings[one] = VersionFinding(one, scan.study_id, scan.scan_id, label, drawn, hashes.get(one))
    return VersionContents(scans, findings)


def compare(before: Published, after: Published) -> VersionDiff:
    """What changed from one version to another.

    Raises:
        GenerationError: a table of one is not what its manifest says.
        StoreError: a place does not answer.
    """
    diff = compare_contents(before.id, contents_of(before), after.id, contents_of(after))
    diff.settings.extend(_settings(before, after))
    old, new = ({file.path: file.sha256 for file in one.generation.files} for one in (before, after))
    diff.files.extend(sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path)))
    return diff


def compare_contents(before: str, old: VersionContents, after: str, new: VersionContents) -> VersionDiff:
    """What changed between the contents of two versions, whose ids are ``before`` and ``after``."""
    diff = VersionDiff(before, after)
    diff.added.extend(sorted(map(new.findings.__getitem__, new.findings.keys() - old.findings.keys()), key=_place))
    diff.removed.extend(sorted(map(old.findings.__getitem__, old.findings.keys() - new.findings.keys()), key=_place))
    both = [(old.findings[one], new.findings[one]) for one in old.findings.keys() & new.findings.keys()]
    redrawn = [(was, is_) for was, is_ in both if was.boxes != is_.boxes or _hashes_differ(was, is_)]
    diff.redrawn.extend(sorted(redrawn, key=lambda pair: _place(pair[1])))
    diff.scans_added.extend(new.scans[one] for one in sorted(new.scans.keys() - old.scans.keys()))
    diff.scans_removed.extend(old.scans[one] for one in sorted(old.scans.keys() - new.scans.keys()))
    for one in sorted(old.scans.keys() & new.scans.keys()):
        scans = old.scans[one], new.scans[one]
        for changes, attribute in ((diff.images, "sha256"), (diff.sides, "side"), (diff.roles, "role")):
            if getattr(scans[0], attribute) != getattr(scans[1], attribute):
                changes.append(scans)
    return diff


def _place(finding: VersionFinding) -> tuple[str, str, str]:
    return finding.study_id, finding.label, finding.scan_id


def _hashes_differ(was: VersionFinding, is_: VersionFinding) -> bool:
    return None not in {was.finding_hash, is_.finding_hash} and was.finding_hash != is_.finding_hash


def _settings(before: Published, after: Published) -> list[Setting]:
    """What the manifests say of how the two were made."""
    old, new = before.generation, after.generation
    pairs: list[tuple[str, object, object]] = [
        ("bits", old.bits, new.bits),
        ("webdataset", bool(old.shards), bool(new.shards)),
        ("labels", old.labels, new.labels),
        ("split salt", old.splits.salt, new.splits.salt),
        ("split ratios", old.splits.ratios, new.splits.ratios),
    ]
    return [Setting(*pair) for pair in pairs if pair[1] != pair[2]]
