"""A patient, as a DICOM file or a person describes one."""

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, model_validator

from orchestration.dicom.confidentiality import MASKED
from orchestration.dicom.elements import Value, name_of, tag_of
from orchestration.dicom.reading import read_header
from orchestration.images import ImageError
from orchestration.outcomes import printable
from orchestration.records.diagnosis import DiagnosisChange
from orchestration.records.fields import MAX_TEXT, Age, Code, Day, Kilograms, OptionalText, Sex

_TITLES = {"patient_id": "patient ID", "patient_id_type": "type of ID", "study_instance_uid": "study instance UID"}

_TOLD_IN_PARTS = 10  # years: an age below has its months shown

logger = logging.getLogger(__name__)


class PatientRecord(BaseModel):
    """A patient. Every field may be None: a DICOM file may leave any of them out.

    Fields are checked when a record is made and whenever one is assigned; text is read as DICOM writes it. An error is
    a ``pydantic.ValidationError``, a ``ValueError`` that names the field and never repeats its value. ``str()`` shows
    everything, ``repr()`` nothing that could tell who the patient is.

    Attributes:
        name: as DICOM writes it, ``Family^Given^Middle^Prefix^Suffix``.
        age: years; ``034Y`` is 34, ``006M`` is 0.5.
        birth_date: a date, ``YYYYMMDD`` or ``YYYY-MM-DD``.
        sex: ``M``, ``F`` or ``O``.
        weight: kilograms.
        patient_id: as the hospital gave it.
        patient_id_type: what kind of id: ``TEXT``, ``RFID`` or ``BARCODE`` (PS3.3 C.7.1.1).
        diagnosis: what ``update_diagnosis`` said last; assigned by nothing else.
        history: what ``update_diagnosis`` changed, the oldest first.
    """

    model_config = ConfigDict(validate_assignment=True, extra="forbid", hide_input_in_errors=True)

    name: OptionalText = None
    age: Age = None
    birth_date: Day = None
    sex: Sex = None
    weight: Kilograms = None
    patient_id: OptionalText = None
    patient_id_type: Code = None
    diagnosis: OptionalText = None
    history: tuple[DiagnosisChange, ...] = ()

    elements: ClassVar[Mapping[str, str]] = {
        "name": "PatientName",
        "age": "PatientAge",
        "birth_date": "PatientBirthDate",
        "sex": "PatientSex",
        "weight": "PatientWeight",
        "patient_id": "PatientID",
        "patient_id_type": "TypeOfPatientID",
    }
    """The DICOM element that each field is read from."""

    identifying: ClassVar[frozenset[str]] = frozenset({"name", "birth_date", "patient_id", "diagnosis"})
    """Fields that could tell who the patient is."""

    shown_by_repr: ClassVar[frozenset[str]] = frozenset()

    _warned: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def from_dicom(cls, path: Path | str) -> Self:
        """Read a record from a DICOM file; what the file leaves out is None.

        Raises:
            ImageError: it is no DICOM file, damaged or cut short, or an element cannot be read.
            OSError: it cannot be opened or read.
            ValidationError: elements hold what they cannot; each is named.
        """
        tags = {field: tag_of(keyword) for field, keyword in cls.elements.items()}
        header = read_header(Path(path), tags.values(), masked=False)
        found = {field: header.values.get(tag) for field, tag in tags.items()}
        if header.unreadable:
            names = ", ".join(sorted(map(name_of, header.unreadable)))
            raise ImageError(f"is a DICOM file whose {names} cannot be read")
        return cls.model_validate(cls._from_elements(found, has_pixels=header.has_pixels))

    @classmethod
    def _from_elements(cls, found: dict[str, Value], *, has_pixels: bool) -> dict[str, Value]:
        """Values of elements as those of fields."""
        del has_pixels
        texts = {field: "\\".join(map(str, value)) for field, value in found.items() if isinstance(value, list)}
        # Devices write a weight of 0 where nobody has entered one.
        return found | texts | ({"weight": None} if found.get("weight") == 0 else {})

    @property
    def contradictions(self) -> tuple[str, ...]:
        """What fields say against one another, without their values; empty where nothing does."""
        return ()

    def update_diagnosis(self, new_diagnosis: str) -> None:
        """Replace the diagnosis; the history keeps the old and the new one with the time.

        The log says that a diagnosis was changed, and neither what it is nor whose.

        Raises:
            ValidationError: it is no text, or an empty one.
        """
        change = DiagnosisChange(old=self.diagnosis, new=new_diagnosis)
        self.__dict__.update(diagnosis=change.new, history=(*self.history, change))
        self.__pydantic_fields_set__.update(("diagnosis", "history"))
        logger.info("the diagnosis of a record was changed (change %d of it)", len(self.history))

    def __setattr__(self, field: str, value: object) -> None:
        if field in ("diagnosis", "history"):  # pydantic's own error for a frozen field would repeat the value
            raise AttributeError(f"{field} is changed by update_diagnosis alone")
        super().__setattr__(field, value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment] # a record changes

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Compute what can be, and say in the log what contradicts, once each time that it begins to."""
        self._compute()
        found = frozenset(self.contradictions)
        for contradiction in sorted(found - self._warned):
            logger.warning("a record contradicts itself: %s", contradiction)
        self._warned = found
        return self

    def _compute(self) -> None:
        """Set the fields that follow from others."""

    def described(self, *, masked: bool = False) -> str:
        """Everything that is known, a line each; ``masked`` shows ``***`` for what could tell who the patient is."""
        lines = [
            (title, MASKED if masked and field in self.identifying else shown) for field, title, shown in self._titled()
        ]
        for change in self.history:
            old = MASKED if masked else printable(change.old or "none", MAX_TEXT)
            lines.append(("diagnosis before", f"{old}, until {change.changed_at:%Y-%m-%d %H:%M:%S %Z}"))
        lines += [("contradiction", contradiction) for contradiction in self.contradictions]
        width = max((len(title) for title, _ in lines), default=0)
        return "\n".join(f"{title:<{width}}  {shown}" for title, shown in lines) or "nothing is known"

    def as_json(self, *, masked: bool = False) -> dict[str, Any]:
        """Every field and the contradictions, as JSON can hold them; ``masked`` as in ``described``."""
        fields = self.model_dump(mode="json")
        if masked:
            fields |= {field: MASKED for field in self.identifying if fields[field] is not None}
            fields["history"] = [change | {"old": MASKED, "new": MASKED} for change in fields["history"]]
        return fields | {"contradictions": list(self.contradictions)}

    def _titled(self) -> Iterator[tuple[str, str, str]]:
        """Each field that has a value: its name, what a person calls it, and the value."""
        for field in type(self).model_fields:
            value = getattr(self, field)
            if value is not None and field != "history":
                yield field, _TITLES.get(field, field.replace("_", " ")), _shown(field, value)

    def __str__(self) -> str:
        return self.described()

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for field in type(self).model_fields:
            if field in self.shown_by_repr:
                yield field, getattr(self, field)


def _shown(field: str, value: object) -> str:
    if isinstance(value, float):
        if field == "weight":
            return f"{value:g} kg"
        return f"{value:.3g} years" if value < _TOLD_IN_PARTS else f"{int(value)} years"
    return printable(str(value), MAX_TEXT)
