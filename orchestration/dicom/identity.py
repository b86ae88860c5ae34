"""Who and what a mammogram shows by its header, as digests that can be compared and tell nothing about a person.

Every function here reads a pydicom data set, whose values are converted when they are first read and may then fail in
any way: call them within a guard, as ``orchestration.dicom.reading`` does. An element that cannot be read says nothing.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from pydicom.dataset import Dataset

IDENTITY_ELEMENTS = [
    *("SOPInstanceUID", "StudyInstanceUID", "StudyDate", "PatientID"),
    *("ImageLaterality", "Laterality", "SharedFunctionalGroupsSequence", "ViewPosition", "ViewCodeSequence"),
]

_LATERALITIES = {"L": "L", "R": "R", "LEFT": "L", "RIGHT": "R"}
# The views of PS3.16 CID 4014, by their codes in SNOMED CT and in the older SNOMED RT; the names are those that View
# Position (0018,5101) has for them (PS3.3 C.8.11.7).
_VIEW_BY_CODE = {
    **dict.fromkeys(["399162004", "R-10242"], "CC"),
    **dict.fromkeys(["399368009", "R-10226"], "MLO"),
    **dict.fromkeys(["399260004", "R-10224"], "ML"),
    **dict.fromkeys(["399352003", "R-10228"], "LM"),
    **dict.fromkeys(["399099002", "R-10230"], "LMO"),
    **dict.fromkeys(["399196006", "R-10244"], "FB"),
    **dict.fromkeys(["399188001", "R-102D0"], "SIO"),
    **dict.fromkeys(["441555000", "R-40AAA"], "ISO"),
    **dict.fromkeys(["399192008", "R-1024A"], "XCCL"),
    **dict.fromkeys(["399101009", "R-1024B"], "XCCM"),
}
_VIEWS = frozenset(_VIEW_BY_CODE.values())
# Some devices put the laterality before the view, as in RMLO and "L CC".
_POSITION = re.compile(rf"(?:(LEFT|RIGHT|[LR])[ _-]*)??({'|'.join(sorted(_VIEWS))})")
_DATE = re.compile(r"([0-9]{4})\.?[0-9]{2}\.?[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Identity:
    """What a header says; what it leaves out, or says in words of its own, is empty or None.

    Letters count in either case, as do the words LEFT and RIGHT.

    Attributes:
        lateralities: ``L`` or ``R`` of Image Laterality (0020,0062), Laterality (0020,0060), Frame Laterality
            (0020,9072) and View Position where it begins with one; both where they differ.
        views: of View Position (0018,5101) and View Code Sequence (0054,0220), such as ``CC`` or ``MLO``.
        instance: SHA-256 of SOP Instance UID (0008,0018), to be compared; likewise the three below.
        study: of Study Instance UID (0020,000D).
        study_date: of Study Date (0008,0020); ``study_year`` is its year, where it is a date.
        patient: of Patient ID (0010,0020).
    """

    lateralities: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    instance: bytes | None = field(default=None, repr=False)
    study: bytes | None = field(default=None, repr=False)
    study_date: bytes | None = field(default=None, repr=False)
    patient: bytes | None = field(default=None, repr=False)
    study_year: int | None = field(default=None, repr=False)


def identity(dataset: Dataset) -> Identity:
    """Read what a data set with ``IDENTITY_ELEMENTS`` says."""
    lateralities = {
        *_texts(lambda: [dataset.get("ImageLaterality")]),
        *_texts(lambda: [dataset.get("Laterality")]),
        *_texts(lambda: [dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence[0].FrameLaterality]),
    }
    codes = _texts(lambda: [item.CodeValue for item in dataset.get("ViewCodeSequence") or ()])
    views = {_VIEW_BY_CODE[code] for code in codes if code in _VIEW_BY_CODE}
    for text in _texts(lambda: [dataset.get("ViewPosition")]):
        if position := _POSITION.fullmatch(text.upper()):
            lateralities.add(position[1] or "")
            views.add(position[2])
    dates = map(_DATE.fullmatch, _texts(lambda: [dataset.get("StudyDate")]))
    return Identity(
        frozenset(_LATERALITIES[text.upper()] for text in lateralities if text.upper() in _LATERALITIES),
        frozenset(views),
        instance=_digest(dataset, "SOPInstanceUID"),
        study=_digest(dataset, "StudyInstanceUID"),
        study_date=_digest(dataset, "StudyDate"),
        patient=_digest(dataset, "PatientID"),
        study_year=next((int(date[1]) for date in dates if date), None),
    )


def _texts(values: Callable[[], Iterable[Any]]) -> set[str]:
    """The values as text without blanks around them; none where they are absent or cannot be read."""
    try:
        return {str(value).strip() for value in values() if value is not None}
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        return set()


def _digest(dataset: Dataset, keyword: str) -> bytes | None:
    text = "".join(_texts(lambda: [dataset.get(keyword)]))
    return sha256(text.encode(errors="surrogateescape")).digest() if text else None
