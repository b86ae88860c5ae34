"""Real services for every test that needs one, started once for each worker process."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from orchestration.database import Database
from orchestration.database.embedded import server_package
from tests.services.azurite import Azurite, azurite
from tests.services.s3 import S3, s3

pytest_plugins = ["tests.services.built_home", "tests.services.places"]

# A property says what holds, not how fast: a busy machine must not fail it.
settings.register_profile("no clock", deadline=None)
settings.load_profile("no clock")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
TEST_DATABASE = "doubleread_test"
# Fixtures of tests that run the command, dbt, Dask or the service.
PROGRAMS = {"home", "built_home", "dbt_target", "cluster", "installed", "live"}
SETTINGS_PREFIXES = ("PG", "AZURE_", "AWS_", "DOUBLEREAD_", "DAGSTER_HOME")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of the slow tests, so that the quick ones fill what is left at the end.

    xdist gives each worker an equal part of the list in its order; one that is done takes from the end of another's.
    """
    slow = [item for item in items if starts_programs(item)]
    quick = [item for item in items if not starts_programs(item)]
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [item for worker in range(workers) for kind in (slow, quick) for item in share(kind, worker, workers)]


def starts_programs(item: pytest.Item) -> bool:
    """Whether a test runs whole programs, each of which takes seconds to start."""
    return bool(PROGRAMS & set(getattr(item, "fixturenames", ())))


def share(items: list[pytest.Item], worker: int, workers: int) -> list[pytest.Item]:
    """One worker's part, in order, so that tests of a module stay together and share its fixtures."""
    return items[len(items) * worker // workers : len(items) * (worker + 1) // workers]


@pytest.fixture(autouse=True)
def _settings_of_nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them, and nothing is written to the current folder."""
    for name in os.environ:
        if name.startswith(SETTINGS_PREFIXES):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def database_server() -> Iterator[Database]:
    """An embedded PostgreSQL; its data lie under a short path, since a Unix socket's may have 107 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="dr-"))
    server = server_package().get_server(folder / "pg", cleanup_mode="stop", postgres_version=16)
    info = server.get_postmaster_info()
    # What a test writes need not outlive it: without flushing, the suite takes a third less time.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    yield Database(
        {"PGHOST": str(info.socket_dir), "PGPORT": str(info.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
    )
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_database(server: Database) -> Iterator[Database]:
    """An empty database until the block ends.

    Each has the same name, since dbt parses the project anew for a database of another one, which takes it 4 s.
    """
    name = sql.Identifier(TEST_DATABASE)
    with server.connect() as connection:
        connection.autocommit = True
        connection.execute(sql.SQL("create database {}").format(name))
    try:
        yield Database({**server.libpq_environment, "PGDATABASE": TEST_DATABASE})
    finally:
        with server.connect() as connection:
            connection.autocommit = True
            connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture
def database(database_server: Database) -> Iterator[Database]:
    """An empty database of the test's own."""
    with empty_database(database_server) as database:
        yield database


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """A running Azurite."""
    with azurite(tmp_path_factory.mktemp("azurite")) as service:
        yield service


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A running S3."""
    with s3(tmp_path_factory.mktemp("s3")) as service:
        yield service


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data, where they lie beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real data are not at {SHARED_DATA}")
    return SHARED_DATA
