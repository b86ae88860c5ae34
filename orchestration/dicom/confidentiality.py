"""Which elements could tell who a patient is: those that PS3.15's Basic Profile removes or replaces.

``basic_profile.csv`` is Table E.1-1 of PS3.15, edition 2026c: each tag, what the Basic Application Level
Confidentiality Profile does with it (X remove, Z empty, D replace, U replace a UID, or several of them by the
element's type), and its name. An ``x`` stands for any digit of a repeating group (PS3.5 7.6). The table's one other row
is private attributes, which have odd groups.
"""

import csv
from functools import cache
from importlib.resources import files

from pydicom.datadict import dictionary_VR

MASKED = "***"
"""What is shown in place of a value that could tell who the patient is."""


def is_confidential(tag: int) -> bool:
    """Whether an element may tell who a patient is, wherever it stands.

    So does, beyond the table, any name of a person, and any element that pydicom's dictionary does not know: nobody has
    said that it may be shown.
    """
    group = tag >> 16
    try:
        representation = dictionary_VR(tag)
    except KeyError:
        return True
    if group % 2 or representation == "PN":
        return True
    exact, repeating = _table()
    return tag in exact or any(
        group & 0xFF00 == of_group and number in (None, tag & 0xFFFF) for of_group, number in repeating
    )


@cache
def _table() -> tuple[frozenset[int], frozenset[tuple[int, int | None]]]:
    """The tags of the table; of repeating groups the group, and the element's number unless it is any."""
    text = files(__package__).joinpath("basic_profile.csv").read_text(encoding="utf-8")
    tags = [row["tag"] for row in csv.DictReader(text.splitlines())]
    exact = frozenset(int(tag, 16) for tag in tags if "x" not in tag)
    repeating = {(int(tag[:2] + "00", 16), None if "x" in tag[4:] else int(tag[4:], 16)) for tag in tags if "x" in tag}
    return exact, frozenset(repeating)
