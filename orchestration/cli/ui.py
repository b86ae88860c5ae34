"""``doubleread ui``: the Dagster page."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

WORKSPACE = Path(__file__).parent / "workspace.yaml"


def ui(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 3000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than this machine's need care.")
    ] = "127.0.0.1",
) -> None:
    """Open the Dagster page: lineage, materializations, checks, schedules.

    Runs until interrupted. The page has no log-in of its own: keep it on this machine or behind one.
    """
    from orchestration.cli.instance import open_instance
    from orchestration.settings import load_settings
    from orchestration.transformations import prepare_manifest

    settings = load_settings()
    with open_instance(settings):
        pass  # its tables are made by one process, before several open it
    prepare_manifest()
    os.environ.update(settings.places_environment)
    command = [sys.executable, "-m", "dagster", "dev", "-w", str(WORKSPACE), "-h", host, "-p", str(port)]
    os.execv(sys.executable, command)  # noqa: S606
