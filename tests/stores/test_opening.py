"""Opening a store: what is not there is named, and so is the setting."""

import base64
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.outcomes import Failure
from orchestration.settings import load_settings
from orchestration.stores import StoreUnavailableError, open_place
from orchestration.stores.azure_account import AzureAccount, account_of_connection_string, azure_account
from orchestration.stores.uploading import open_for_writing, upload_folder
from tests.services.azurite import Azurite
from tests.services.faults import Script, Status
from tests.services.places import PlaceToTest
from tests.services.s3 import S3
from tests.services.unreadable import UNREADABLE, with_unreadable


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(StoreUnavailableError, match=r"/no/such/folder does not exist \(DOUBLEREAD_IMAGES\)"):
        open_place("file:///no/such/folder", load_settings(), setting="DOUBLEREAD_IMAGES")


def test_a_missing_container_is_named(azure: Azurite) -> None:
    account = account_of_connection_string(azure.connection_string)
    with pytest.raises(ConnectionError, match="the container nosuch does not exist"):
        open_place("az://nosuch", load_settings(), account=account)


def test_a_refused_key_is_named_and_not_repeated(azure: Azurite) -> None:
    wrong = base64.b64encode(b"wrong key").decode()
    account = replace(account_of_connection_string(azure.connection_string), key=wrong)
    with pytest.raises(StoreUnavailableError, match=r"refused the credential.*AZURE_STORAGE_ACCOUNT_KEY") as error:
        open_place("az://images", load_settings(), account=account)
    assert wrong not in str(error.value)


def test_an_account_that_does_not_answer_is_named() -> None:
    account = AzureAccount("http://127.0.0.1:1/nobody", "nobody", key=base64.b64encode(b"key").decode())
    with pytest.raises(StoreUnavailableError, match=r"nobody does not answer.*AZURE_STORAGE_ACCOUNT_NAME"):
        open_place("az://images", load_settings(), account=account)


def test_a_missing_bucket_is_named(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
    with pytest.raises(StoreUnavailableError, match=r"s3://nosuch can't be used: no such bucket .DOUBLEREAD_IMAGES"):
        open_place("s3://nosuch", load_settings(), setting="DOUBLEREAD_IMAGES")


def test_the_account_of_a_name_of_a_key_and_of_a_connection_string(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
    by_identity = azure_account(load_settings())
    assert by_identity.uses_identity
    assert by_identity.blob_endpoint == "https://hospital.blob.core.windows.net"
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "a2V5")
    assert azure_account(load_settings()).key == "a2V5"
    text = "DefaultEndpointsProtocol=https;AccountName=other;AccountKey=b3RoZXI=;EndpointSuffix=core.chinacloudapi.cn"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)
    other = azure_account(load_settings())
    assert (other.name, other.key) == ("other", "b3RoZXI=")
    assert other.blob_endpoint == "https://other.blob.core.chinacloudapi.cn"
    assert "b3RoZXI" not in repr(other)


def test_a_folder_of_files_becomes_objects_and_what_cannot_is_named(azure_place: PlaceToTest, tmp_path: Path) -> None:
    (tmp_path / "blobs" / "mmg").mkdir(parents=True)
    (tmp_path / "blobs" / "mmg" / "a.png").write_bytes(b"a")
    (tmp_path / "blobs" / "bad\nname.png").write_bytes(b"b")
    store = azure_place.opened
    uploaded, failures = upload_folder(store, tmp_path / "blobs")
    assert uploaded == 1
    assert failures == [Failure("bad\\nname.png", "the path holds a control character")]
    version = store.describe("mmg/a.png")
    assert version.md5 == "0cc175b9c0f1b6a831c399e269772661", "of the letter a, by RFC 1321"


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_is_stored(
    folder_place: PlaceToTest, tmp_path: Path
) -> None:
    folder = with_unreadable(tmp_path / "blobs")
    (folder / "a.png").write_bytes(b"a")
    uploaded, failures = upload_folder(folder_place.opened, folder)
    assert uploaded == 1
    assert failures == [Failure(UNREADABLE, "cannot be read (File name too long)")]


def test_the_local_store_is_made_where_it_is_missing(tmp_path: Path) -> None:
    open_for_writing(load_settings())
    assert (tmp_path / ".doubleread" / "images").is_dir()


def test_a_listing_that_is_refused_costs_a_request_for_each_image_instead(azure_place: PlaceToTest) -> None:
    paths = [f"{n}.png" for n in range(20)]
    for path in paths:
        azure_place.put(path, b"x")
    assert azure_place.proxy is not None
    container, opened = azure_place.proxy.requests[0].path, azure_place.opened
    azure_place.proxy.plan = lambda request: Status(403) if request.path == container else None
    described = opened.describe_all(paths)
    assert {version.size_bytes for version in described.values()} == {1}


def test_a_store_far_larger_than_what_is_wanted_is_not_listed_to_its_end(
    azure_place: PlaceToTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.stores.bucket.LISTED_FOR_EACH_WANTED", 1)
    monkeypatch.setattr("orchestration.stores.azure.LIST_PAGE", 10)
    paths = [f"z{n:03d}.png" for n in range(20)]
    for path in [*paths, *(f"a{n:03d}.png" for n in range(100))]:
        azure_place.put(path, b"x")
    proxy = azure_place.proxy
    assert proxy is not None
    proxy.forget()
    described = azure_place.opened.describe_all(paths)
    assert {version.size_bytes for version in described.values()} == {1}
    assert sum("comp=list" in request.query for request in proxy.requests) <= 4


def test_a_passing_fault_while_describing_is_mended(azure_place: PlaceToTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.stores.retries.FIRST_BACKOFF_SECONDS", 0.01)
    azure_place.put("a.png", b"x")
    assert azure_place.proxy is not None
    azure_place.proxy.plan = Script(itertools.repeat(Status(503), 3), method="HEAD")
    assert azure_place.opened.describe("a.png").size_bytes == 1
