"""What a report says, from which everything in its file follows: its UIDs as well."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson

from orchestration.dicom.concepts import Code
from orchestration.dicom.deriving import derived_uid
from orchestration.dicom.reference import ImageReference

# Raised with every change of what a report's file holds for the same content: reports get new UIDs and are made again.
REPORTING_VERSION = 1


class ReportError(Exception):
    """Why a scan has no report; the message is a reason for a report on the export."""


@dataclass(frozen=True, slots=True)
class ReportedBox:
    """A reader's box: a number that is the same in every generation, and x, y, width, height in the image's pixels."""

    box_id: int
    reader: str
    area: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ReportedFinding:
    """A double-matched finding: the readers who agree on it, and those of their boxes that lie on the image.

    ``code`` says what is seen, ``impression`` what it is taken for, where the label has a code for that.
    """

    finding_id: str
    label: str
    code: Code
    impression: Code | None
    readers: tuple[str, ...]
    boxes: tuple[ReportedBox, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The findings of one scan.

    Attributes:
        reference: to the DICOM that the readers saw.
        findings: in the order of the labels; at least one.
        annotated_at: when the last of the annotations behind the findings was made; aware of its time zone.
        min_matching_readers: how many readers had to agree.
        scans_per_study: how many scans of the study each of them had to annotate.
    """

    reference: ImageReference
    findings: Sequence[ReportedFinding]
    annotated_at: datetime
    min_matching_readers: int
    scans_per_study: int

    @property
    def uid(self) -> str:
        """SOP Instance UID of the report: another one where anything in it is another."""
        content = orjson.dumps([REPORTING_VERSION, asdict(self)], option=orjson.OPT_SORT_KEYS).decode()
        return derived_uid(self.reference.uid, content)

    @property
    def series_uid(self) -> str:
        """Series Instance UID: one for each image, which all reports on it share."""
        return derived_uid(self.reference.uid, "reports")

    def finding_uid(self, finding: ReportedFinding) -> str:
        """Tracking Unique Identifier of a finding, the same in all reports that hold it."""
        return derived_uid(self.reference.uid, f"finding {finding.finding_id}")

    def box_uid(self, box: ReportedBox) -> str:
        """Tracking Unique Identifier of a box, likewise."""
        return derived_uid(self.reference.uid, f"box {box.box_id}")
