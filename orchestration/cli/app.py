"""The root command and its groups. Heavy imports wait until a command needs them: ``--help`` answers at once."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

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
    text,
    token,
    ui,
    verify,
    versions,
    volumes,
    why,
)
from orchestration.cli.commands import Commands

_TRAINING_SET = "The training set"
_SOURCES = "Clinical cases and archives"
_DICOM_FOLDERS = "Folders of DICOMs"
_LOOKING_IN = "Looking in and measuring"
_SERVICE = "The results service"
_ORDER = (
    *("demo", "load", "build", "export", "splits", "text", "verify", "versions", "diff", "rebuild"),
    *("why", "why-not", "ui"),
    *("cases", "archives"),
    *("dicom2hdf5", "hdf52dicom", "infer"),
    *("inspect", "measure"),
    *("serve", "token"),
)


class _InOrder(TyperGroup):
    """Lists commands and groups in the order in which a newcomer meets them, not the commands first."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - click's own type, which typer may vendor
        """The names; one that the order does not know comes last."""
        return sorted(
            super().list_commands(ctx), key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)
        )


app = Commands(
    name="doubleread",
    cls=_InOrder,
    help=(
        "From double-read mammography annotations to training sets that can be trusted; and clinical cases, DICOM "
        "archives, volumes, jobs, measurements, and a service for the results.\n\n"
        "Settings come from the environment or from .env in the current folder: PGHOST, PGPORT, PGUSER, PGPASSWORD and "
        "PGDATABASE for the annotation database, DOUBLEREAD_IMAGES for the image store, AZURE_STORAGE_… for Azure. "
        "Where none is set, an embedded PostgreSQL and a local folder below .doubleread serve.\n\n"
        "Exit status: 0 when all was done; 1 when some items failed, each named, the rest done; 2 for wrong usage or "
        "settings."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.command("demo", rich_help_panel=_TRAINING_SET)(main_job.demo)
app.command("load", rich_help_panel=_TRAINING_SET)(load.load)
app.command("build", rich_help_panel=_TRAINING_SET)(main_job.build)
app.command("export", rich_help_panel=_TRAINING_SET)(export.export)
app.add_typer(splits.app, rich_help_panel=_TRAINING_SET)
app.add_typer(text.app, rich_help_panel=_TRAINING_SET)
app.command("verify", rich_help_panel=_TRAINING_SET)(verify.verify)
app.command("why", rich_help_panel=_TRAINING_SET)(why.why)
app.command("why-not", rich_help_panel=_TRAINING_SET)(why.why_not)
app.command("versions", rich_help_panel=_TRAINING_SET)(versions.versions)
app.command("diff", rich_help_panel=_TRAINING_SET)(versions.diff)
app.command("rebuild", rich_help_panel=_TRAINING_SET)(versions.rebuild)
app.command("ui", rich_help_panel=_TRAINING_SET)(ui.ui)
app.add_typer(cases.app, rich_help_panel=_SOURCES)
app.add_typer(archives.app, rich_help_panel=_SOURCES)
app.command("dicom2hdf5", rich_help_panel=_DICOM_FOLDERS, context_settings=volumes.NO_SHORT_HELP)(volumes.dicom2hdf5)
app.command("hdf52dicom", rich_help_panel=_DICOM_FOLDERS, context_settings=volumes.NO_SHORT_HELP)(volumes.hdf52dicom)
app.add_typer(infer.app, rich_help_panel=_DICOM_FOLDERS)
app.add_typer(inspection.app, rich_help_panel=_LOOKING_IN)
app.command("measure", rich_help_panel=_LOOKING_IN, cls=measure.MeasureCommand)(measure.measure)
app.command("serve", rich_help_panel=_SERVICE)(serve.serve)
app.add_typer(token.app, rich_help_panel=_SERVICE)


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
