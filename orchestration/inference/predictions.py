"""Scores of a job, as predictions about slices or volumes."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

import numpy as np

from orchestration.inference.errors import JobError
from orchestration.inference.job import Scores
from orchestration.inference.report import Prediction
from orchestration.volumes import Series

FILE_NAME = "predictions.csv"
MAX_SCORES = 10_000_000


def predictions_of(scores: Scores, series: Series, volume_index: int, shape: tuple[int, ...]) -> list[Prediction]:
    """A prediction for each score of a volume.

    Args:
        scores: a row for each slice, or one row for the volume.
        series: that the volume is of.
        volume_index: which of its volumes.
        shape: of the volume.

    Raises:
        JobError: the scores have another number of rows, too many in all, or are not finite.
    """
    values = np.asarray(scores.values)
    if values.ndim != 2 or values.shape[0] not in (1, shape[0]) or values.dtype.kind not in "biuf":
        raise JobError(f"its func gave scores of the shape {values.shape}; (1, k) or ({shape[0]}, k) are expected")
    if values.size > MAX_SCORES:
        raise JobError(f"its func gave more than {MAX_SCORES:,} scores")
    if not np.isfinite(values).all():
        raise JobError("its func gave NaN or infinity as a score")
    if scores.names and len(scores.names) != values.shape[1]:
        raise JobError(f"its func gave {values.shape[1]} scores and {len(scores.names)} names")
    by_slice = len(values) > 1 or shape[0] == 1
    uids = _uids(series, volume_index, shape) if by_slice else [None]
    return [
        Prediction(
            series.uid,
            volume_index,
            row if by_slice else None,
            uids[row],
            column,
            scores.names[column] if scores.names else None,
            float(values[row, column]),
        )
        for row in range(values.shape[0])
        for column in range(values.shape[1])
    ]


def write_predictions(path: Path, predictions: Sequence[Prediction]) -> None:
    """Write the predictions as CSV with a heading; a row for each score."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Prediction))
        writer.writerows(astuple(prediction) for prediction in predictions)


def _uids(series: Series, volume_index: int, shape: tuple[int, ...]) -> list[str | None]:
    """The SOP Instance UID of each slice, where the volume is as the series' own files make it."""
    if series.problem is not None or series.stack.shape[-3:] != shape:
        return [None] * shape[0]
    frames = series.stack.frames[volume_index * shape[0] : (volume_index + 1) * shape[0]]
    return [frame.instance.sop_instance_uid for frame in frames]
