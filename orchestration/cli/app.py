"""The root command and its groups. Heavy imports wait until a command needs them: ``--help`` answers at once."""

from typing import Annotated

import typer

from orchestration.cli import (
    archives,
    cases,
    export,
    infer,
    inspection,
    load,
    main_job,
    measure,
    serve,
    splits,
    token,
    ui,
    volumes,
)

app = typer.Typer(
    name="doubleread",
    help=(
        "From double-read mammography annotations to training sets that can be trusted.\n\n"
        "Settings come from the environment or from .env in the current folder: PGHOST, PGPORT, PGUSER, PGPASSWORD and "
        "PGDATABASE for the annotation database, DOUBLEREAD_IMAGES for the image store, AZURE_STORAGE_… for Azure. "
        "Without any, an embedded PostgreSQL and a local folder serve, below .doubleread.\n\n"
        "Exit status: 0 all was done; 1 some items failed, each is named and the rest is done; 2 usage or settings."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("demo")(main_job.demo)
app.command("load")(load.load)
app.command("build")(main_job.build)
app.command("export")(export.export)
app.command("ui")(ui.ui)
app.command("measure", cls=measure.MeasureCommand)(measure.measure)
app.command("dicom2hdf5", context_settings=volumes.NO_SHORT_HELP)(volumes.dicom2hdf5)
app.command("hdf52dicom", context_settings=volumes.NO_SHORT_HELP)(volumes.hdf52dicom)
app.command("serve")(serve.serve)
app.add_typer(cases.app)
app.add_typer(archives.app)
app.add_typer(inspection.app)
app.add_typer(splits.app)
app.add_typer(infer.app)
app.add_typer(token.app)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"doubleread {version('doubleread')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of the root command."""
