"""Starting the service: its settings, its tables, its server."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from orchestration.api.secret_key import make_secret_key
from orchestration.database import Database, exclusive, open_database
from orchestration.errors import DoublereadError, SettingsError, install_extra
from orchestration.outcomes import Waiting, no_waiting
from orchestration.settings import Settings

LOCK_SECONDS = 600.0  # for another start to end its migrations
KILL_SECONDS = 30  # for requests that are under way when the service is stopped
CONNECTIONS = 1024  # that a worker takes at a time
HEADER_MILLISECONDS = 15_000  # for a client to send its headers


class ServiceError(DoublereadError):
    """The service cannot start; the message says what to do."""


def set_up(settings: Settings, database: Database) -> None:
    """Load Django with the settings of this service and this database.

    Raises:
        ServiceError: the extra ``service`` is not installed.
    """
    try:
        import django  # noqa: PLC0415  not in the plain package
        import drf_spectacular_sidecar  # noqa: F401, PLC0415
        import granian  # noqa: F401, PLC0415
        import psycopg_pool  # noqa: F401, PLC0415
        import whitenoise  # noqa: F401, PLC0415
    except ImportError:
        raise ServiceError(install_extra("the results service needs more than the plain package", "service")) from None
    make_secret_key(settings)
    # Workers are processes of their own, which read the settings again.
    os.environ.update(settings.places_environment)
    os.environ.update(database.libpq_environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "orchestration.api.settings"
    django.setup()


def migrate(database: Database, *, on_wait: Waiting = no_waiting) -> None:
    """Make or change the tables of the service, and make those that it reads; one start at a time does.

    Call :func:`set_up` first.

    Raises:
        SchemaError: the user of the database may not.
    """
    from django.core.management import call_command  # noqa: PLC0415  loaded by set_up
    from django.db import connection  # noqa: PLC0415

    from orchestration.api.settings import SERVICE_SCHEMA  # noqa: PLC0415

    with exclusive(database, "service migrations", on_wait=on_wait, limit_seconds=LOCK_SECONDS):
        with database.tables("measurements") as plain:
            plain.execute(f"create schema if not exists {SERVICE_SCHEMA}")
        with database.tables("training_set"):
            pass  # the records of pictures, which lists of findings look at
        call_command("migrate", verbosity=0, interactive=False)
        call_command("clearsessions")  # those that have run out
        close_connections(connection)


def check() -> None:
    """Run Django's own checks, those for a deployment too.

    Raises:
        ServiceError: one complains; the message has what it says.
    """
    from django.core import checks  # noqa: PLC0415  loaded by set_up

    found = [str(item) for item in checks.run_checks(include_deployment_checks=True) if not item.is_silenced()]
    if found:
        raise ServiceError("; ".join(found))


def check_host(settings: Settings, host: str) -> None:
    """Refuse an address that others can reach while nothing says by which name they do.

    Raises:
        SettingsError: ``DOUBLEREAD_PUBLIC_URL`` is not set.
    """
    if settings.doubleread_public_url or host == "localhost":
        return
    try:
        is_local = ip_address(host).is_loopback
    except ValueError:
        is_local = False
    if not is_local:
        raise SettingsError(
            f"DOUBLEREAD_PUBLIC_URL must be set to listen on {host}: the address that browsers and programs use, such "
            "as https://results.hospital.example; with https, cookies and redirections keep to it"
        )


def serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Make the tables, then serve until the process is told to stop; requests under way are answered first.

    Raises:
        DoublereadError: it cannot start.
    """
    check_host(settings, host)
    database = open_database(settings)
    with _shared_figures():
        set_up(settings, database)
        check()
        migrate(database)
        _server(host, port, workers).serve()


@contextmanager
def _shared_figures() -> Iterator[None]:
    """A folder in which workers keep the figures that ``/metrics`` adds up; named before anything counts."""
    with tempfile.TemporaryDirectory(prefix="doubleread-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _server(host: str, port: int, workers: int) -> Any:  # noqa: ANN401  granian is loaded late
    """The server, which gives whole requests to threads of its workers through the front."""
    from granian import Granian  # noqa: PLC0415
    from granian.constants import HTTPModes, Interfaces, Loops  # noqa: PLC0415
    from granian.http import HTTP1Settings  # noqa: PLC0415

    return Granian(
        "orchestration.api.application:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        workers=workers,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        workers_kill_timeout=KILL_SECONDS,
        respawn_failed_workers=True,
        log_dictconfig=_server_log(),
    )


def _server_log() -> dict[str, Any]:
    """The server's own lines, as JSON on standard output like all others."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "orchestration.api.front.log.JSONFormatter"}},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "json"}},
        "loggers": {"_granian": {"handlers": ["stdout"], "level": "INFO", "propagate": False}},
    }


def close_connections(connection: Any) -> None:  # noqa: ANN401  Django's
    """Close this process's connections: workers open their own."""
    connection.close()
    connection.close_pool()
