"""Raw tables that change, and everything that a build makes of them for an export."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.database import Database
from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.training_set.export.exporting import ExportReport, export
from orchestration.training_set.export.generation import current_id
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.training_set.scans import retrieve_scans
from orchestration.training_set.versions.naming import read_version
from orchestration.training_set.versions.rebuilding import RebuildReport, find_record, rebuild
from orchestration.workers import Workers
from tests.dbt.oracle import LABELS, PATTERNS, Annotation, Scan
from tests.dbt.project import made
from tests.dbt.raw import DJANGO, write
from tests.training_set.conftest import png

MASS = LABELS[3]
RULE = Rule("salt", (0.5, 0.25, 0.25))


@dataclass
class Ward:
    """The raw tables, with ids that are numbers, the images, and where exports go."""

    database: Database
    folder: Path
    workers: Workers
    dbt_target: Path
    scans: list[Scan] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    options: ExportOptions = field(default_factory=ExportOptions)
    rule: Rule = RULE
    variables: dict[str, object] = field(default_factory=dict)
    """Of the dbt project, where they are not as its file has them."""

    @property
    def place(self) -> Place:
        return open_place(self.folder / "export", load_settings(), create=True)

    @property
    def store(self) -> Place:
        return open_place(self.folder / "images", load_settings())

    @property
    def version(self) -> str:
        """The id of the current version."""
        return current_id(self.place) or ""

    def add_study(self, number: int, *, readers: tuple[int, ...] = (1, 2)) -> None:
        """A study of four scans whose readers all call malignant masses true, and draw one each."""
        for scan in range(number * 10, number * 10 + 4):
            self.image(f"{scan}.png", scan)
            self.scans.append(Scan(scan, number, f"{scan}.png", f"{scan}.png", 80, 60))
            for reader in readers:
                self.read(scan * 10 + reader, scan, reader)

    def read(self, annotation: int, scan: int, reader: int, *, x: int = 10, says: bool = True) -> None:
        boxes = [{"comment": PATTERNS[MASS], "mark": {"x": x, "y": 20, "width": 15, "height": 12}}]
        labels = tuple(label == MASS and says for label in LABELS)
        self.annotations.append(Annotation(annotation, scan, reader, json.dumps(boxes), labels, None))

    def unread(self, annotation: int) -> None:
        """Delete an annotation."""
        self.annotations = [one for one in self.annotations if one.id != annotation]

    def change(self, annotation: int, **changed: object) -> None:
        self.annotations = [replace(one, **changed) if one.id == annotation else one for one in self.annotations]

    def image(self, name: str, seed: int) -> None:
        path = self.folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(seed, width=60, height=80))

    def write(self) -> None:
        """Bring the raw tables up to date."""
        write(self.database, DJANGO, map(DJANGO.scan, self.scans), map(DJANGO.annotation, self.annotations))

    def build(self, run_id: str = "run") -> ExportReport:
        """What a build does, but for tests of the models and for pictures."""
        self.write()
        made(self.database, self.dbt_target, {"as_of": "latest", **self.variables})
        return self.export(run_id)

    def export(self, run_id: str = "run") -> ExportReport:
        """Export what the models hold."""
        scans = self.folder / "scans"
        retrieve_scans(self.database, self.store, scans, run_id=run_id)
        return export(
            self.database,
            self.place,
            options=self.options,
            rule=self.rule,
            store=self.store,
            scans_folder=scans,
            workers=self.workers,
            run_id=run_id,
        )

    def rebuild(self, version: str, name: str) -> tuple[RebuildReport, Path]:
        """Build a version again; what became of it, and the folder of the generation that was made."""
        destination = open_place(self.folder / name, load_settings(), create=True)
        report = rebuild(
            self.database,
            find_record(self.database, version, self.place.url),
            read_version(self.place, version),
            destination,
            store=self.store,
            scans_folder=self.folder / "scans",
            dbt_target=self.dbt_target / "rebuild",
            workers=self.workers,
            run_id="rebuild",
        )
        return report, self.folder / name / "generations" / report.made

    def files(self, generation: Path) -> dict[str, bytes]:
        """Every file of a generation."""
        paths = (path for path in generation.rglob("*") if path.is_file())
        return {path.relative_to(generation).as_posix(): path.read_bytes() for path in paths}

    def published(self, version: str) -> dict[str, bytes]:
        """Every file of a version as it was published."""
        return self.files(self.folder / "export" / "generations" / version)
