"""How another object refers to an image: by the UIDs of the image, its series and its study (PS3.3 C.17.2.1).

A function here reads a pydicom data set: call it within a guard, as ``orchestration.dicom.reading`` does.
"""

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

REFERENCE_ELEMENTS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]

_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*", re.ASCII)  # PS3.5 9.1
_MOST_CHARACTERS = 64


@dataclass(frozen=True)
class ImageReference:
    """What names an image to whoever opens it beside an object that refers to it.

    Attributes:
        study_uid: Study Instance UID (0020,000D).
        series_uid: Series Instance UID (0020,000E).
        uid: SOP Instance UID (0008,0018).
        sop_class_uid: SOP Class UID (0008,0016).
    """

    study_uid: str
    series_uid: str
    uid: str
    sop_class_uid: str


def reference_of(dataset: Dataset) -> ImageReference | None:
    """The reference to an image with ``REFERENCE_ELEMENTS``; None where one is missing or no UID (PS3.5 9.1)."""
    uids = [_uid(dataset, keyword) for keyword in REFERENCE_ELEMENTS]
    if any(uid is None for uid in uids):
        return None
    study, series, instance, sop_class = (str(uid) for uid in uids)
    return ImageReference(study, series, instance, sop_class)


def _uid(dataset: Dataset, keyword: str) -> str | None:
    try:
        text = str(dataset.get(keyword) or "").strip(" \0")
    except Exception:  # noqa: BLE001 - pydicom raises what its parts raise
        return None
    return text if len(text) <= _MOST_CHARACTERS and _UID.fullmatch(text) else None
