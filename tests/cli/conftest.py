"""The command as a person runs it, and small data for it."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest
from PIL import Image

from orchestration.database import Database
from orchestration.database.embedded import server_package
from orchestration.labels import LABELS
from orchestration.transformations import FROM_HISTORY
from tests.cases.clinic import Clinic, clinic_at
from tests.conftest import TEST_DATABASE
from tests.dbt.project import dbt
from tests.services.azurite import Azurite

DOUBLEREAD = Path(sys.executable).parent / "doubleread"
COMMENTS = dict(zip(LABELS, ["Ben. Calc", "Mal. Calc", "Ben. Mass", "Mal. Mass"], strict=True))
SECONDS = 600


@dataclass
class Home:
    """A folder that the command runs in, with settings of its own."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "TMPDIR", "HOME"}}
        return kept | {"COLUMNS": "200", "PYTHONWARNINGS": "error::ResourceWarning"} | self.settings

    def run(self, *arguments: str, status: int | None = 0) -> "subprocess.CompletedProcess[str]":
        """Run ``doubleread`` to its end and compare its exit status."""
        result = subprocess.run(
            [DOUBLEREAD, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert status is None or result.returncode == status, result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
        return result

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start ``doubleread`` and leave it running."""
        return subprocess.Popen(
            [DOUBLEREAD, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def training_set(self) -> Path:
        return self.folder / "training_set"

    def pictures(self) -> dict[str, bytes]:
        """Every picture under its final name."""
        paths = (path for label in LABELS for path in (self.training_set / label).glob("*"))
        return {path.relative_to(self.training_set).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="session")
def parsed_project(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dbt parsed for the databases of tests, once for each worker."""
    folder = tmp_path_factory.mktemp("parsed")
    parsed = dbt(
        Database({**database_server.libpq_environment, "PGDATABASE": TEST_DATABASE}), folder, "parse", *FROM_HISTORY
    )
    assert parsed.returncode == 0, parsed.output
    return folder


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """An empty folder with a short path (a Unix socket's may have 107 bytes); its server is stopped at the end."""
    home = Home(tmp_path_factory.mktemp("h"))
    yield home
    stop_embedded_server(home.folder / ".doubleread" / "postgres")


def stop_embedded_server(folder: Path) -> None:
    """Stop a server that a killed command left running."""
    pid_file = folder / "postmaster.pid"
    if pid_file.exists():
        server_package().get_server(folder, postgres_version=16).cleanup()


@pytest.fixture
def own(home: Home, database: Database, parsed_project: Path) -> Home:
    """A home whose annotation database is a server of one's own, for which dbt need not parse the project anew."""
    home.settings |= database.libpq_environment
    shutil.copytree(parsed_project, home.folder / ".doubleread" / "dbt")
    return home


@pytest.fixture
def clinic(azure: Azurite, own: Home) -> Iterator[Clinic]:
    """An account that the settings of the home name."""
    with clinic_at(azure) as clinic:
        own.settings |= clinic.settings(azure)
        yield clinic


@pytest.fixture
def write_studies(tmp_path: Path) -> Callable[..., Path]:
    """Write raw tables and images of so many studies; return the folder that ``load`` takes."""
    return lambda studies, **size: write_data(tmp_path / "data", studies, **size)


def write_data(folder: Path, studies: int, *, width: int = 60, height: int = 80) -> Path:
    """Raw tables and images of studies whose two readers both see malignant masses."""
    scans, annotations = [], []
    for study in range(1, studies + 1):
        for view in range(4):
            scan = study * 10 + view
            path = folder / "blobs" / "mmg" / f"{study:04d}" / f"{view}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(grey_png(scan, width, height))
            scans.append([scan, study, path.relative_to(folder / "blobs").as_posix(), path.name, height, width, 0, 0])
            for reader in ("U1", "U2"):
                mark = {"x": 10, "y": 30, "width": width // 3, "height": height // 3}
                boxes = json.dumps([{"comment": COMMENTS[LABELS[3]], "mark": mark}])
                said = [False, False, False, True]
                annotations.append([len(annotations) + 1, scan, reader, boxes, *said, "2024-01-01T08:00:00+00:00"])
    columns = "id,mmg_study_id,png_image,file_name,rows,columns,pixel_spacing_row,pixel_spacing_column"
    write_csv(folder / "mmgscans_mmgscan.csv", columns, scans)
    columns = f"id,mmg_scan_id,user_id,annotation_bboxes,{','.join(LABELS)},created_at"
    write_csv(folder / "mmgscans_mmgscanannotation.csv", columns, annotations)
    return folder


def write_csv(path: Path, header: str, rows: list[list[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])


def grey_png(seed: int, width: int, height: int) -> bytes:
    data = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 200, (height, width), dtype=np.uint8)
    Image.fromarray(pixels).save(data, "PNG", compress_level=1)
    return data.getvalue()


def rows(settings: dict[str, str], query: str) -> list[tuple[object, ...]]:
    """What a query on a database of one's own gives."""
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    with psycopg.connect(**{names[name]: value for name, value in settings.items() if name in names}) as connection:
        return connection.execute(query).fetchall()
