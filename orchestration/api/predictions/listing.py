"""The list of predictions: its columns and what can be asked of it."""

from orchestration.api.listing import Column, Listing
from orchestration.api.listing.columns import EXACT, RANGE

_MD5 = "0a6b5c1d2e3f405162738495a6b7c8d9"
_SHA256 = _MD5 * 2
_SERIES = "1.2.826.0.1.3680043.8.498.1"

PREDICTIONS = Listing(
    name="Prediction",
    relation=(
        "marts.inference_scores as score inner join marts.inference_results as result "
        "on score.result_id = result.result_id"
    ),
    columns=(
        Column("score_id", "text", "The key.", _MD5, can_order=True),
        Column("job", "text", "The job that gave the score.", "onnx", sql="score.job", filters=EXACT),
        Column(
            "series_instance_uid",
            "text",
            "The series that it is about.",
            _SERIES,
            sql="score.series_instance_uid",
            filters=EXACT,
        ),
        Column("volume_index", "integer", "The volume of the series, from 0.", 0, filters=EXACT),
        Column(
            "slice_index",
            "integer",
            "The slice, from 0; null for a score of the volume.",
            3,
            filters=EXACT,
            nullable=True,
        ),
        Column(
            "sop_instance_uid",
            "text",
            "The slice's DICOM; null where there is none of its own.",
            f"{_SERIES}.4",
            filters=EXACT,
            nullable=True,
        ),
        Column("score_index", "integer", "Which of the job's scores it is, from 0.", 0, filters=EXACT),
        Column("score_name", "text", "What the job calls the score.", "mass", filters=EXACT, nullable=True),
        Column("score", "number", "The score.", 0.25, sql="score.score", filters=RANGE, can_order=True),
        Column("modality", "text", "The series' modality.", "MG", filters=EXACT),
        Column("run_id", "text", "The run that gave it.", "b0d4e8", filters=EXACT),
        Column("ended_at", "time", "When the run ended.", "2026-01-31T08:05:00Z", filters=RANGE),
        Column("config_sha256", "text", "SHA-256 of the job's config.", _SHA256, filters=EXACT),
        Column("model_sha256", "text", "SHA-256 of the model; null where there is none.", _SHA256, nullable=True),
        Column("code_version", "text", "The version of doubleread.", "0.1.0"),
        Column("input_sha256", "text", "SHA-256 over the files of the series.", _SHA256),
        Column("pixels_sha256", "text", "SHA-256 over the stored values.", _SHA256),
    ),
    key=Column("place", "text", "The key.", _MD5, sql="score_id"),
    identifier="score_id",
    ordering="score_id",
)
