"""Records of patients and studies, validated whenever they change, that tell nothing about a person by accident.

Entry points: :class:`PatientRecord` and :class:`StudyRecord`, each with ``from_dicom``.
"""

from orchestration.records.diagnosis import DiagnosisChange
from orchestration.records.patient import PatientRecord
from orchestration.records.study import StudyRecord

__all__ = ["DiagnosisChange", "PatientRecord", "StudyRecord"]
