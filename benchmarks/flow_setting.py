"""What the flow is measured in: a database, a distant store full of mammograms, and a mart that wants them all."""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path

from azure.storage.blob import BlobServiceClient
from psycopg import sql

from benchmarks.drawing import BOXES, encoded, mammogram
from benchmarks.report import results
from orchestration.database import Database
from orchestration.database.embedded import server_package
from orchestration.labels import LABELS
from orchestration.settings import load_settings
from orchestration.stores import Place, open_place
from orchestration.stores.azure_account import account_of_connection_string
from orchestration.training_set.label_folder import build_label_folder, drawing_workers
from orchestration.training_set.manifest import write_manifest
from orchestration.training_set.scans import retrieve_scans
from orchestration.workers import Workers
from tests.contracts import make_mart
from tests.services.azurite import Azurite, azurite
from tests.services.memory import peak_megabytes
from tests.services.slow_store import slow_store

WORKERS = 2
DIFFERENT_IMAGES = 4  # each takes 2 s to make
CONTAINER = "images"


@dataclass(frozen=True)
class Run:
    """One run of the image stages: what it took and what it did. Memory is the peak of a process in MB."""

    seconds: float
    findings: int
    fetched: int
    drawn: int
    main_process_mb: float
    worker_mb: float


@dataclass(frozen=True)
class Project:
    """A filled mart, the store of its images, and folders that are still empty; may be handed to another process."""

    database: Database
    azure: Azurite
    folder: Path
    training_set_name: str = "training_set"

    @property
    def store(self) -> Place:
        """The store, opened."""
        return open_place(
            f"az://{CONTAINER}", load_settings(), account=account_of_connection_string(self.azure.connection_string)
        )

    @property
    def training_set(self) -> Path:
        """Where the label folders go."""
        return self.folder / self.training_set_name

    def with_training_set(self, name: str) -> "Project":
        """The same project with other label folders."""
        return replace(self, training_set_name=name)

    def behind(self, proxy: str) -> "Project":
        """The same project with its store asked through a proxy."""
        return replace(self, azure=self.azure.behind(blob_proxy=proxy))

    def retrieve(self) -> int:
        """The first stage; how many images were fetched."""
        report = retrieve_scans(self.database, self.store, self.folder / "scans", run_id="run")
        if report.failures.count:
            raise RuntimeError(f"{report.failures.count} images were not retrieved: {report.failures.shown[0]}")
        return report.fetched

    def draw(self, label: str, workers: Workers) -> tuple[int, int]:
        """The second stage for one label; findings and pictures drawn."""
        report = build_label_folder(
            self.database,
            label=label,
            store_url=f"az://{CONTAINER}",
            training_set=self.training_set,
            workers=workers,
            run_id="run",
        )
        if report.failures.count:
            raise RuntimeError(f"{report.failures.count} pictures were not drawn: {report.failures.shown[0]}")
        return report.findings, report.drawn

    def run(self) -> Run:
        """All image stages, as the main job runs them."""
        start = time.perf_counter()
        fetched = self.retrieve()
        with drawing_workers(WORKERS) as workers:
            counts = [self.draw(label, workers) for label in LABELS]
            write_manifest(self.database, self.training_set)
            seconds = time.perf_counter() - start
            worker_mb = max(results(workers.run(_peak_mb, ((n, n) for n in range(8 * WORKERS)))))
        findings, drawn = map(sum, zip(*counts, strict=True))
        return Run(seconds, findings, fetched, drawn, _peak_mb(), worker_mb)

    def run_in_fresh_process(self) -> Run:
        """``run`` as a command of its own would do it, with nobody else's memory."""
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            return process.submit(Project.run, self).result()


@dataclass(frozen=True)
class Setting:
    """Running services; ``azure`` is reached at once, ``distant`` is the same through latency and a limited rate."""

    server: Database
    azure: Azurite
    distant: Azurite
    folder: Path

    def upload(self, images: Sequence[bytes], count: int) -> list[str]:
        """Put ``count`` objects into the store, which share the given contents; return their paths."""
        with BlobServiceClient.from_connection_string(self.azure.connection_string) as service:
            service.create_container(CONTAINER)
        store = Project(self.server, self.azure, self.folder).store
        paths = [f"mmg/{number:05d}.png" for number in range(count)]
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda path, image: store.put(path, [image]), paths, cycle(images)))
        return paths

    @contextmanager
    def project(self, name: str, paths: Sequence[str], labels: Sequence[str]) -> Iterator[Project]:
        """A database whose mart wants each of ``paths`` for each of ``labels``, and folders that end with the block."""
        with self.server.connect() as connection:
            connection.autocommit = True
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        database = Database({**self.server.libpq_environment, "PGDATABASE": name})
        fill_mart(database, paths, labels)
        folder = self.folder / name
        folder.mkdir()
        yield Project(database, self.distant, folder)
        shutil.rmtree(folder)


@contextmanager
def setting() -> Iterator[Setting]:
    """Start everything on loopback, in a folder that goes away."""
    with (
        tempfile.TemporaryDirectory(prefix="dr-") as name,
        database_server(Path(name) / "pg") as server,
        azurite(Path(name)) as azure,
        slow_store(azure.blob_endpoint, Path(name)) as distance,
    ):
        yield Setting(server, azure, azure.behind(blob_proxy=distance), Path(name))


def make_images() -> list[bytes]:
    """Different mammograms, every other with unused greys, so that half of the pictures have a palette."""
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        return list(pool.map(_image, range(DIFFERENT_IMAGES)))


def _image(number: int) -> bytes:
    return encoded(mammogram(brightest=(220, 255)[number % 2], seed=number))


def _peak_mb(_number: int = 0) -> float:
    # The pause lets every worker take part when a pool maps this.
    time.sleep(0.01)
    return peak_megabytes()


@contextmanager
def database_server(folder: Path) -> Iterator[Database]:
    """An embedded PostgreSQL that ends with the block."""
    server = server_package().get_server(folder, cleanup_mode="stop", postgres_version=16)
    info = server.get_postmaster_info()
    try:
        yield Database(
            {"PGHOST": str(info.socket_dir), "PGPORT": str(info.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
        )
    finally:
        server.cleanup()


def fill_mart(database: Database, paths: Sequence[str], labels: Sequence[str]) -> None:
    """Make the mart of findings, in which each image has each label."""
    boxes = json.dumps(
        [{"reader": b.reader, "x": b.x, "y": b.y, "width": b.width, "height": b.height, "comment": ""} for b in BOXES]
    )
    with database.connect() as connection, connection.cursor() as cursor:
        make_mart(connection, "double_matched_findings")
        cursor.executemany(
            """
            insert into marts.double_matched_findings values (
                md5(%(scan)s || %(label)s), 'S', %(scan)s, %(label)s, %(image)s, 'x.png', 4096, 3328, 2, 2,
                '["U1", "U2"]', %(boxes)s, 2, md5(%(image)s || %(label)s)
            )
            """,
            [
                {"scan": Path(path).stem, "label": label, "image": path, "boxes": boxes}
                for label in labels
                for path in paths
            ],
        )
