"""Getting a case from an index, beside listing and searching; bulk retrieval, beside the SDK and bare obstore.

All against a real Azurite on loopback. Azurite runs on one core of Node.js and shares the machine with the client, so
that absolute figures are its own limit as much as the client's; the ratios, of the same run, are what counts.
"""

import asyncio
import hashlib
import itertools
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import obstore
from azure.storage.blob import BlobServiceClient, ContainerClient
from azure.storage.blob.aio import ContainerClient as AsyncContainerClient
from obstore.store import AzureStore

from benchmarks.report import Row, median_seconds
from orchestration.cases import CaseSource, get_case, index_images
from orchestration.database import Database
from orchestration.database.embedded import server_package
from orchestration.imaging import encode_samples, read_stored
from orchestration.settings import load_settings
from orchestration.stores import retrieve
from orchestration.stores.azure import Container
from orchestration.stores.azure_account import account_of_connection_string
from tests.services.azurite import Azurite, azurite
from tests.services.faults import faulty_proxy

BLOBS, PAGE = 100_000, 5_000  # of the index, and the most that a page of a listing has
VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")
WANTED = "S0000600"
YEAR = 2014
BULKS = {"4 MB": (4_000_000, 200, 1.5), "50 KB": (50_000, 2_000, 2.5)}  # size, count, target against the SDK
THREADS = 8
IN_FLIGHT = 16  # of the asynchronous client, which has one thread
ROUNDS = 3


def run() -> list[Row]:
    """Every row of the section on cases."""
    with tempfile.TemporaryDirectory(prefix="dr-") as folder, azurite(Path(folder)) as service:
        rows = [row for name in BULKS for row in bulk(service, name, Path(folder))]
        return rows + lookup(service, Path(folder))


def container(service: Azurite) -> str:
    """A new container."""
    name = f"c{uuid.uuid4().hex}"
    with BlobServiceClient.from_connection_string(service.connection_string) as client:
        client.create_container(name)
    return name


def image_store(service: Azurite, name: str) -> Container:
    """The container as the program opens it."""
    return Container(f"az://{name}", load_settings(), account_of_connection_string(service.connection_string), name)


def bare_store(service: Azurite, name: str) -> AzureStore:
    """The container as obstore has it, without anything of ours."""
    account = account_of_connection_string(service.connection_string)
    return AzureStore(name, config=account.obstore_config(), client_options={"allow_http": True})


@contextmanager
def sdk(service: Azurite, name: str) -> Iterator[ContainerClient]:
    """The container as the Azure SDK has it."""
    with BlobServiceClient.from_connection_string(service.connection_string) as client:
        yield client.get_container_client(name)


def upload(store: AzureStore, blobs: dict[str, bytes]) -> None:
    """Put the blobs, in one request each, so that Azurite keeps their MD5."""
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(lambda item: obstore.put(store, *item, use_multipart=False), blobs.items()))


def lookup(service: Azurite, folder: Path) -> list[Row]:
    """One case by an index of 100,000 blobs, and by listing them.

    Azurite searches its blobs one after the other for each request, so that putting 100,000 into it would take hours.
    It holds one page of a listing, whose time counts for each page of a larger one; the index has all the rows.
    """
    name = container(service)
    images = {
        view: encode_samples(np.arange(number, number + 64, dtype=np.uint16).reshape(8, 8))
        for number, view in enumerate(VIEWS)  # of equal pixels they would contradict one another
    }
    held = itertools.product(range(PAGE // len(VIEWS)), VIEWS)
    upload(bare_store(service, name), {f"{YEAR}/S{case:07d} {view}.png": images[view] for case, view in held})
    with database_server(folder / "pg") as database:
        source = CaseSource(database, image_store(service, name))
        index_images(source.database, source.store)
        fill_index(source)

        def indexed() -> None:
            assert len(get_case(WANTED, YEAR, allow_partial=True, source=source).images) == len(VIEWS)

        by_index = median_seconds(indexed)
        by_index_requests = requests(service, source)
    with sdk(service, name) as client:
        a_page = median_seconds(lambda: searched(client))
        downloads = median_seconds(lambda: downloaded(client, searched(client))) - a_page
    by_listing = BLOBS / PAGE * a_page + downloads
    before = BLOBS // PAGE + len(VIEWS)
    against = f"listing and searching, {BLOBS // PAGE} times a page of {PAGE:,}"
    return [
        Row("case", "listing and searching", by_listing * 1000, "ms"),
        Row("case", "get_case", by_index * 1000, "ms", by_listing / by_index, against, "at least 200"),
        Row("case", "requests of get_case", by_index_requests, "requests", before / by_index_requests, against, "4"),
    ]


@contextmanager
def database_server(folder: Path) -> Iterator[Database]:
    """A PostgreSQL that ends with the block."""
    with server_package().get_server(folder, cleanup_mode="stop", postgres_version=16) as server:
        info = server.get_postmaster_info()
        yield Database(
            {"PGHOST": str(info.socket_dir), "PGPORT": str(info.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
        )


def fill_index(source: CaseSource) -> None:
    """Rows of further cases, up to 100,000 blobs."""
    with source.database.connect() as connection:
        connection.execute(
            """
            insert into doubleread.clinical_images
            select
                container,
                replace(blob, clinical_images.case_id, further.case_id),
                year, further.case_id, view, size_bytes, etag, md5, last_modified, seen_at, problem
            from doubleread.clinical_images
            cross join lateral (
                select 'S' || lpad((substr(clinical_images.case_id, 2)::integer + page * %(cases)s)::text, 7, '0')
                    as case_id
                from generate_series(1, %(pages)s - 1) as page
            ) as further
            """,
            {"cases": PAGE // len(VIEWS), "pages": BLOBS // PAGE},
        )


def searched(client: ContainerClient) -> list[str]:
    """What people do today: list the container, and compare names by substring."""
    return [blob.name for blob in client.list_blobs() if WANTED in blob.name and str(YEAR) in blob.name]


def downloaded(client: ContainerClient, names: list[str]) -> int:
    """The images, one after the other."""
    return len([read_stored(client.download_blob(name).readall()) for name in names])


def requests(service: Azurite, source: CaseSource) -> int:
    """Requests of one case to the container, counted by a proxy."""
    with faulty_proxy(service.blob_endpoint) as proxy:
        behind = image_store(service.behind(blob_proxy=proxy.endpoint), source.store.container)
        proxy.forget()
        get_case(WANTED, YEAR, allow_partial=True, source=CaseSource(source.database, behind))
        return len(proxy.requests)


def bulk(service: Azurite, kind: str, folder: Path) -> list[Row]:
    """Many blobs into files: verified, hashed and renamed here, merely downloaded by the others, who take turns."""
    size, count, target = BULKS[kind]
    name = container(service)
    blobs = {f"{number:05d}.bin": os.urandom(size) for number in range(count)}
    upload(bare_store(service, name), blobs)
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in blobs.items()}
    del blobs
    with sdk(service, name) as client:
        ways: dict[str, Callable[[Path], None]] = {
            "SDK, one after the other": lambda out: by_sdk(client, list(digests), out, 1),
            "SDK, 8 threads": lambda out: by_sdk(client, list(digests), out, THREADS),
            "SDK, asynchronous": lambda out: asyncio.run(by_asynchronous_sdk(service, name, list(digests), out)),
            "bare obstore, 8 threads": lambda out: by_obstore(bare_store(service, name), list(digests), out),
            "bare obstore, hashed": lambda out: by_obstore(bare_store(service, name), list(digests), out, hashed=True),
            "retrieve": lambda out: by_retrieve(image_store(service, name), digests, out),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _, (way, action) in itertools.product(range(ROUNDS), ways.items()):
            with tempfile.TemporaryDirectory(dir=folder) as out:
                start = time.perf_counter()
                action(Path(out))
                seconds[way].append(time.perf_counter() - start)
    return bulk_rows(kind, {way: min(taken) for way, taken in seconds.items()}, size * count / 1e6, target)


def bulk_rows(kind: str, best: dict[str, float], megabytes: float, target: float) -> list[Row]:
    """The best round of each way, and the ratios."""
    *sdk_ways, bare, hashed, ours = best
    title = f"bulk, {kind}"
    best_sdk = min(best[way] for way in sdk_ways)
    rows = [Row(title, way, megabytes / best[way], "MB/s") for way in (*sdk_ways, bare, hashed)]
    against = (
        (best_sdk, "the SDK's best", f"at least {target}"),
        (best[bare], bare, "at least 0.7"),
        (best[hashed], hashed, ""),
    )
    for reference, what, wanted in against:
        rows.append(Row(title, ours, megabytes / best[ours], "MB/s", reference / best[ours], what, wanted))
    return rows


def by_sdk(client: ContainerClient, paths: list[str], out: Path, threads: int) -> None:
    """The SDK, without validation."""

    def one(path: str) -> None:
        with (out / path).open("wb") as file:
            client.download_blob(path).readinto(file)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(one, paths))


async def by_asynchronous_sdk(service: Azurite, name: str, paths: list[str], out: Path) -> None:
    """The SDK on one event loop, without validation."""
    in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def one(container: AsyncContainerClient, path: str) -> None:
        async with in_flight:
            download = await container.download_blob(path)
            with (out / path).open("wb") as file:
                await download.readinto(file)

    async with AsyncContainerClient.from_connection_string(service.connection_string, name) as container:
        await asyncio.gather(*(one(container, path) for path in paths))


def by_obstore(store: AzureStore, paths: list[str], out: Path, *, hashed: bool = False) -> None:
    """Bare obstore, without validation; ``hashed`` also takes the MD5 and the SHA-256, as any verifying must."""

    def one(path: str) -> None:
        data = obstore.get(store, path).bytes()
        if hashed:
            hashlib.md5(data, usedforsecurity=False).digest()
            hashlib.sha256(data).digest()
        (out / path).write_bytes(data)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, paths))


def by_retrieve(store: Container, digests: dict[str, str], out: Path) -> None:
    """What the program does, and a check that it did it."""
    done = {retrieval.path: retrieval.sha256 for retrieval in retrieve(store, list(digests), out, {})}
    assert done == digests
