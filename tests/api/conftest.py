"""The service in this process, on a database of the test's own, and callers with tokens."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from psycopg import sql

from orchestration.api import start
from orchestration.database import Database
from orchestration.settings import load_settings

SERVICE_DATABASE = "doubleread_service_test"
EMPTY_ALL = """
    drop schema if exists marts cascade;
    set session_replication_role = replica; -- the audit lets nobody empty it
    do $$
    declare
        tables text;
    begin
        select string_agg(format('%I.%I', schemaname, tablename), ', ') into tables
        from pg_tables
        where
            schemaname in ('doubleread', 'doubleread_service')
            and tablename not in ('django_migrations', 'django_content_type', 'auth_permission');
        execute 'truncate ' || tables || ' restart identity';
    end
    $$
"""
ROWS = ["54 26 34 47 95 23 79 41 97 55", "75 87 75 89 81 45 52 51 79 32", "71 8 67 9 12 97 18 59 58 17"]


@pytest.fixture(scope="session")
def service_database(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Django, set up for a database that holds the service's tables; one for all tests of a worker."""
    before = dict(os.environ)
    administer(database_server, "create database {}", SERVICE_DATABASE)
    where = Database({**database_server.libpq_environment, "PGDATABASE": SERVICE_DATABASE})
    home = tmp_path_factory.mktemp("service")
    os.environ["DOUBLEREAD_HOME"] = str(home)
    os.environ["DOUBLEREAD_TRAINING_SET"] = str(home / "training_set")  # which the tests of findings remove
    try:
        start.set_up(load_settings(), where)
        start.migrate(where)
    finally:
        for name in os.environ.keys() - before.keys() - {"DJANGO_SETTINGS_MODULE"}:
            del os.environ[name]
    yield where
    from django.db import connection

    start.close_connections(connection)


@pytest.fixture
def database(service_database: Database) -> Database:
    """The service's database with empty tables: emptying takes a hundredth of making a new one."""
    with service_database.connect() as connection:
        connection.execute(EMPTY_ALL)
    return service_database


def administer(server: Database, statement: str, *names: str) -> None:
    with server.connect() as connection:
        connection.autocommit = True
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass
class Answer:
    """What the service answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Caller:
    """Someone with a token, or without."""

    token: str = ""
    name: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request to Django, ``body`` as JSON unless it is bytes; a failure is a 500, not an exception."""
        from django.db import connection
        from django.test import Client

        given = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = Client(
            raise_request_exception=False, SERVER_NAME="localhost", headers={**given, **self.headers, **headers}
        ).generic(method, path, data, content_type="application/json")
        connection.close()  # back into the pool, as at the end of a request
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    def get(self, path: str, **parameters: str) -> Answer:
        from urllib.parse import urlencode

        return self.call("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, body)


@pytest.fixture
def make_caller(database: Database) -> Any:  # noqa: ARG001  which the token is made in
    """Make a token of a role and give who holds it."""
    from orchestration.api.accounts.roles import Role
    from orchestration.api.accounts.services import create_token
    from orchestration.api.audit.services import Auditor

    def make(role: str, name: str = "") -> Caller:
        name = name or f"the {role}"
        return Caller(create_token(name, Role.from_word(role), Auditor("tests", "command line")), name)

    return make


@pytest.fixture
def reader(make_caller: Any) -> Caller:
    return make_caller("reader")


@pytest.fixture
def writer(make_caller: Any) -> Caller:
    return make_caller("writer")


@pytest.fixture
def admin(make_caller: Any) -> Caller:
    return make_caller("admin")


@pytest.fixture
def nobody() -> Caller:
    """Someone without a token."""
    return Caller()


@pytest.fixture
def rows_of(database: Database) -> Any:
    """What a query gives."""

    def query(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with database.connect() as connection:
            connection.execute("set search_path = doubleread_service, doubleread")
            return connection.execute(statement, values).fetchall()

    return query


def element(id_: str, *rows: str, device: str = "CT SCAN") -> dict[str, Any]:
    """An element as a device sends it."""
    return {"id": id_, "data": list(rows or ROWS), "deviceName": device}


@pytest.fixture(scope="module")
def own_database(database_server: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An empty database of this module's own."""
    name = f"doubleread_{tmp_path_factory.mktemp('own').name}"
    administer(database_server, "create database {}", name)
    yield Database({**database_server.libpq_environment, "PGDATABASE": name})
    administer(database_server, "drop database {} with (force)", name)


@pytest.fixture(scope="module")
def live(own_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A service of this module's own, with its own database."""
    from tests.api.live import served

    with served(tmp_path_factory.mktemp("live"), own_database.libpq_environment) as service:
        yield service


@pytest.fixture
def shown(database: Database) -> Iterator[Any]:
    """Marts to fill, and the folder of pictures."""
    from django.conf import settings

    from tests.api.shown import Shown

    training_set = settings.DOUBLEREAD.doubleread_training_set
    with database.connect() as connection:
        yield Shown(connection, training_set, settings.DOUBLEREAD.images_url)
    shutil.rmtree(training_set, ignore_errors=True)
