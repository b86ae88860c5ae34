"""What lists and pages of the service show: marts filled by hand, and the files of pictures."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from PIL import Image

from tests.contracts import make_mart

MASS, CALCIFICATIONS = "has_malign_mass", "has_benign_microcalsifications"
SIZE = (300, 400)
MARTS = (
    *("double_matched_findings", "rejected_findings", "reader_agreement", "clinical_cases"),
    *("inference_results", "inference_scores"),
)


def scan_png(seed: int = 0) -> bytes:
    """A small grey scan, different for each seed."""
    pixels = np.random.default_rng(seed).integers(0, 200, (SIZE[1], SIZE[0]), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def box(reader: str, x: float, y: float = 30) -> dict[str, Any]:
    """A box as the mart lists it."""
    return {"reader": reader, "x": x, "y": y, "width": 40, "height": 50, "comment": "Mal. Mass"}


class Shown:
    """Fills the marts and the records of pictures in a database.

    Args:
        connection: to the database.
        training_set: the folder of pictures.
        store_url: the image store.
    """

    def __init__(self, connection: psycopg.Connection, training_set: Path, store_url: str) -> None:
        self._connection = connection
        self._training_set = training_set
        self._store_url = store_url
        for name in MARTS:
            make_mart(connection, name)
        connection.execute("create schema if not exists seeds")
        connection.execute("drop table if exists seeds.rejection_reasons")
        connection.execute("create table seeds.rejection_reasons (reason text, rank integer, description text)")
        connection.execute("insert into seeds.rejection_reasons values ('single_reader', 4, 'Only one reader read it')")
        connection.commit()

    def finding(
        self, scan_id: str, *, study_id: str = "S1", label: str = MASS, readers: tuple[str, ...] = ("U1", "U2")
    ) -> str:
        """Put a finding into the mart; its id."""
        finding_id = hashlib.md5(f"{scan_id} {label}".encode(), usedforsecurity=False).hexdigest()
        boxes = [box(reader, 20 + 5 * number) for number, reader in enumerate(readers)]
        self._connection.execute(
            "insert into marts.double_matched_findings values "
            "(%s, %s, %s, %s, %s, 'x.png', %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                *(finding_id, study_id, scan_id, label, f"mmg/{scan_id}.png", SIZE[1], SIZE[0]),
                *(len(readers) + 1, len(readers), json.dumps(readers), json.dumps(boxes), len(boxes), "h1"),
            ],
        )
        self._connection.commit()
        return finding_id

    def picture(self, finding_id: str, data: bytes, *, finding_hash: str = "h1") -> Path:
        """Put the picture of a finding into its folder and on record; its path."""
        query = "select label, scan_id from marts.double_matched_findings where finding_id = %s"
        label, scan_id = self._connection.execute(query, [finding_id]).fetchone() or ("", "")
        path = self._training_set / label / f"{scan_id}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._connection.execute(
            """
            insert into doubleread.pictures (
                training_set, finding_id, label, scan_id, status, finding_hash, path, sha256, size_bytes, mtime_ns,
                width, height, boxes_drawn, boxes_clipped, boxes_skipped, source_image, drawing_version, run_id
            )
            values (%s, %s, %s, %s, 'drawn', %s, %s, %s, %s, %s, %s, %s, 2, 0, 0, 'x', 1, 'run')
            """,
            [
                *(str(self._training_set), finding_id, label, scan_id, finding_hash, f"{label}/{scan_id}.png"),
                *(hashlib.sha256(data).hexdigest(), len(data), path.stat().st_mtime_ns, *SIZE),
            ],
        )
        self._connection.commit()
        return path

    def scan(self, finding_id: str, path: Path, data: bytes) -> None:
        """Put the copy of a finding's scan at a path and on record."""
        query = "select png_image from marts.double_matched_findings where finding_id = %s"
        (image,) = self._connection.execute(query, [finding_id]).fetchone() or ("",)
        path.write_bytes(data)
        self._connection.execute(
            """
            insert into doubleread.retrieved_scans (
                store_url, png_image, status, retryable, attempts, size_bytes, sha256, local_path, local_mtime_ns,
                seconds, run_id
            )
            values (%s, %s, 'retrieved', false, 1, %s, %s, %s, %s, 0, 'run')
            """,
            [
                *(self._store_url, image, len(data), hashlib.sha256(data).hexdigest(), str(path)),
                path.stat().st_mtime_ns,
            ],
        )
        self._connection.commit()

    def run(self, statement: str, *values: object) -> None:
        """Run any statement."""
        self._connection.execute(statement.encode(), values)
        self._connection.commit()
