"""A hospital's studies with words planted in every place, built once; what was said and left behind is searched."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psycopg
import pytest

from orchestration.database import Database
from orchestration.labels import LABELS
from tests.cases.clinic import Clinic, clinic_at
from tests.cli.conftest import COMMENTS, Home, home, write_csv
from tests.conftest import TEST_DATABASE
from tests.privacy.planting import Words, damaged, dicom, jpeg, png
from tests.services.azurite import Azurite

__all__ = ["home"]  # a fixture of the room beside

MASS = LABELS[3]
PLACE_OF_PATHS = "path of an image in the store"


@pytest.fixture
def own(home: Home, database: Database) -> Home:
    """A home whose database is a server of one's own."""
    home.settings |= database.libpq_environment
    return home


@pytest.fixture
def clinic(azure: Azurite, own: Home) -> Iterator[Clinic]:
    """An account that the settings of the home name."""
    with clinic_at(azure) as clinic:
        own.settings |= clinic.settings(azure)
        yield clinic


@dataclass
class Hospital:
    """A home whose inputs hold words, the words by their place, and all that the commands said."""

    home: Home
    words: Words
    said: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """Run a command and keep what it said."""
        result = self.home.run(*arguments, status=status)
        self.said[" ".join(arguments)] = result.stdout + result.stderr
        return result.stdout + result.stderr

    def planted(self, *, but: tuple[str, ...] = ()) -> list[str]:
        """The words, but for those of some places."""
        return [word for place, word in self.words.planted.items() if not place.startswith(but or ("\0",))]


@pytest.fixture(scope="module")
def planted(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Studies of every format were loaded, built, exported and verified; some images could not be used."""
    home = Home(tmp_path_factory.mktemp("h"))
    hospital = Hospital(home, Words())
    database = Database({**database_server.libpq_environment, "PGDATABASE": TEST_DATABASE})
    with psycopg.connect(**_names(database_server), autocommit=True) as connection:
        connection.execute(f"create database {TEST_DATABASE}")
    home.settings |= database.libpq_environment
    _plant_secrets(hospital)
    _plant_studies(hospital, home.folder / "data")
    hospital.run("load", "data")
    with psycopg.connect(**_names(database), autocommit=True) as connection:
        connection.execute("alter table mmgscans_mmgscan add column patient_name text")
        name = hospital.words.word("column of the raw table that nothing reads")
        connection.execute("update mmgscans_mmgscan set patient_name = %s", [name])
    hospital.run("build", status=1)
    hospital.run("export", "--webdataset", "--bits", "16", "--reports", status=1)
    hospital.run("verify", "training_set")
    hospital.run("versions")
    hospital.run("why", "scan:30", status=None)
    hospital.run("why", f"{MASS}/10.png", "--json", status=None)
    hospital.run("why-not", "4", status=None)
    _load_what_is_wrong(hospital)
    yield hospital
    with psycopg.connect(**_names(database_server), autocommit=True) as connection:
        connection.execute(f"drop database {TEST_DATABASE} with (force)")


def _names(database: Database) -> dict[str, str]:
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGDATABASE": "dbname"}
    return {name: database.libpq_environment[variable] for variable, name in names.items()}


def _plant_secrets(hospital: Hospital) -> None:
    """Secrets in the environment and in .env; those that no server here compares are never refused."""
    word = hospital.words.word
    hospital.home.settings |= {
        "PGPASSWORD": word("PGPASSWORD"),
        "AWS_SECRET_ACCESS_KEY": word("AWS_SECRET_ACCESS_KEY", 40),
        "AWS_SESSION_TOKEN": word("AWS_SESSION_TOKEN", 40),
        "DOUBLEREAD_SECRET_KEY": word("DOUBLEREAD_SECRET_KEY", 60),
        "DOUBLEREAD_IMAGES": (hospital.home.folder / "store").as_uri(),
    }
    (hospital.home.folder / ".env").write_text(
        f"AZURE_STORAGE_ACCOUNT_NAME=hospital\n"
        f"AZURE_STORAGE_ACCOUNT_KEY={hospital.words.base64('AZURE_STORAGE_ACCOUNT_KEY')}\n"
        f"SOME_TOKEN={word('.env')}\n"
    )


def _plant_studies(hospital: Hospital, folder: Path) -> None:
    """Four studies of four scans: PNG, JPEG, DICOM, and images that can't be read."""
    words = hospital.words
    scans: list[list[object]] = []
    annotations: list[list[object]] = []
    for study in range(1, 5):
        for view in range(4):
            scan = study * 10 + view
            where = words.word(f"{PLACE_OF_PATHS} {study}")
            path = folder / "blobs" / where / f"{view}.dat"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_image(words, study, view))
            name = words.word(f"file_name {scan}")
            scans.append([scan, study, path.relative_to(folder / "blobs").as_posix(), name, 80, 60, 0.07, 0.08])
            for reader in ("U1", "U2"):
                boxes = _unreadable_boxes(words, scan) if view == 3 and reader == "U2" else _boxes(words, scan)
                annotations.append([len(annotations) + 1, scan, reader, boxes, *_MASS, _TIME])
    columns = "id,mmg_study_id,png_image,file_name,rows,columns,pixel_spacing_row,pixel_spacing_column"
    write_csv(folder / "mmgscans_mmgscan.csv", columns, scans)
    columns = f"id,mmg_scan_id,user_id,annotation_bboxes,{','.join(LABELS)},created_at"
    write_csv(folder / "mmgscans_mmgscanannotation.csv", columns, annotations)


_MASS = (False, False, False, True)
_TIME = "2024-01-01T08:00:00+00:00"


def _load_what_is_wrong(hospital: Hospital) -> None:
    """Tables with a value that has not its column's type, or a value too many."""
    scans = (hospital.home.folder / "data" / "mmgscans_mmgscan.csv").read_text()
    for kind, old, new in (("number", ",80,60,", ",{},60,"), ("row", "\n10,", "\n10,{},")):
        folder = hospital.home.folder / f"wrong {kind}"
        shutil.copytree(hospital.home.folder / "data", folder)
        word = hospital.words.word(f"table with a wrong {kind}")
        (folder / "mmgscans_mmgscan.csv").write_text(scans.replace(old, new.format(word), 1))
        hospital.run("load", folder.name, status=2)


def _boxes(words: Words, scan: int) -> str:
    """A box whose comment names a finding and somebody."""
    comment = f"{COMMENTS[MASS]} {words.word(f'comment of a box {scan}')}"
    mark = {"x": 10, "y": 30, "width": 20, "height": 20, "type": words.word(f"type of a mark {scan}")}
    return json.dumps([{"id": words.word(f"id of a box {scan}"), "comment": comment, "mark": mark}])


def _unreadable_boxes(words: Words, scan: int) -> str:
    """What no reader of JSON or of boxes can use, of another kind for each study."""
    word = words.word(f"boxes that can't be read {scan}")
    return (
        f'[{{"comment": "{word}',
        f'[{{"mark": {{"x": "{word}", "y": 1, "width": 2, "height": 3}}}}]',
        f'{{"{word}": 1}}',
        word,
    )[scan // 10 % 4]


def _image(words: Words, study: int, view: int) -> bytes:
    pixels = np.random.default_rng(10 * study + view).integers(0, 200, (80, 60), np.uint8)
    match study:
        case 1:
            return png(words, f"PNG {view}", pixels)
        case 2:
            return jpeg(words, f"JPEG {view}", pixels)
        case 3:
            return dicom(words, f"DICOM {view}", pixels.astype(np.uint16) * 16)
        case _:
            return damaged(words, f"damaged {view} {'DICOM' if view % 2 else 'PNG'}")
