"""The sample's studies: what each shows, what its readers said, and what the rule makes of it.

The expectations are stated here by hand, study by study, so that the pipeline can be held against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from orchestration.sample.anatomy import VIEWS, Side, View

BC = "has_benign_microcalsifications"
MC = "has_malign_microcalcifications"
BM = "has_benign_mass"
MM = "has_malign_mass"

Storage = Literal["png8", "png16", "dicom"]
Carelessness = Literal["beyond_edge", "inverted", "empty", "one_for_two", "no_comment", "malformed"]
"""What may be wrong with the boxes of one annotation.

``beyond_edge``: a box runs over the image's left edge; ``inverted``: width and height are negative; ``empty``: one more
box has neither; ``one_for_two``: a box and its comment stand for two labels; ``no_comment``: no box has a comment;
``malformed``: the JSON is cut off.
"""

L_CC, L_MLO, R_CC, R_MLO = VIEWS


@dataclass(frozen=True)
class Reading:
    """What one reader said about a study at one time.

    Labels are true on every scan read if in ``true``, on those of the left breast alone if in ``left_only``, null on
    every scan if in ``null``, and false otherwise.
    """

    reader: str
    at: str
    true: tuple[str, ...] = ()
    left_only: tuple[str, ...] = ()
    null: tuple[str, ...] = ()
    unread: tuple[View, ...] = ()
    careless: Mapping[View, Carelessness] = field(default_factory=dict)

    def says(self, label: str, view: View) -> bool | None:
        """The label on a scan of this view."""
        if label in self.null:
            return None
        return label in self.true or (label in self.left_only and view.side == "L")


@dataclass(frozen=True)
class Study:
    """One study and the verdict that it is to get: labels ``accepted``, and those ``rejected`` with the reason."""

    shows: str
    readings: tuple[Reading, ...]
    accepted: tuple[str, ...] = ()
    rejected: Mapping[str, str] = field(default_factory=dict)
    views: tuple[View, ...] = VIEWS
    lesions_in: tuple[Side, ...] = ("L", "R")
    storage: Storage = "png8"

    @property
    def labels(self) -> tuple[str, ...]:
        """Whatever any reader ever saw: the lesions that the images show."""
        return tuple(sorted({label for reading in self.readings for label in reading.true + reading.left_only}))


def _day(day: int) -> str:
    """Nine o'clock in Central Europe on a day of March 2024."""
    return f"2024-03-{day:02d}T09:00:00+01:00"


SCENARIO = (
    Study(
        "two readers agree",
        (Reading("U1", _day(1), (MM,)), Reading("U2", _day(2), (MM,))),
        accepted=(MM,),
    ),
    Study(
        "three readers agree",
        (Reading("U1", _day(1), (BM,)), Reading("U2", _day(2), (BM,)), Reading("U3", _day(3), (BM,))),
        accepted=(BM,),
        storage="png16",
    ),
    Study(
        "a third reader's no does not undo a match",
        (Reading("U1", _day(1), (MC,)), Reading("U2", _day(2), (MC,)), Reading("U3", _day(3))),
        accepted=(MC,),
        storage="dicom",
    ),
    Study(
        "two readers agree about one label and disagree about another",
        (Reading("U1", _day(4), (BC, MM)), Reading("U2", _day(5), (MM,))),
        accepted=(MM,),
        rejected={BC: "readers_disagree"},
    ),
    Study(
        "one reader who read twice is still alone",
        (Reading("U1", _day(4), (MM,)), Reading("U1", _day(11), (MM,))),
        rejected={MM: "single_reader"},
    ),
    Study(
        "one reader who said yes twice does not outvote another's no",
        (Reading("U3", _day(4), (BC,)), Reading("U3", _day(12), (BC,)), Reading("U2", _day(6))),
        rejected={BC: "readers_disagree"},
    ),
    Study(
        "second thoughts count, by the instant and not by the clock on the wall",
        (
            Reading("U1", "2024-03-08T08:00:00+09:00", (BM,)),
            Reading("U1", "2024-03-08T01:00:00+00:00", (BC,)),
            Reading("U2", _day(7), (BC,)),
        ),
        accepted=(BC,),
    ),
    Study(
        "a label true on some scans and false on others is inconsistent",
        (Reading("U1", _day(8), left_only=(MM,)), Reading("U2", _day(9), (MM,))),
        rejected={MM: "inconsistent_reading"},
    ),
    Study(
        "three of four scans annotated is an incomplete reading",
        (Reading("U1", _day(8), (BC,), unread=(R_MLO,)), Reading("U2", _day(9), (BC,))),
        rejected={BC: "incomplete_reading"},
    ),
    Study(
        "a study of three scans is incomplete",
        (Reading("U1", _day(13), (BM,)), Reading("U2", _day(14), (BM,))),
        rejected={BM: "incomplete_study"},
        views=(L_CC, L_MLO, R_CC),
    ),
    Study(
        "a study of five scans is incomplete too",
        (Reading("U2", _day(13), (MC,)), Reading("U4", _day(14), (MC,))),
        rejected={MC: "incomplete_study"},
        views=(*VIEWS, L_CC),
    ),
    Study(
        "all four labels agreed on, with careless boxes",
        (
            Reading("U1", _day(15), (BC, MC, BM, MM), careless={L_CC: "beyond_edge", L_MLO: "inverted", R_CC: "empty"}),
            Reading("U2", _day(16), (BC, MC, BM, MM), careless={L_CC: "one_for_two", R_CC: "no_comment"}),
        ),
        accepted=(BC, MC, BM, MM),
    ),
    Study(
        "a lesion in one breast only; a box without a comment belongs to the only label; one annotation is broken",
        (
            Reading("U1", _day(18), (BM,), careless={L_CC: "no_comment"}),
            Reading("U4", _day(19), (BM,), careless={L_MLO: "malformed"}),
        ),
        accepted=(BM,),
        lesions_in=("L",),
    ),
    Study(
        "null is not true",
        (Reading("U1", _day(20), (MC,)), Reading("U2", _day(21), null=(BC, MC, BM, MM))),
        rejected={MC: "readers_disagree"},
    ),
)
