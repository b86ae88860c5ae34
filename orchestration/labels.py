"""The labels, as the dbt project lists them: their names, captions, patterns of comments, and codes.

A caption is what a drawing calls the label, a pattern how a box's comment names it, a code what it is in DICOM.
"""

from orchestration.dicom.concepts import OWN_SCHEME, Code
from orchestration.transformations import project_variables

_LISTED = project_variables()["labels"]

CAPTIONS: dict[str, str] = {item["label"]: item["caption"] for item in _LISTED}
PATTERNS: dict[str, str] = {item["label"]: item["pattern"] for item in _LISTED}
LABELS = tuple(CAPTIONS)

FINDING_CODES: dict[str, Code] = {
    item["label"]: tuple(item.get("finding") or (item["label"], OWN_SCHEME, item["caption"])) for item in _LISTED
}
IMPRESSION_CODES: dict[str, Code | None] = {
    item["label"]: tuple(item["impression"]) if item.get("impression") else None for item in _LISTED
}
