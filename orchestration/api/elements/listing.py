"""The list of elements: its columns and what can be asked of it."""

from orchestration.api.listing import Column, Listing
from orchestration.api.listing.columns import EXACT, RANGE

VALUES_OF_A_PAGE = 4_000_000  # about 16 MB of text

ELEMENTS = Listing(
    name="Element",
    relation="doubleread.elements inner join doubleread.devices on elements.device_id = devices.id",
    columns=(
        Column("id", "text", "The key.", "aabbcc1", sql="elements.id"),
        Column(
            "device_name",
            "text",
            "The device that it came from.",
            "CT SCAN",
            sql="devices.name",
            filters=EXACT,
            # Compared with the id, so that the index over devices and times serves.
            filter_sql="elements.device_id = (select id from doubleread.devices where name = %s)",
        ),
        Column(
            "average_before_normalization",
            "number",
            "The average of the values.",
            54.25,
            filters=RANGE,
            can_order=True,
        ),
        Column(
            "average_after_normalization",
            "number",
            "The average of the values, each divided by the largest.",
            0.6096,
            filters=RANGE,
            can_order=True,
        ),
        Column("data_size", "integer", "How many values there are.", 8, filters=RANGE, can_order=True),
        Column("data", "texts", "The rows, as they were sent.", ["54 26 34 47", "75 87 75 89"]),
        Column("created_date", "time", "When it was stored.", "2026-01-31T08:00:00Z", filters=RANGE, can_order=True),
        Column(
            "updated_date", "time", "When it was changed last.", "2026-01-31T08:00:00Z", filters=RANGE, can_order=True
        ),
    ),
    key=Column("sequence_number", "integer", "Which was stored first.", 1, sql="elements.sequence_number"),
    identifier="id",
    ordering="created_date",
    weight="elements.data_size",
    page_weight=VALUES_OF_A_PAGE,
)
