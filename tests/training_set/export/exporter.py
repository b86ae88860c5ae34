"""An export of a mart that is filled by hand."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.export.exporting import ExportReport, export
from orchestration.training_set.export.generation import Generation, read_generation
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.workers import Workers
from tests.training_set.conftest import MASS, Project, png

RULE = Rule("salt", (0.5, 0.25, 0.25))


@dataclass
class Exporter:
    """A project, and where its exports go."""

    project: Project
    url: str
    workers: Workers
    options: ExportOptions = field(default_factory=ExportOptions)
    rule: Rule = RULE

    @property
    def place(self) -> Place:
        return open_place(self.url, load_settings(), create=True)

    def add(
        self,
        scan_id: str,
        *,
        image: bytes | None = None,
        role: str = "finding",
        study: str | None = None,
        patient: str | None = None,
        labels: Sequence[str] = (MASS,),
        boxes: list[Any] | None = None,
        rejected: Sequence[dict[str, str]] = (),
    ) -> None:
        """A scan in the store and in the marts, with a finding for each label where it is one of findings."""
        path = self.project.store_folder / "mmg" / f"{scan_id}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(abs(hash(scan_id)) % 1000) if image is None else image)
        with self.project.database.connect() as connection:
            connection.execute(
                "insert into marts.trainable_scans values (%s, %s, %s, %s, %s, %s)",
                [scan_id, study or scan_id, patient, f"mmg/{scan_id}.png", role, json.dumps(list(rejected))],
            )
        if role == "finding":
            for label in labels:
                self.project.add(scan_id, label=label, boxes=boxes)

    def remove(self, scan_id: str) -> None:
        self.project.remove(scan_id)
        with self.project.database.connect() as connection:
            connection.execute("delete from marts.trainable_scans where scan_id = %s", [scan_id])

    def export(self, run_id: str = "run") -> ExportReport:
        self.project.retrieve(run_id)
        return self.export_again(run_id)

    def export_again(self, run_id: str = "run") -> ExportReport:
        """Export what was retrieved before."""
        return export(
            self.project.database,
            self.place,
            options=self.options,
            rule=self.rule,
            workers=self.workers,
            run_id=run_id,
            scans_folder=self.project.scans,
            store=self.project.store,
        )

    @property
    def generation(self) -> Generation:
        return read_generation(self.place)

    @property
    def folder(self) -> Path:
        """The current generation of a destination that is a folder."""
        return (Path(self.url.removeprefix("file://")) / "current").resolve()

    def read(self, path: str) -> bytes:
        """A file of the current generation, wherever its content lies."""
        generation, place = self.generation, self.place
        file = generation.by_path()[path]
        return place.read(generation.location(file, is_remote=place.is_remote))[0]

    def table(self, path: str) -> list[dict[str, Any]]:
        """The rows of a Parquet file of the current generation."""
        rows: list[dict[str, Any]] = pq.read_table(BytesIO(self.read(path))).to_pylist()
        return rows
