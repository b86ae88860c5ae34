"""The three kinds of places, each real, each empty, the servers behind a proxy that can give faults."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from tests.services.azurite import Azurite
from tests.services.faults import FaultyProxy, faulty_proxy
from tests.services.s3 import S3


@dataclass
class PlaceToTest:
    """A URL below which objects can be put, and the proxy that it is reached through where it is a server."""

    url: str
    proxy: FaultyProxy | None = None

    def put(self, name: str, data: bytes) -> None:
        """Put an object there."""
        self.opened.put(name, [data])

    def delete(self, name: str) -> None:
        """Take an object away."""
        self.opened.remove(name)

    def names(self) -> set[str]:
        """What lies there."""
        return {version.path for version in self.opened.list()}

    @property
    def opened(self) -> Place:
        """The place as the program has it."""
        return open_place(self.url, load_settings(), create=True)


def _shorten_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hardly any time pass between two attempts."""
    monkeypatch.setattr("orchestration.stores.retries.FIRST_BACKOFF_SECONDS", 0.01)


@pytest.fixture
def azure_place(azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaceToTest]:
    """A folder in an Azure container behind a proxy that can give faults."""
    container = azure.create_container()
    with faulty_proxy(azure.blob_endpoint) as proxy:
        _shorten_waits(monkeypatch)
        behind = azure.behind(blob_proxy=proxy.endpoint)
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", behind.connection_string)
        yield PlaceToTest(f"az://{container}/some/folder", proxy)


@pytest.fixture
def s3_place(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaceToTest]:
    """A folder in an S3 bucket behind a proxy that can give faults."""
    bucket = f"b{uuid.uuid4().hex}"
    s3_server.create_bucket(bucket)
    with faulty_proxy(s3_server.endpoint) as proxy:
        _shorten_waits(monkeypatch)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
        monkeypatch.setenv("AWS_REGION", s3_server.region)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        yield PlaceToTest(f"s3://{bucket}/some/folder", proxy)


@pytest.fixture
def folder_place(tmp_path: Path) -> PlaceToTest:
    """A local folder."""
    (tmp_path / "a folder").mkdir()
    return PlaceToTest((tmp_path / "a folder").as_uri())


@pytest.fixture(params=["azure_place", "s3_place", "folder_place"])
def place(request: pytest.FixtureRequest) -> PlaceToTest:
    """Each kind of place in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["azure_place", "s3_place"])
def server_place(request: pytest.FixtureRequest) -> PlaceToTest:
    """Each kind of place that is reached over a network."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def beside() -> Callable[[PlaceToTest, str], PlaceToTest]:
    """Another folder beside a place."""
    return lambda place, name: PlaceToTest(f"{place.url.rpartition('/')[0]}/{name}", place.proxy)
