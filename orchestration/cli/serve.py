"""``doubleread serve``: the results service; ``doubleread token``: who may use it."""

from typing import Annotated

import typer

from orchestration.cli.display import tell


def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's need DOUBLEREAD_PUBLIC_URL.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 2,
    migrate_only: Annotated[
        bool, typer.Option("--migrate-only", help="Make or change the service's tables, then end.")
    ] = False,
) -> None:
    """Serve results, jobs and findings: a REST API and pages.

    Makes its tables first, in the annotation database. Runs until interrupted; requests under way are answered. Logs a
    JSON line for each request on standard output. Needs the extra service: pip install 'doubleread[service]'.
    """
    from orchestration.api import start
    from orchestration.database import open_database
    from orchestration.settings import load_settings

    settings = load_settings()
    if migrate_only:
        database = open_database(settings)
        start.set_up(settings, database)
        start.migrate(database, on_wait=_tell_waiting)
    else:
        start.serve(settings, host=host, port=port, workers=workers)


def _tell_waiting(_name: str) -> None:
    tell("another start is at work on the service's tables; waiting for it")
