"""A report as a DICOM Comprehensive SR (PS3.3 A.35.3) by the template of measurement reports (PS3.16 TID 1500)."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC
from io import BytesIO

import numpy as np
from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import UID

from orchestration.dicom.concepts import OWN_SCHEME, Code
from orchestration.dicom.deriving import derived_uid
from orchestration.dicom.encoding.file_meta import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from orchestration.training_set.export.reports.report import REPORTING_VERSION, Report, ReportedBox, ReportedFinding

Group = sr.MeasurementsAndQualitativeEvaluations | sr.PlanarROIMeasurementsAndQualitativeEvaluations

_PROCEDURE: Code = ("363679005", "SCT", "Imaging procedure")  # PS3.16 CID 100, which has no mammography
_BREAST: Code = ("76752008", "SCT", "Breast")  # PS3.16 CID 4013
_IMPRESSION: Code = ("121073", "DCM", "Impression")  # PS3.16 CID 6053
_PERSON: Code = ("121006", "DCM", "Person")  # PS3.16 CID 270, as the next
_DEVICE: Code = ("121007", "DCM", "Device")
_OBSERVER = derived_uid("doubleread", "device observer")
_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    *("StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName"),
)
_MOST_MEANING = 64  # characters of LO, and of each part of PN (PS3.5 6.2)
_NO_NAME = re.compile(r"[\^=\\\x00-\x1f\x7f]")  # what structures a PN, and control characters


def encode_report(report: Report) -> bytes:
    """The file of a report; the same report gives the same bytes.

    Patient and study are named by no more than the image's Study Instance UID: elements that the standard wants (type
    2) are empty. Content Date and Time are those of the last annotation behind a finding, in UTC.
    """
    evidence = _evidence(report)
    annotated_at = report.annotated_at.astimezone(UTC)
    document = sr.ComprehensiveSR(
        evidence=[evidence],
        content=_content(report),
        series_instance_uid=report.series_uid,
        series_number=1,
        sop_instance_uid=report.uid,
        instance_number=1,
        manufacturer="doubleread",
        manufacturer_model_name="doubleread",
        software_versions=f"reports {REPORTING_VERSION}",
        series_description="Double-matched findings",
        content_date=annotated_at.date(),
        content_time=annotated_at.time().replace(tzinfo=None),
        specific_character_set="ISO_IR 192",
        is_complete=True,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                OWN_SCHEME, name="Labels of doubleread", responsible_organization="doubleread"
            )
        ],
    )
    document.TimezoneOffsetFromUTC = "+0000"
    # The library notes when it was at work and which version it is: with that, each time would give other bytes.
    for keyword in ("InstanceCreationDate", "InstanceCreationTime", "ContributingEquipmentSequence"):
        document.pop(keyword, None)
    document.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    document.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    file = BytesIO()
    dcmwrite(file, document, enforce_file_format=True)
    return file.getvalue()


def _evidence(report: Report) -> Dataset:
    """What the library takes over from the image: its UIDs, and nothing of the patient."""
    image = Dataset()
    image.SOPClassUID, image.SOPInstanceUID = report.reference.sop_class_uid, report.reference.uid
    image.StudyInstanceUID, image.SeriesInstanceUID = report.reference.study_uid, report.reference.series_uid
    for keyword in _EMPTY:
        setattr(image, keyword, None)
    return image


def _content(report: Report) -> sr.MeasurementReport:
    """A group for each finding, followed by one for each of its boxes."""
    device = sr.ObserverContext(
        _concept(_DEVICE),
        sr.DeviceObserverIdentifyingAttributes(uid=_OBSERVER, name="doubleread", manufacturer_name="doubleread"),
    )
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=device),
        procedure_reported=_concept(_PROCEDURE),
        imaging_measurements=list(_groups(report)),
    )


def _groups(report: Report) -> Iterator[Group]:
    for finding in report.findings:
        yield _finding_group(report, finding)
        for box in finding.boxes:
            yield _box_group(report, finding, box)


def _finding_group(report: Report, finding: ReportedFinding) -> sr.MeasurementsAndQualitativeEvaluations:
    """What was decided of the whole image, by which rule, from whose readings (PS3.16 TID 1501)."""
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=report.finding_uid(finding), identifier=f"{finding.label} {finding.finding_id}"
        ),
        finding_type=_concept(finding.code),
        finding_sites=[sr.FindingSite(_concept(_BREAST))],
        algorithm_id=sr.AlgorithmIdentification(
            name="double match",
            version="1",
            # One item: some readers show only the first.
            parameters=[
                f"min_matching_readers={report.min_matching_readers}; scans_per_study={report.scans_per_study}"
            ],
        ),
        source_images=[sr.SourceImageForMeasurementGroup(report.reference.sop_class_uid, report.reference.uid)],
        qualitative_evaluations=_evaluations(finding),
    )
    _observed_by(group, finding.readers)
    return group


def _box_group(
    report: Report, finding: ReportedFinding, box: ReportedBox
) -> sr.PlanarROIMeasurementsAndQualitativeEvaluations:
    """What one reader drew (PS3.16 TID 1410): a closed polyline in columns and rows of the image (PS3.3 C.18.6.1)."""
    from highdicom import sr  # noqa: PLC0415

    x, y, width, height = box.area
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
    group = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=report.box_uid(box), identifier=f"{finding.label} {finding.finding_id} box {box.box_id}"
        ),
        referenced_region=sr.ImageRegion(
            graphic_type=sr.GraphicTypeValues.POLYLINE,
            graphic_data=np.array(corners),
            source_image=sr.SourceImageForRegion(report.reference.sop_class_uid, report.reference.uid),
        ),
        finding_type=_concept(finding.code),
        finding_sites=[sr.FindingSite(_concept(_BREAST))],
        qualitative_evaluations=_evaluations(finding),
    )
    _observed_by(group, [box.reader])
    return group


def _evaluations(finding: ReportedFinding) -> list[sr.QualitativeEvaluation]:
    impression = finding.impression
    return [sr.QualitativeEvaluation(_concept(_IMPRESSION), _concept(impression))] if impression else []


def _observed_by(group: Group, readers: Sequence[str]) -> None:
    """Give a group observers of its own, in place of the report's (PS3.16 TID 1001): readers, by their ids alone."""
    items = [
        item
        for reader in readers
        for item in sr.ObserverContext(
            _concept(_PERSON),
            sr.PersonObserverIdentifyingAttributes(name=_person_name(reader), login_name=reader),
        )
    ]
    for place, item in enumerate(items):
        group[0].ContentSequence.insert(place, item)


def _person_name(reader: str) -> str:
    """A reader's id as a PN, which the template asks for; the whole id is the login name beside it."""
    return f"{_NO_NAME.sub('_', reader)[: _MOST_MEANING - 1]}^"


def _concept(code: Code) -> sr.CodedConcept:
    value, scheme, meaning = code
    return sr.CodedConcept(value, scheme, meaning[:_MOST_MEANING])
