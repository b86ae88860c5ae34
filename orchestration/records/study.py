"""A study of a patient, as a DICOM file or a person describes one."""

from collections.abc import Mapping
from datetime import date
from typing import ClassVar

from pydantic import PrivateAttr

from orchestration.dicom.elements import Value
from orchestration.records.fields import Code, Count, Day, Integer, TimeOfDay, Uid
from orchestration.records.patient import PatientRecord

_OF_WHOLE_YEARS = 1.0
_OF_MONTHS = 1 / 6


class StudyRecord(PatientRecord):
    """A patient and one study. An age that is missing is computed from the dates of birth and of the study.

    Attributes:
        modality: such as ``MG`` or ``CT``.
        study_date: a date, ``YYYYMMDD`` or ``YYYY-MM-DD``.
        study_time: a time, ``HHMMSS.FFFFFF`` or ``HH:MM:SS``.
        study_instance_uid: as PS3.5 9 writes UIDs.
        series_number: an integer.
        number_of_frames: at least 1; an image that does not say how many it has, has one.
    """

    modality: Code = None
    study_date: Day = None
    study_time: TimeOfDay = None
    study_instance_uid: Uid = None
    series_number: Integer = None
    number_of_frames: Count = None

    elements: ClassVar[Mapping[str, str]] = {
        **PatientRecord.elements,
        "modality": "Modality",
        "study_date": "StudyDate",
        "study_time": "StudyTime",
        "study_instance_uid": "StudyInstanceUID",
        "series_number": "SeriesNumber",
        "number_of_frames": "NumberOfFrames",
    }
    identifying: ClassVar[frozenset[str]] = PatientRecord.identifying | {"study_instance_uid"}
    shown_by_repr: ClassVar[frozenset[str]] = frozenset({"modality", "series_number", "number_of_frames"})

    _computed_age: float | None = PrivateAttr(default=None)

    @classmethod
    def _from_elements(cls, found: dict[str, Value], *, has_pixels: bool) -> dict[str, Value]:
        fields = super()._from_elements(found, has_pixels=has_pixels)
        # Some writers say 0 frames of a single one; others leave the element out.
        if has_pixels and fields.get("number_of_frames") in (None, 0):
            fields["number_of_frames"] = 1
        return fields

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What fields say against one another, without their values; empty where nothing does."""
        if self.birth_date is None or self.study_date is None:
            return ()
        if self.birth_date > self.study_date:
            return ("birth_date is after study_date",)
        # An age in years may be rounded, or counted by calendar years; one in months or days is told more exactly.
        allowed = _OF_WHOLE_YEARS if self.age is None or self.age.is_integer() else _OF_MONTHS
        if self.age is not None and abs(self.age - years_between(self.birth_date, self.study_date)) > allowed:
            return ("age is not that of birth_date at study_date",)
        return ()

    def _compute(self) -> None:
        if self.age is None or self.age == self._computed_age:
            age = None
            if self.birth_date is not None and self.study_date is not None and self.birth_date <= self.study_date:
                age = years_between(self.birth_date, self.study_date)
            self.__dict__["age"] = self._computed_age = age


def years_between(birth: date, day: date) -> float:
    """Years from one date to a later one: whole years to the last birthday, and the part of the year since then.

    Whoever was born on 29 February has a birthday on 1 March where a year has no such day.
    """
    birthday = _birthday(birth, day.year)
    if birthday > day:
        birthday = _birthday(birth, day.year - 1)
    following = _birthday(birth, birthday.year + 1)
    return birthday.year - birth.year + (day - birthday).days / (following - birthday).days


def _birthday(birth: date, year: int) -> date:
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
