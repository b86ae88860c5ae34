"""The main job from end to end, as a person runs it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from orchestration.database import Database
from orchestration.labels import LABELS
from tests.cli.conftest import Home, rows
from tests.services.azurite import Azurite
from tests.services.s3 import S3
from tests.stores.conftest import new_container

MASS = LABELS[3]
Studies = Callable[..., Path]


@pytest.fixture
def own(home: Home, database: Database) -> Home:
    """A home whose annotation database is a server of one's own, which saves half a second a command."""
    return replace(home, settings=dict(database.libpq_environment))


@pytest.fixture(scope="session")
def mammograms(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four real studies, unpacked."""
    folder = tmp_path_factory.mktemp("mammograms")
    subprocess.run([sys.executable, shared_data / "mammograms" / "unpack.py", folder], check=True)
    return folder


def assert_the_28_findings(home: Home, data: Path) -> None:
    """The four real studies have 28 double-matched findings, by the docstring of what unpacks them."""
    pictures = home.pictures()
    per_label = {label: sum(path.startswith(label) for path in pictures) for label in LABELS}
    assert per_label == dict(zip(LABELS, [8, 4, 8, 8], strict=True))
    assert pq.read_table(home.training_set / "manifest.parquet").num_rows == 28
    for path in pictures:
        scan = int(Path(path).stem)
        source = next((data / "blobs" / "mmg" / f"{scan // 10:04d}").glob(f"{VIEWS[scan % 10]}.png"))
        with Image.open(source) as image, Image.open(home.training_set / path) as picture:
            grey, drawn = np.asarray(image), np.asarray(picture.convert("RGB"))
        same = (drawn == grey[..., None]).all(axis=2)
        assert 0.85 < same.mean() < 1, "most of the picture is the scan, and something is drawn"


VIEWS = ["L__CC", "L__MLO", "R__CC", "R__MLO"]


def test_without_any_setting_real_studies_become_exactly_their_28_pictures(home: Home, mammograms: Path) -> None:
    home.run("load", str(mammograms))
    result = home.run("build")
    assert_the_28_findings(home, mammograms)
    assert "has_malign_mass" in result.stdout
    assert str(home.training_set) in result.stdout


def test_the_same_with_the_images_in_azure_named_by_a_connection_string(
    own: Home, mammograms: Path, azure: Azurite
) -> None:
    own.settings["AZURE_STORAGE_CONNECTION_STRING"] = azure.connection_string
    own.settings["AZURE_STORAGE_CONTAINER_NAME"] = new_container(azure)
    own.run("load", str(mammograms))
    own.run("build")
    assert_the_28_findings(own, mammograms)
    everything = b"".join(path.read_bytes() for path in own.folder.rglob("*") if path.is_file())
    assert azure.account_key.encode() not in everything, "no file holds the key"


def test_the_same_with_the_images_in_s3(own: Home, mammograms: Path, s3_server: S3) -> None:
    s3_server.create_bucket("training")
    own.settings |= {
        "DOUBLEREAD_IMAGES": "s3://training/some/prefix",
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_REGION": s3_server.region,
        "AWS_ENDPOINT_URL": s3_server.endpoint,
    }
    own.run("load", str(mammograms))
    own.run("build")
    assert_the_28_findings(own, mammograms)


def test_real_readings_without_their_images_give_their_3784_findings_each_failed_by_name(
    own: Home, shared_data: Path
) -> None:
    own.run("load", str(shared_data / "lidc-readings"))
    result = own.run("build", status=1)
    counts = dict(rows(own.settings, "select label, count(*) from marts.double_matched_findings group by label"))
    assert counts == {label: 4 * studies for label, studies in zip(LABELS, [153, 1, 436, 356], strict=True)}
    rejected = dict(rows(own.settings, "select label, count(*) from marts.rejected_findings group by label"))
    assert rejected == dict(zip(LABELS, [95, 9, 269, 215], strict=True))
    assert "3,784 findings without a picture" in result.stdout
    assert "not in the store (404)" in result.stdout
    assert own.pictures() == {}


def test_one_bad_image_of_each_kind_fails_by_name_and_the_rest_is_done(own: Home, write_studies: Studies) -> None:
    data = write_studies(3)
    blobs = data / "blobs" / "mmg" / "0001"
    (blobs / "0.png").unlink()
    (blobs / "1.png").write_text("<html><body>503 Service Unavailable</body></html>")
    (blobs / "2.png").write_bytes((blobs / "3.png").read_bytes()[:-400])
    own.run("load", str(data))
    result = own.run("build", status=1)
    assert len(own.pictures()) == 9
    for scan in (10, 11, 12):
        assert f"{MASS}/{scan}: " in result.stdout
    shutil.copy(blobs / "3.png", blobs / "0.png")
    shutil.copy(blobs / "3.png", blobs / "1.png")
    shutil.copy(blobs / "3.png", blobs / "2.png")
    own.run("load", str(data))
    own.run("build")
    assert len(own.pictures()) == 12


def test_a_second_build_changes_no_file(own: Home, write_studies: Studies) -> None:
    own.run("load", str(write_studies(2)))
    own.run("build")
    before = {path: path.stat().st_mtime_ns for path in own.training_set.rglob("*.p*")}
    own.run("build")
    assert {path: path.stat().st_mtime_ns for path in own.training_set.rglob("*.p*")} == before


def test_a_path_that_leaves_the_store_is_refused_by_name(own: Home, write_studies: Studies) -> None:
    data = write_studies(1)
    table = data / "mmgscans_mmgscan.csv"
    table.write_text(table.read_text().replace("mmg/0001/0.png", "../../../etc/passwd"))
    own.run("load", str(data))
    result = own.run("build", status=1)
    assert "../../../etc/passwd: refused: the path holds an empty part, '.' or '..'" in result.stdout
    assert len(own.pictures()) == 3
