"""The index says what the container holds, costs one listing, and a refresh writes what changed."""

import itertools
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestration.cases.index import IndexReport, index_images
from orchestration.cases.opening import open_container
from orchestration.database import Database
from orchestration.settings import load_settings
from orchestration.stores import StoreUnavailableError, retries
from orchestration.stores import azure as azure_store
from tests.cases.clinic import Clinic, clinic_at
from tests.dbt.project import rows
from tests.services.azurite import Azurite
from tests.services.faults import FaultyProxy, Reset, Script, Short, Status, faulty_proxy
from tests.services.large_container import large_container

ROOT = Path(__file__).parents[2]
VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")
INDEX = "select *, xmin::text as written_by from doubleread.clinical_images order by blob"


@pytest.fixture
def proxy(clinic: Clinic, azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A proxy that can give faults, through which the settings now reach the container."""
    monkeypatch.setattr(retries, "FIRST_BACKOFF_SECONDS", 0.001)
    with faulty_proxy(azure.blob_endpoint) as proxy:
        for name, value in clinic.settings(azure.behind(blob_proxy=proxy.endpoint)).items():
            monkeypatch.setenv(name, value)
        yield proxy


def refresh(database: Database) -> IndexReport:
    return index_images(database, open_container(load_settings()))


def four_views(case_id: str, year: int = 2014) -> list[str]:
    return [f"{year}/{case_id}/{view}.dcm" for view in VIEWS]


def test_every_blob_that_holds_a_part_is_in_the_index_as_the_container_has_it(
    clinic: Clinic, database: Database
) -> None:
    clinic.put(*four_views("S0000001"), "2014/S0000002/nothing.dcm", "readme.txt", data=b"pixels")
    report = refresh(database)
    assert (report.blobs, report.matching, report.partial) == (6, 4, 1)
    assert (report.added, report.changed, report.removed) == (5, 0, 0)
    found = {row["blob"]: row for row in rows(database, INDEX)}
    assert found["2014/S0000002/nothing.dcm"]["problem"] == "no view"
    assert "readme.txt" not in found
    for blob in clinic.container.list_blobs():
        if (row := found.get(blob.name)) is not None:
            assert (row["container"], row["size_bytes"]) == (clinic.container_name, 6)
            assert row["last_modified"] == blob.last_modified
            assert row["etag"].strip('"') == blob.etag.strip('"')
            assert row["md5"] == blob.content_settings.content_md5.hex()
    assert found["2014/S0000001/R__MLO.dcm"].items() >= {"year": 2014, "case_id": "S0000001", "view": "r_mlo"}.items()


def test_a_refresh_writes_only_what_changed(clinic: Clinic, database: Database) -> None:
    clinic.put(*four_views("S1"), *four_views("S2"))
    refresh(database)
    before = {row["blob"]: row for row in rows(database, INDEX)}
    clinic.put("2014/S1/L__CC.dcm", data=b"another image")
    clinic.put("2015/S3/L__CC.dcm")
    clinic.container.delete_blob("2014/S2/R__CC.dcm")
    report = refresh(database)
    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    after = {row["blob"]: row for row in rows(database, INDEX)}
    written = {blob for blob, row in after.items() if before.get(blob) != row}
    assert written == {"2014/S1/L__CC.dcm", "2015/S3/L__CC.dcm"}
    assert before.keys() - after.keys() == {"2014/S2/R__CC.dcm"}
    assert after["2014/S1/L__CC.dcm"]["seen_at"] > before["2014/S1/L__CC.dcm"]["seen_at"]


def test_every_refresh_is_recorded(clinic: Clinic, database: Database) -> None:
    clinic.put(*four_views("S1"))
    reports = [refresh(database), refresh(database)]
    recorded = rows(database, "select * from doubleread.clinical_index_runs order by listed_at")
    assert [IndexReport(**row) for row in recorded] == reports
    assert (reports[1].blobs, reports[1].added, reports[1].changed, reports[1].removed) == (4, 0, 0, 0)


def test_another_containers_index_is_left_alone(
    clinic: Clinic, azure: Azurite, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clinic.put(*four_views("S1"))
    refresh(database)
    with clinic_at(azure) as other:
        monkeypatch.setenv("AZURE_STORAGE_CONTAINER_NAME", other.container_name)
        report = refresh(database)
    assert (report.blobs, report.removed) == (0, 0)
    assert len(rows(database, INDEX)) == 4


def test_names_are_only_names(clinic: Clinic, database: Database) -> None:
    hostile = [
        "2014/S1/L__CC '; drop table doubleread.clinical_images; --.dcm",
        '2014/S1/L__MLO %_\t\n"null".dcm',
        "2014/S1/R__CC příliš žluťoučký 🩻.dcm",
        f"2014/S1/R__MLO {'x' * 1000}",
    ]
    clinic.put(*hostile)
    refresh(database)
    assert {row["blob"] for row in rows(database, INDEX)} == set(hostile)


def test_a_container_is_listed_once_page_by_page(
    clinic: Clinic, proxy: FaultyProxy, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure_store, "LIST_PAGE", 5)
    blobs = list(itertools.chain.from_iterable(four_views(f"S{number}") for number in range(4)))
    clinic.put(*blobs)
    store = open_container(load_settings())
    proxy.forget()
    index_images(database, store)
    assert len(proxy.requests) == 4  # of 16 blobs
    assert {row["blob"] for row in rows(database, INDEX)} == set(blobs)


@pytest.mark.parametrize("fault", [Status(503), Status(429), Reset(), Short()], ids=repr)
def test_a_page_that_fails_is_asked_for_again(
    fault: Status | Reset | Short,
    clinic: Clinic,
    proxy: FaultyProxy,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(azure_store, "LIST_PAGE", 5)
    blobs = [*four_views("S1"), *four_views("S2")]
    clinic.put(*blobs)
    store = open_container(load_settings())
    proxy.plan = Script([None, fault, fault])
    report = index_images(database, store)
    assert len(proxy.given) == 2
    assert (report.blobs, report.added) == (8, 8)
    assert {row["blob"] for row in rows(database, INDEX)} == set(blobs)


def test_a_listing_that_cannot_be_finished_leaves_the_index_as_it_was(
    clinic: Clinic, proxy: FaultyProxy, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azure_store, "LIST_PAGE", 2)
    clinic.put(*four_views("S1"))
    refresh(database)
    before = rows(database, INDEX)
    clinic.put(*four_views("S2"), data=b"more")
    store = open_container(load_settings())
    proxy.plan = Script(itertools.chain([None, None], itertools.repeat(Status(503))))
    with pytest.raises(StoreUnavailableError, match=r"stopped after 4 blobs .*503.*; the index stays as it was"):
        index_images(database, store)
    assert rows(database, INDEX) == before
    assert len(rows(database, "select from doubleread.clinical_index_runs")) == 1


def test_a_container_of_100_000_blobs_is_indexed_in_less_than_300_mb(database: Database) -> None:
    script = """
        from orchestration.cases import index_images, open_container
        from orchestration.database import open_database
        from orchestration.settings import load_settings
        from tests.services.memory import peak_megabytes
        settings = load_settings()
        report = index_images(open_database(settings), open_container(settings))
        print(report.blobs, report.matching, peak_megabytes())
    """
    with large_container(100_000) as endpoint:
        account = f"AccountName=large;AccountKey=c2VjcmV0;BlobEndpoint={endpoint}"
        environment = {
            **os.environ,
            **database.libpq_environment,
            "AZURE_STORAGE_CONNECTION_STRING": account,
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, "-c", textwrap.dedent(script)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    blobs, matching, megabytes = map(float, done.stdout.split())
    assert (blobs, matching) == (100_000, 100_000)
    assert megabytes < 300
