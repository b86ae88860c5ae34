"""The three kinds of stores, each real, each behind one way of putting objects in."""

import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from orchestration.stores import ImageStore, open_image_store
from orchestration.stores.azure import account_of_connection_string
from tests.services.azurite import Azurite
from tests.services.faults import FaultyProxy, faulty_proxy
from tests.services.s3 import S3


@dataclass
class Place:
    """A store to read from, and the proxy that it is read through where it is a server."""

    store: ImageStore
    proxy: FaultyProxy | None = None


def new_container(azure: Azurite) -> str:
    name = f"c{uuid.uuid4().hex}"
    with BlobServiceClient.from_connection_string(azure.connection_string) as service:
        service.create_container(name)
    return name


@pytest.fixture
def azure_place(azure: Azurite) -> Iterator[Place]:
    """An Azure container behind a proxy that can give faults."""
    container = new_container(azure)
    with faulty_proxy(azure.blob_endpoint) as proxy:
        account = account_of_connection_string(azure.behind(blob_proxy=proxy.endpoint).connection_string)
        yield Place(open_image_store(f"az://{container}/mmg", account), proxy)


@pytest.fixture
def s3_place(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An S3 bucket behind a proxy that can give faults."""
    bucket = f"b{uuid.uuid4().hex}"
    s3_server.create_bucket(bucket)
    with faulty_proxy(s3_server.endpoint) as proxy:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.secret_key)
        monkeypatch.setenv("AWS_REGION", s3_server.region)
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        yield Place(open_image_store(f"s3://{bucket}/mmg", None), proxy)


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    """A local folder."""
    (tmp_path / "store").mkdir()
    return Place(open_image_store((tmp_path / "store").as_uri()))


@pytest.fixture(params=["azure_place", "s3_place", "folder_place"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each kind of store in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["azure_place", "s3_place"])
def server_place(request: pytest.FixtureRequest) -> Place:
    """Each kind of store that is reached over a network."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def images() -> Callable[[int], dict[str, bytes]]:
    """So many images of different sizes, the first of them larger than one piece of a stream."""

    def make(count: int) -> dict[str, bytes]:
        sizes = itertools.chain([3_000_000], itertools.repeat(10_000))
        return {f"{n // 4:04d}/view {n % 4}.png": bytes([n % 251]) * (next(sizes) + n) for n in range(count)}

    return make
