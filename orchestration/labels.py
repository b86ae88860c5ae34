"""The labels, as the dbt project lists them: their names, what a drawing calls them, how a box's comment names them."""

from orchestration.transformations import project_variables

_LISTED = project_variables()["labels"]

CAPTIONS: dict[str, str] = {item["label"]: item["caption"] for item in _LISTED}
PATTERNS: dict[str, str] = {item["label"]: item["pattern"] for item in _LISTED}
LABELS = tuple(CAPTIONS)
