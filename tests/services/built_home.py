"""A home in which the main job ran once over one study of each kind, for tests that only ask."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from psycopg import sql

from orchestration.database import Database
from orchestration.labels import LABELS
from orchestration.settings import Settings
from tests.cli.conftest import Home, grey_png, write_csv

BENIGN_MASS, MASS = LABELS[2], LABELS[3]
DATABASE = "doubleread_asked"  # beside the databases that each test has for itself
NAME = "Mary^Patient"  # of a patient: in comments and file names, never in an answer
EARLY, LATE = "2024-01-01T08:00:00+00:00", "2024-01-02T09:30:00+00:00"
SIZE = (60, 80)

VIEWS = (0, 1, 2, 3)


@dataclass
class BuiltHome(Home):
    """A home whose database is a server of one's own."""

    @property
    def database(self) -> Database:
        return Database(self.settings)

    @property
    def typed(self) -> Settings:
        """Its settings as the program reads them."""
        values = {name.lower(): value for name, value in self.settings.items()}
        return Settings(
            _env_file=None,
            doubleread_home=self.folder / ".doubleread",
            doubleread_training_set=self.training_set,
            **values,
        )


class RawRows:
    """Rows of the raw tables, written a reading at a time."""

    def __init__(self) -> None:
        self.scans: list[list[object]] = []
        self.annotations: list[list[object]] = []

    def study(self, study: int, views: Sequence[int] = VIEWS) -> None:
        """A study with so many scans; a scan's id is ten times the study's and the view."""
        for view in views:
            scan = 10 * study + view
            self.scans.append([scan, study, f"mmg/{study:04d}/{view}.png", f"{NAME}.png", SIZE[1], SIZE[0], 0, 0])

    def reading(self, study: int, reader: str, true: Sequence[int], views: Sequence[int] = VIEWS) -> None:
        """What a reader says of a study: the mass is true on some of the views."""
        for view in views:
            comment = f"{NAME}: mal. MASS" if reader == "U1" else NAME
            self.annotate(10 * study + view, reader, is_true=view in true, comment=comment, created_at=LATE)

    def annotate(self, scan: int, reader: str, *, is_true: bool, comment: str, created_at: str) -> None:
        mark = {"x": 10, "y": 30.5, "width": 20, "height": 25}
        boxes = json.dumps([{"comment": comment, "mark": mark}] if is_true else [])
        said = [False, False, False, is_true]
        self.annotations.append([len(self.annotations) + 1, scan, reader, boxes, *said, created_at])


def one_study_of_each_kind() -> RawRows:
    """1: accepted, against a third reader; 2: disagreed; 3: incomplete reading; 4: three scans; 5: nobody calls it;

    6: accepted, two images can't be used; 7: true on two scans only; 8: one reader; 10: as 5, and the id of a scan.
    """
    raw = RawRows()
    for study in (1, 2, 3, 5, 6, 7, 8, 10):
        raw.study(study)
    raw.study(4, views=(0, 1, 2))
    raw.annotate(10, "U1", is_true=False, comment="", created_at=EARLY)
    for study in (1, 2, 3, 4, 6, 7, 8):
        raw.reading(study, "U1", VIEWS, VIEWS if study != 4 else (0, 1, 2))
    raw.reading(1, " u2", VIEWS)
    raw.reading(1, "U3", ())
    raw.reading(2, "U2", ())
    raw.reading(3, "U2", VIEWS, views=(0, 1, 2))
    raw.reading(4, "U2", VIEWS, views=(0, 1, 2))
    raw.reading(6, "U2", VIEWS)
    raw.reading(7, "U2", (0, 1))
    for study in (5, 10):
        raw.reading(study, "U1", ())
        raw.reading(study, "U2", ())
    return raw


def write_raw(raw: RawRows, folder: Path) -> Path:
    """The folder that ``load`` takes; of study 6 one image is missing and one damaged."""
    for scan, _, path, *_ in raw.scans:
        image = folder / "blobs" / str(path)
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(grey_png(int(str(scan)), *SIZE))
    (folder / "blobs" / "mmg" / "0006" / "0.png").unlink()
    (folder / "blobs" / "mmg" / "0006" / "1.png").write_text("<html>503</html>")
    columns = "id,mmg_study_id,png_image,file_name,rows,columns,pixel_spacing_row,pixel_spacing_column"
    write_csv(folder / "mmgscans_mmgscan.csv", columns, raw.scans)
    columns = f"id,mmg_scan_id,user_id,annotation_bboxes,{','.join(LABELS)},created_at"
    write_csv(folder / "mmgscans_mmgscanannotation.csv", columns, raw.annotations)
    return folder


@pytest.fixture(scope="session")
def built_home(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BuiltHome]:
    """Tests that change something put it back."""
    name = sql.Identifier(DATABASE)
    with database_server.connect() as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("create database {}").format(name))
    settings = {**database_server.libpq_environment, "PGDATABASE": DATABASE}
    home = BuiltHome(tmp_path_factory.mktemp("asked"), settings)
    home.run("load", str(write_raw(one_study_of_each_kind(), home.folder / "data")))
    home.run("build", status=1)
    yield home
    with database_server.connect() as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def changed_rows(built_home: BuiltHome) -> Iterator[Callable[..., None]]:
    """Run statements on the raw tables, and put the rows back at the end."""
    tables = ("public.mmgscans_mmgscan", "public.mmgscans_mmgscanannotation")
    with built_home.database.connect() as connection:
        kept = {}
        for table in tables:
            with connection.cursor().copy(f"copy {table} to stdout".encode()) as copy:
                kept[table] = b"".join(copy)
    yield lambda statement, *values: _execute(built_home.database, statement, values)
    with built_home.database.connect() as connection:
        for table, rows in kept.items():
            connection.execute(f"delete from {table}".encode())
            with connection.cursor().copy(f"copy {table} from stdin".encode()) as copy:
                copy.write(rows)


def _execute(database: Database, statement: str, values: Sequence[object]) -> None:
    with database.connect() as connection:
        connection.execute(statement.encode(), values)
