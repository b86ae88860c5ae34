"""The list of cases: its columns and what can be asked of it.

A report is patient text, so the list says whether there is one and nothing of what it says: whoever needs the text of a
case has ``doubleread cases get --report``, on a machine that may open the hospital's store.
"""

from orchestration.api.listing import Column, Listing
from orchestration.api.listing.columns import EXACT, RANGE

_VIEWS = {"l_cc": "left craniocaudal", "l_mlo": "left oblique", "r_cc": "right craniocaudal", "r_mlo": "right oblique"}

CASES = Listing(
    name="Case",
    relation="marts.clinical_cases",
    columns=(
        Column("case_id", "text", "The case.", "S0000001", filters=EXACT, can_order=True),
        Column("year", "integer", "The year of the examination.", 2014, filters=RANGE, can_order=True),
        Column("view_count", "integer", "How many of the four views there are.", 4, filters=RANGE),
        Column("missing_views", "texts", "The views that are missing.", []),
        Column("has_report", "boolean", "Whether there is a report.", True, filters=EXACT),
        Column("container", "text", "The container of the images; null where there are none.", "images", nullable=True),
        *(
            Column(
                view,
                "text",
                f"The blob of the {words} view; null where it is missing.",
                f"2014/S0000001_{view.upper().replace('_', '__')}.dcm",
                nullable=True,
            )
            for view, words in _VIEWS.items()
        ),
    ),
    key=Column("place", "text", "Year and case.", "2014/S0000001", sql="year::text || '/' || case_id"),
    identifier="case_id",
    ordering="case_id",
)
