"""The lists of findings, rejections and agreement: their columns and what can be asked of them."""

from django.conf import settings

from orchestration.api.listing import Column, Listing
from orchestration.api.listing.columns import EXACT, RANGE
from orchestration.api.web.rows import literal
from orchestration.labels import LABELS

FINDING_ID = "0a6b5c1d2e3f405162738495a6b7c8d9"
_STUDY = "1042"
_LABEL = "has_malign_mass"
_BOX = {"reader": "r1", "x": 812, "y": 1430, "width": 240, "height": 260, "comment": "Mal. Mass"}
_AT_LEAST = ("", "gte", "lte")

# The picture and the scan of a finding, where there are such that show it as it is now.
RECORDS = (
    "left join doubleread.pictures as picture"
    f" on picture.training_set = {literal(str(settings.DOUBLEREAD.doubleread_training_set))}"
    " and picture.finding_id = finding.finding_id"
    " left join doubleread.retrieved_scans as scan"
    f" on scan.store_url = {literal(settings.DOUBLEREAD.images_url)}"
    " and md5(scan.png_image) = md5(finding.png_image) and scan.png_image = finding.png_image"
)
_HAS_PICTURE = "picture.status = 'drawn' and picture.finding_hash = finding.finding_hash"


def _url(condition: str, end: str) -> str:
    return f"case when {condition} then '/api/findings/' || finding.finding_id || '/{end}' end"


FINDINGS = Listing(
    name="Finding",
    relation=f"marts.double_matched_findings as finding {RECORDS}",
    columns=(
        Column("finding_id", "text", "The key, the same in every run.", FINDING_ID, sql="finding.finding_id"),
        Column("study_id", "text", "The study.", _STUDY, sql="finding.study_id", filters=EXACT, can_order=True),
        Column("scan_id", "text", "The scan.", "4167", sql="finding.scan_id", filters=EXACT),
        Column(
            "label",
            "text",
            "What the readers see.",
            _LABEL,
            sql="finding.label",
            filters=EXACT,
            choices=LABELS,
            can_order=True,
        ),
        Column("reader_count", "integer", "Readers with a complete reading of the study.", 3, filters=_AT_LEAST),
        Column(
            "matching_reader_count",
            "integer",
            "How many of them call the label true on every scan.",
            2,
            filters=_AT_LEAST,
            can_order=True,
        ),
        Column("matching_readers", "texts", "Who they are.", ["r1", "r3"]),
        Column("box_count", "integer", "How many boxes they drew on this scan.", 1, filters=_AT_LEAST),
        Column("boxes", "json", "The boxes, in pixels from the top left, by reader and place.", [_BOX]),
        Column("image_rows", "integer", "The scan's height in pixels.", 4096, nullable=True),
        Column("image_columns", "integer", "The scan's width in pixels.", 3328, nullable=True),
        Column(
            "finding_hash",
            "text",
            "Changes exactly when the picture must be drawn again.",
            FINDING_ID,
            sql="finding.finding_hash",
        ),
        Column(
            "picture_url",
            "text",
            "The picture with the boxes drawn, as in the training set; null while it shows another state or there is "
            "none.",
            f"/api/findings/{FINDING_ID}/picture",
            sql=_url(_HAS_PICTURE, "picture"),
            nullable=True,
        ),
        Column(
            "thumbnail_url",
            "text",
            "The picture, small.",
            f"/api/findings/{FINDING_ID}/thumbnail",
            sql=_url(_HAS_PICTURE, "thumbnail"),
            nullable=True,
        ),
        Column(
            "scan_url",
            "text",
            "The scan without any drawing; null while it was not retrieved.",
            f"/api/findings/{FINDING_ID}/scan",
            sql=_url("scan.status = 'retrieved'", "scan"),
            nullable=True,
        ),
    ),
    # By study, the scans of a study and label after each other; no label has a slash.
    key=Column("place", "text", "Label and scan.", f"{_LABEL}/4167", sql="finding.label || '/' || finding.scan_id"),
    identifier="finding_id",
    ordering="study_id",
)

REJECTIONS = Listing(
    name="Rejection",
    relation=(
        "marts.rejected_findings as rejection "
        "inner join seeds.rejection_reasons as reasons on rejection.reason = reasons.reason"
    ),
    columns=(
        Column("study_id", "text", "The study.", _STUDY, filters=EXACT, can_order=True),
        Column("label", "text", "What a reader sees.", _LABEL, filters=EXACT, choices=LABELS, can_order=True),
        Column(
            "reason",
            "text",
            "The first reason that holds why it is no finding.",
            "readers_disagree",
            sql="rejection.reason",
            filters=EXACT,
        ),
        Column(
            "detail",
            "text",
            "The reason as a sentence.",
            "Too few of the readers who completed a reading call the label true",
            sql="reasons.description",
        ),
        Column("reader_count", "integer", "Readers with a complete reading of the study.", 3, filters=_AT_LEAST),
        Column(
            "positive_reader_count",
            "integer",
            "How many of them call the label true on every scan.",
            1,
            filters=_AT_LEAST,
        ),
    ),
    key=Column("place", "text", "Label and study.", f"{_LABEL}/{_STUDY}", sql="label || '/' || study_id"),
    identifier="study_id",
    ordering="study_id",
)


def _cell(name: str, text: str, example: int) -> Column:
    return Column(name, "integer", text, example, filters=_AT_LEAST)


def _measure(name: str, text: str, example: float) -> Column:
    return Column(name, "number", f"{text}; null where it is undefined.", example, filters=RANGE, nullable=True)


AGREEMENT = Listing(
    name="Agreement",
    relation="marts.reader_agreement",
    columns=(
        Column("label", "text", "The label.", _LABEL, filters=EXACT, choices=LABELS, can_order=True),
        Column("reader_a", "text", "The reader whose id sorts first.", "r1", filters=EXACT),
        Column("reader_b", "text", "The other reader.", "r2", filters=EXACT),
        Column(
            "study_count",
            "integer",
            "Studies of which both have a complete reading.",
            120,
            filters=_AT_LEAST,
            can_order=True,
        ),
        _cell("both_positive_count", "Studies that both call positive.", 31),
        _cell("only_a_positive_count", "Studies that only the first calls positive.", 6),
        _cell("only_b_positive_count", "Studies that only the second calls positive.", 4),
        _cell("both_negative_count", "Studies that both call negative.", 77),
        _cell("inconsistent_count", "Studies left out, since a reading of the label is inconsistent.", 2),
        _measure("observed_agreement", "The share of studies on which both say the same", 0.915),
        _measure("cohens_kappa", "Agreement beyond what chance gives", 0.801),
        _measure("positive_agreement", "Specific agreement on yes", 0.861),
        _measure("negative_agreement", "Specific agreement on no", 0.939),
    ),
    key=Column(
        "place",
        "text",
        "Label and readers.",
        f'["{_LABEL}", "r1", "r2"]',
        sql="jsonb_build_array(label, reader_a, reader_b)::text",
    ),
    identifier="label",
    ordering="label",
)
