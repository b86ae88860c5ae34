"""What an export adds to a build of 2,000 findings, what one without changes takes, and what a second one costs.

The findings lie on 500 scans of 3328 x 4096 pixels, each with all four labels; the dearest case is measured too, 500
findings on 500 scans, where each picture needs a clean image of its own. The scans are here already, and no models are
built: beside drawing alone the share is the largest that it can be. 15 GB of the temporary folder are used.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from benchmarks.drawing import mammogram
from benchmarks.flow_setting import WORKERS, database_server, fill_mart
from benchmarks.report import Row
from orchestration.database import Database
from orchestration.imaging import encode_samples
from orchestration.labels import LABELS
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.training_set.export.exporting import ExportReport, export, export_workers
from orchestration.training_set.export.selection import ExportOptions
from orchestration.training_set.export.splits import Rule
from orchestration.training_set.label_folder import build_label_folder, drawing_workers
from orchestration.training_set.manifest import write_manifest
from orchestration.training_set.scans import retrieve_scans
from tests.contracts import make_export_tables

SCANS = 500
CHANGED = SCANS // 100
RULE = Rule("doubleread", (0.7, 0.15, 0.15))


@dataclass(frozen=True)
class Build:
    """A filled mart, the store of its images, and folders that are still empty."""

    database: Database
    images: Path
    folder: Path

    @property
    def destination(self) -> Path:
        """Where exports go."""
        return self.folder / "training_set" / "export"

    def retrieve(self) -> None:
        """Bring all images here, which is not measured."""
        store = open_place(self.images, load_settings())
        assert retrieve_scans(self.database, store, self.folder / "scans", run_id="run").failures.count == 0

    def draw(self) -> float:
        """Seconds that the label folders and the manifest take."""
        start = time.perf_counter()
        with drawing_workers(WORKERS) as workers:
            for label in LABELS:
                report = build_label_folder(
                    self.database,
                    label=label,
                    store_url=self.images.as_uri(),
                    training_set=self.folder / "training_set",
                    workers=workers,
                    run_id="run",
                )
                assert report.failures.count == 0
        write_manifest(self.database, self.folder / "training_set")
        return time.perf_counter() - start

    def export(self) -> tuple[float, ExportReport]:
        """Seconds that an export takes, and what it did."""
        settings = load_settings()
        start = time.perf_counter()
        with export_workers(WORKERS) as workers:
            report = export(
                self.database,
                open_place(self.destination, settings, create=True),
                options=ExportOptions(),
                rule=RULE,
                store=open_place(self.images, settings),
                scans_folder=self.folder / "scans",
                workers=workers,
                run_id="run",
            )
        assert report.failures.count == 0
        return time.perf_counter() - start, report


def run() -> list[Row]:
    """Every row about exports."""
    with tempfile.TemporaryDirectory(prefix="dr-") as name, database_server(Path(name) / "pg") as server:
        folder = Path(name)
        names = write_images(folder / "images", range(SCANS))
        with build(server, folder, "one", names, LABELS[:1]) as dearest:
            rows, _ = share_of_a_build(dearest, SCANS)
        with build(server, folder, "four", names, LABELS) as usual:
            more, drawing = share_of_a_build(usual, len(LABELS) * SCANS)
            return [*rows, *more, *data_card(usual), *second_generation(usual, drawing)]


def share_of_a_build(project: Build, findings: int) -> tuple[list[Row], float]:
    """The export beside drawing, first and with nothing changed; and the seconds of the first drawing."""
    project.retrieve()
    drawing = project.draw()
    exporting, report = project.export()
    assert report.images_made == SCANS
    name = f"export of {findings:,} findings on {SCANS} scans"
    again_drawing = project.draw()
    again, unchanged = project.export()
    assert not unchanged.changed
    rows = [
        Row(name, "drawing", drawing, "s"),
        Row(name, "export", exporting, "s", drawing / exporting, "drawing", "at least 4 (a quarter)"),
        Row(name, "drawing again", again_drawing, "s"),
        Row(name, "export again", again, "s", exporting / again, "export", "nothing"),
    ]
    return rows, drawing


def data_card(project: Build) -> list[Row]:
    """What the pages of the card take, with thumbnails that are kept and with new ones, beside what else there is."""
    unchanged, _ = project.export()
    seconds = []
    for thumbnails in ("kept", "new"):
        with project.database.connect() as connection:
            connection.execute("delete from doubleread.thumbnails where %s", [thumbnails == "new"])
        (project.destination / "current" / "index.html").write_bytes(b"")
        anew, report = project.export()
        assert report.changed
        seconds.append(anew - unchanged)
    kept, new = seconds
    name = f"data card of {len(LABELS) * SCANS:,} findings"
    return [
        Row(name, "nothing changed", unchanged, "s"),
        Row(name, "pages anew, beyond that", kept, "s", unchanged / kept, "nothing changed"),
        Row(name, "pages and thumbnails, beyond that", new, "s", unchanged / new, "nothing changed", "at most 2 s"),
    ]


def second_generation(project: Build, first_drawing: float) -> list[Row]:
    """A generation of which 1 % changed: seconds and bytes, as the file system counts them, beside the first one's."""
    first_bytes = bytes_used(project.destination)
    whole = Build(project.database, project.images, project.folder / "whole")
    (whole.folder / "scans").parent.mkdir()
    (whole.folder / "scans").symlink_to(project.folder / "scans")
    first, _ = whole.export()
    write_images(project.images, range(CHANGED), seed=1)
    project.retrieve()
    drawing = project.draw()
    second, report = project.export()
    assert report.images_made == CHANGED
    bytes_added = bytes_used(project.destination) - first_bytes
    name = f"second generation, {CHANGED} of {SCANS} scans changed"
    target = "at least 20 (5 %)"
    return [
        Row(name, "export", second, "s", first / second, "the first one", target),
        Row(
            name,
            "drawing and export",
            drawing + second,
            "s",
            (first_drawing + first) / (drawing + second),
            "the first ones",
            target,
        ),
        Row(name, "megabytes", bytes_added / 1e6, "MB", first_bytes / bytes_added, "the first one", target),
    ]


@contextmanager
def build(server: Database, folder: Path, name: str, images: Sequence[str], labels: Sequence[str]) -> Iterator[Build]:
    """A database of its own whose marts want each image for each label, and folders for what is made of them."""
    with server.connect() as connection:
        connection.autocommit = True
        connection.execute(f"create database {name}".encode())
    database = Database({**server.libpq_environment, "PGDATABASE": name})
    fill_mart(database, images, labels)
    with database.connect() as connection:
        make_export_tables(connection)
        connection.execute(
            "insert into marts.trainable_scans "
            "select distinct scan_id, scan_id, null, png_image, 'finding', '[]'::jsonb "
            "from marts.double_matched_findings"
        )
    (folder / name).mkdir()
    yield Build(database, folder / "images", folder / name)


def write_images(folder: Path, numbers: Sequence[int], seed: int = 0) -> list[str]:
    """Mammograms of which no two are the same; their names."""
    folder.mkdir(exist_ok=True)
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        parts = [(folder, list(numbers[part::WORKERS]), seed) for part in range(WORKERS)]
        return sorted(name for names in pool.map(_write, parts) for name in names)


def _write(part: tuple[Path, list[int], int]) -> list[str]:
    folder, numbers, seed = part
    bases = [mammogram(brightest=brightest, seed=seed) for brightest in (220, 255)]
    names = []
    for number in numbers:
        image = np.array(bases[number % 2])
        image[number % len(image), :16] = seed + 1
        image[(7 * number) % len(image), 16:32] = number % 200
        names.append(f"{number:05d}.png")
        (folder / names[-1]).write_bytes(encode_samples(image))
    return names


def bytes_used(folder: Path) -> int:
    """The bytes of a folder's files, each counted once however many links it has."""
    files = (path.stat(follow_symlinks=False) for path in folder.rglob("*"))
    return sum({(status.st_dev, status.st_ino): status.st_blocks * 512 for status in files}.values())
