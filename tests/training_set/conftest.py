"""A mart filled by hand, a local image store, and workers that draw."""

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from orchestration.database import Database
from orchestration.labels import LABELS
from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.label_folder import FolderReport, build_label_folder, drawing_workers
from orchestration.training_set.manifest import ManifestReport, write_manifest
from orchestration.training_set.scans import ScansReport, retrieve_scans
from orchestration.training_set.verification import VerificationReport, verify_pictures
from orchestration.workers import Workers
from tests.contracts import make_mart

MASS = "has_malign_mass"


def png(seed: int = 0, *, width: int = 120, height: int = 160) -> bytes:
    """A small grey image, different for each seed."""
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 200, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def box(reader: str = "U1", x: float = 20, y: float = 30, width: float = 40, height: float = 50) -> dict[str, Any]:
    """A box as the mart lists it."""
    return {"reader": reader, "x": x, "y": y, "width": width, "height": height, "comment": "Mal. Mass"}


@dataclass
class Project:
    """Everything that the flow from mart to folders works on."""

    database: Database
    store: Place
    store_folder: Path
    scans: Path
    training_set: Path
    workers: Workers
    findings: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, scan_id: str, *, label: str = MASS, image: str | None = None, boxes: list[Any] | None = None) -> str:
        """Put a finding into the mart, or change it; return its id."""
        image = f"mmg/{scan_id}.png" if image is None else image
        boxes = [box("U1"), box("U2", x=25)] if boxes is None else boxes
        finding_id = hashlib.sha256(f"{scan_id} {label}".encode()).hexdigest()
        finding_hash = hashlib.sha256(json.dumps([image, boxes]).encode()).hexdigest()
        with self.database.connect() as connection:
            connection.execute(
                """
                insert into marts.double_matched_findings values (
                    %s, 'S', %s, %s, %s, 'x.png', 160, 120, 2, 2, '["U1", "U2"]', %s, %s, %s
                )
                on conflict (finding_id) do update set
                    png_image = excluded.png_image, boxes = excluded.boxes, box_count = excluded.box_count,
                    finding_hash = excluded.finding_hash
                """,
                [finding_id, scan_id, label, image, json.dumps(boxes), len(boxes), finding_hash],
            )
        return finding_id

    def remove(self, scan_id: str) -> None:
        """Take a scan's findings out of the mart."""
        with self.database.connect() as connection:
            connection.execute("delete from marts.double_matched_findings where scan_id = %s", [scan_id])

    def retrieve(self, run_id: str = "run") -> ScansReport:
        return retrieve_scans(self.database, self.store, self.scans, run_id=run_id)

    def draw(self, label: str = MASS, run_id: str = "run") -> FolderReport:
        return build_label_folder(
            self.database,
            label=label,
            store_url=self.store.url,
            training_set=self.training_set,
            workers=self.workers,
            run_id=run_id,
        )

    def manifest(self) -> ManifestReport:
        return write_manifest(self.database, self.training_set)

    def verify(self, *, everything: bool = False) -> VerificationReport:
        return verify_pictures(
            self.database,
            store_url=self.store.url,
            training_set=self.training_set,
            workers=self.workers,
            everything=everything,
        )

    def build(self, run_id: str = "run") -> dict[str, FolderReport]:
        """The whole flow behind the mart."""
        self.retrieve(run_id)
        reports = {label: self.draw(label, run_id) for label in LABELS}
        self.manifest()
        return reports

    def picture(self, scan_id: str, label: str = MASS) -> Path:
        return self.training_set / label / f"{scan_id}.png"

    def files(self) -> dict[str, bytes]:
        """Every file of the training set by its path there."""
        paths = (path for path in self.training_set.rglob("*") if path.is_file())
        return {path.relative_to(self.training_set).as_posix(): path.read_bytes() for path in paths}

    def rows(self, query: str) -> list[Any]:
        with self.database.connect() as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Two drawing processes."""
    with drawing_workers(2) as drawing:
        yield drawing


@pytest.fixture
def project(database: Database, tmp_path: Path, workers: Workers) -> Project:
    """An empty mart, an empty store and no folders yet."""
    with database.connect() as connection:
        make_mart(connection, "double_matched_findings")
    folder = tmp_path / "store"
    folder.mkdir()
    return Project(
        database, open_place(folder, load_settings()), folder, tmp_path / "scans", tmp_path / "training_set", workers
    )
