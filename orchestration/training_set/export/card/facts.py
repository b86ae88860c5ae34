"""Everything that the card says and that can be counted: ``card.json``, the one source of its three pages."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from orchestration.labels import CAPTIONS, LABELS
from orchestration.training_set.export.card.agreement import kappa_interval
from orchestration.training_set.export.card.boxes import ANY_VIEW, BoxFacts, Seen, box_facts, view_of
from orchestration.training_set.export.card.flow import Flow, read_flows
from orchestration.training_set.export.card.statement import Statement
from orchestration.training_set.export.exported import ExportedFinding, ExportedScan
from orchestration.training_set.export.generation import ROLES, SIDES, Splits
from orchestration.training_set.export.layout import CARD_FACTS
from orchestration.transformations import project_variables

# Raised with every change of what the pages say or look like: pages of an earlier version are made again.
CARD_VERSION = 1

Found = tuple[ExportedScan, ExportedFinding]

_AGREEMENT = """
    select * from {marts}.reader_agreement
    order by label collate "C", study_count desc, reader_a collate "C", reader_b collate "C"
"""
_FILE_NAMES = "select distinct scan_id, coalesce(file_name, '') from {marts}.double_matched_findings"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two readers agree on a label, as the mart ``reader_agreement`` has it; readers are numbers here.

    ``kappa_low`` and ``kappa_high`` are the 95 % confidence interval of Cohen's kappa.
    """

    label: str
    reader_a: int
    reader_b: int
    study_count: int
    both_positive_count: int
    only_a_positive_count: int
    only_b_positive_count: int
    both_negative_count: int
    inconsistent_count: int
    observed_agreement: float | None
    cohens_kappa: float | None
    kappa_low: float | None
    kappa_high: float | None
    positive_agreement: float | None
    negative_agreement: float | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What lies on a side, or carries a label on a side."""

    studies: int
    scans: int
    boxes: int


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """A label in this generation, side by side."""

    label: str
    caption: str
    sides: Mapping[str, Counted]
    findings_without_boxes: int


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The images: how many of each size in pixels (the most frequent ones), bits and channels."""

    sizes: Sequence[tuple[int, int, int]]
    other_sizes: int
    bits: Mapping[str, int]
    channels: Mapping[str, int]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Facts:
    """The content of ``card.json``.

    Attributes:
        card_version: of the program that makes pages of it.
        statement: what the owner says.
        scans_per_study: as the rule asks for.
        min_matching_readers: likewise.
        studies: in this generation.
        groups: patients where they are known, else studies.
        roles: scans by what they are to a network.
        sides: what lies on each side.
        labels: in the order of the project.
        findings: a scan and a label that readers agree on.
        readers: whose agreement is told, or who drew a box.
        flows: from all studies of the database to this generation.
        agreement: of pairs of readers, by label.
        boxes: by label.
        images: what they are like.
        splits: shares of train, validation and test that were asked for.
        patient_known: studies whose patient is known.
    """

    card_version: int
    statement: Mapping[str, Any]
    scans_per_study: int
    min_matching_readers: int
    studies: int
    groups: int
    roles: Mapping[str, int]
    sides: Mapping[str, Counted]
    labels: Sequence[LabelFacts]
    findings: int
    readers: int
    flows: Sequence[Flow]
    agreement: Sequence[Agreement]
    boxes: Sequence[BoxFacts]
    images: ImageFacts
    splits: Sequence[float]
    patient_known: int

    @property
    def said(self) -> Statement:
        """What the owner says."""
        return Statement.model_validate(self.statement)

    @property
    def scans(self) -> int:
        """Scans of this generation."""
        return sum(self.roles.values())

    @property
    def box_count(self) -> int:
        """Boxes of this generation."""
        return sum(side.boxes for side in self.sides.values())


@dataclass(frozen=True, slots=True)
class FromDatabase:
    """What a card says beyond the scans of its generation: rows of marts, read in one state with them."""

    agreement: Sequence[Mapping[str, Any]]
    flows: Sequence[Flow]
    views: Mapping[str, str]
    variables: Mapping[str, Any] = field(default_factory=project_variables)


def read_facts(
    connection: psycopg.Connection, schemas: Mapping[str, sql.Identifier], variables: Mapping[str, Any]
) -> FromDatabase:
    """Read what the scans of a generation do not tell: agreement, the way of all studies, views by file names.

    Args:
        connection: sees the marts.
        schemas: those that the project calls ``intermediate`` and ``marts``.
        variables: of the dbt project, with which the marts were made.
    """
    marts = schemas["marts"]
    with connection.cursor(row_factory=dict_row) as cursor:
        agreement = cursor.execute(sql.SQL(_AGREEMENT).format(marts=marts)).fetchall()
    views = {scan_id: view_of(name) for scan_id, name in connection.execute(sql.SQL(_FILE_NAMES).format(marts=marts))}
    return FromDatabase(agreement, read_flows(connection, schemas), views, variables)


def gather(
    scans: Sequence[ExportedScan],
    beyond: FromDatabase,
    readers: Mapping[str, int],
    *,
    statement: Statement,
    splits: Splits,
) -> Facts:
    """Count what a card says of a generation's scans; readers become numbers."""
    found: dict[str, list[Found]] = {label: [] for label in LABELS}
    for scan in scans:
        for finding in scan.findings:
            found[finding.label].append((scan, finding))
    exported = {label: len({scan.study_id for scan, _ in those}) for label, those in found.items()}
    exported[""] = len({scan.study_id for scan in scans if scan.role == "finding"})
    roles = Counter(scan.role for scan in scans)
    return Facts(
        card_version=CARD_VERSION,
        statement=statement.model_dump(),
        scans_per_study=beyond.variables["scans_per_study"],
        min_matching_readers=beyond.variables["min_matching_readers"],
        studies=len({scan.study_id for scan in scans}),
        groups=len({scan.group_id for scan in scans}),
        roles={role: roles[role] for role in ROLES},
        sides=_of_sides(scans),
        labels=[_label(label, those) for label, those in found.items()],
        findings=sum(len(scan.findings) for scan in scans),
        readers=len(readers),
        flows=[flow.with_exported(exported[flow.label]) for flow in beyond.flows],
        agreement=[_agreement(row, readers) for row in beyond.agreement],
        boxes=[_boxes(label, those, beyond.views) for label, those in found.items()],
        images=_images(scans),
        splits=splits.ratios,
        patient_known=splits.patient_known,
    )


def reader_numbers(scans: Iterable[ExportedScan], agreement: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Readers by their ids: from 1, in the order of the ids' bytes.

    A card is for those who get a copy; who is who is for those who hold the tables.
    """
    readers = {box.placed.reader for scan in scans for finding in scan.findings for box in finding.boxes}
    readers |= {row[name] for row in agreement for name in ("reader_a", "reader_b")}
    ordered = sorted(readers, key=lambda reader: reader.encode(errors="surrogatepass"))
    return {reader: number for number, reader in enumerate(ordered, 1)}


def write_facts(folder: Path, facts: Facts) -> None:
    """Write ``card.json``."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (folder / CARD_FACTS).write_bytes(orjson.dumps(facts, option=options))


def _agreement(row: Mapping[str, Any], readers: Mapping[str, int]) -> Agreement:
    interval = kappa_interval(
        row["both_positive_count"],
        row["only_a_positive_count"],
        row["only_b_positive_count"],
        row["both_negative_count"],
    )
    shown = {name: row[name] for name in Agreement.__dataclass_fields__ if name in row}
    return Agreement(
        **shown
        | {"reader_a": readers[row["reader_a"]], "reader_b": readers[row["reader_b"]]}
        | {"kappa_low": interval.low if interval else None, "kappa_high": interval.high if interval else None}
    )


def _counted(scans: Sequence[ExportedScan], findings: Iterable[ExportedFinding]) -> Counted:
    """Some scans, with their studies and the boxes of some of their findings."""
    return Counted(len({scan.study_id for scan in scans}), len(scans), sum(len(one.boxes) for one in findings))


def _of_sides(scans: Iterable[ExportedScan]) -> dict[str, Counted]:
    by_side: dict[str, list[ExportedScan]] = {side: [] for side in SIDES}
    for scan in scans:
        by_side[scan.side].append(scan)
    return {side: _counted(those, (one for scan in those for one in scan.findings)) for side, those in by_side.items()}


def _label(label: str, found: Sequence[Found]) -> LabelFacts:
    """A label's findings, each with its scan, side by side."""
    by_side: dict[str, list[Found]] = {side: [] for side in SIDES}
    for scan, finding in found:
        by_side[scan.side].append((scan, finding))
    sides = {
        side: _counted([scan for scan, _ in those], (finding for _, finding in those))
        for side, those in by_side.items()
    }
    return LabelFacts(label, CAPTIONS[label], sides, sum(not finding.boxes for _, finding in found))


def _boxes(label: str, found: Iterable[Found], views: Mapping[str, str]) -> BoxFacts:
    seen = [
        Seen(box.placed, scan.clean.width, scan.clean.height, views.get(scan.scan_id, ANY_VIEW))
        for scan, finding in found
        for box in finding.boxes
    ]
    return box_facts(label, seen)


def _images(scans: Sequence[ExportedScan], shown: int = 10) -> ImageFacts:
    images = [scan.clean for scan in scans]
    sizes = Counter((image.width, image.height) for image in images)
    most = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    bits, channels = Counter(image.sample_bits for image in images), Counter(image.channels for image in images)
    return ImageFacts(
        sizes=[(width, height, count) for (width, height), count in most[:shown]],
        other_sizes=sum(count for _, count in most[shown:]),
        bits={str(number): bits[number] for number in sorted(bits)},
        channels={str(number): channels[number] for number in sorted(channels)},
        size_bytes=sum(image.size_bytes for image in images),
    )
