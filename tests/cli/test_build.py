"""The main job from end to end, as a person runs it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from orchestration.labels import LABELS
from tests.cli.conftest import Home, rows
from tests.conftest import TEST_DATABASE
from tests.services.azurite import Azurite
from tests.services.s3 import S3

MASS = LABELS[3]
Studies = Callable[..., Path]


@pytest.fixture(scope="session")
def mammograms(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four real studies, unpacked."""
    folder = tmp_path_factory.mktemp("mammograms")
    subprocess.run([sys.executable, shared_data / "mammograms" / "unpack.py", folder], check=True)
    return folder


VIEWS = ["L__CC", "L__MLO", "R__CC", "R__MLO"]


def assert_drawn(picture: Path, source: Path) -> None:
    """Most of the picture is the scan, and something is drawn."""
    with Image.open(source) as image, Image.open(picture) as drawn:
        same = (np.asarray(drawn.convert("RGB")) == np.asarray(image)[..., None]).all(axis=2)
    assert 0.85 < same.mean() < 1


def test_without_any_setting_real_studies_become_exactly_their_28_pictures(home: Home, mammograms: Path) -> None:
    """The four real studies have 28 double-matched findings, by the docstring of what unpacks them."""
    home.run("load", str(mammograms))
    result = home.run("build")
    pictures = home.pictures()
    per_label = {label: sum(path.startswith(label) for path in pictures) for label in LABELS}
    assert per_label == dict(zip(LABELS, [8, 4, 8, 8], strict=True))
    assert pq.read_table(home.training_set / "manifest.parquet").num_rows == len(pictures) == 28
    for path in pictures:
        scan = int(Path(path).stem)
        source = mammograms / "blobs" / "mmg" / f"{scan // 10:04d}" / f"{VIEWS[scan % 10]}.png"
        assert_drawn(home.training_set / path, source)
    assert "has_malign_mass" in result.stdout
    assert str(home.training_set) in result.stdout


def load_and_build_one_study(home: Home, data: Path) -> None:
    """Four pictures, each drawn from its own scan."""
    home.run("load", str(data))
    home.run("build")
    assert home.pictures().keys() == {f"{MASS}/{scan}.png" for scan in range(10, 14)}
    for view in range(4):
        assert_drawn(home.training_set / MASS / f"{10 + view}.png", data / "blobs" / "mmg" / "0001" / f"{view}.png")


def test_images_in_azure_are_reached_by_a_connection_string(own: Home, write_studies: Studies, azure: Azurite) -> None:
    own.settings["AZURE_STORAGE_CONNECTION_STRING"] = azure.connection_string
    own.settings["AZURE_STORAGE_CONTAINER_NAME"] = azure.create_container()
    load_and_build_one_study(own, write_studies(1, width=600, height=800))
    files = [path.read_bytes() for path in own.folder.rglob("*") if path.is_file()]
    assert any(TEST_DATABASE.encode() in content for content in files), "some files hold other settings"
    assert not any(azure.account_key.encode() in content for content in files), "no file holds the key"


def test_images_in_s3_are_reached_by_the_usual_variables_and_a_second_build_makes_nothing_anew(
    own: Home, write_studies: Studies, s3_server: S3
) -> None:
    s3_server.create_bucket("training")
    own.settings |= {
        "DOUBLEREAD_IMAGES": "s3://training/some/prefix",
        "AWS_ACCESS_KEY_ID": s3_server.access_key,
        "AWS_SECRET_ACCESS_KEY": s3_server.secret_key,
        "AWS_REGION": s3_server.region,
        "AWS_ENDPOINT_URL": s3_server.endpoint,
    }
    load_and_build_one_study(own, write_studies(1, width=600, height=800))
    before = {path: path.stat().st_mtime_ns for path in own.training_set.rglob("*") if path.is_file()}
    assert len(own.pictures()) == 4
    tables = "select oid, relfilenode from pg_class where relname = 'double_matched_findings'"
    mart = rows(own.settings, tables)
    own.run("build")
    assert {path: path.stat().st_mtime_ns for path in own.training_set.rglob("*") if path.is_file()} == before
    assert rows(own.settings, tables) == mart, "dbt had nothing to do"
    rows(own.settings, "delete from mmgscans_mmgscanannotation where user_id::text = (select min(user_id::text) from "
         "mmgscans_mmgscanannotation) returning id")  # fmt: skip
    own.run("build")
    assert own.pictures() == {}


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
    table = data / "mmgscans_mmgscan.csv"
    scans = table.read_text()
    table.write_text(scans.replace("mmg/0002/0.png", "../../../etc/passwd"))
    blobs = data / "blobs" / "mmg" / "0001"
    (blobs / "0.png").unlink()
    (blobs / "1.png").write_text("<html><body>503 Service Unavailable</body></html>")
    (blobs / "2.png").write_bytes((blobs / "3.png").read_bytes()[:-400])
    own.run("load", str(data))
    result = own.run("build", status=1)
    assert "../../../etc/passwd: refused: the path holds an empty part, '.' or '..'" in result.stdout
    assert [scan for scan in range(10, 40) if f"{MASS}/{scan}: " in result.stdout] == [10, 11, 12, 20]
    assert own.pictures().keys() == {f"{MASS}/{scan}.png" for scan in (13, 21, 22, 23, 30, 31, 32, 33)}
    table.write_text(scans)
    for view in range(3):
        shutil.copy(blobs / "3.png", blobs / f"{view}.png")
    own.run("load", str(data))
    own.run("build")
    assert len(own.pictures()) == 12
