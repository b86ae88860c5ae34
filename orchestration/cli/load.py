"""``doubleread load``: raw tables and images from files."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.display import console, progress_bars


def load(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", exists=True, file_okay=False, help="Holds <table>.csv or <table>.csv.gz, and maybe blobs/."
        ),
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also replace rows that load did not put into the tables.")
    ] = False,
) -> None:
    """Load raw tables into the annotation database and images into the image store.

    Takes mmgscans_mmgscan and mmgscans_mmgscanannotation from CSV files and everything below blobs/ under its path
    there. Tables that an earlier load made are replaced; rows that someone else put into them are refused without
    --replace.
    """
    failed = load_folder(folder, replace=replace)
    if failed:
        raise typer.Exit(1)


def load_folder(folder: Path, *, replace: bool = False) -> int:
    """Load ``folder``, tell what was loaded, name what failed, and return how many images did."""
    from orchestration.database import load_raw_tables, open_database
    from orchestration.settings import load_settings
    from orchestration.stores.uploading import open_for_writing, upload_folder
    from orchestration.transformations import expected_raw_tables, project_variables

    settings = load_settings()
    database = open_database(settings)
    schema = project_variables()["raw_schema"]
    counts = load_raw_tables(database, folder, schema=schema, tables=expected_raw_tables(), replace=replace)
    for table, rows in counts.items():
        console.print(f"{schema}.{table}: {rows:,} rows")
    blobs = folder / "blobs"
    if not blobs.is_dir():
        return 0
    store = open_for_writing(settings)
    with progress_bars() as report:
        uploaded, failures = upload_folder(store, blobs, progress=lambda done, total: report("images", done, total))
    console.print(f"{store.url}: {uploaded:,} images")
    for failure in failures:
        console.print(f"not loaded: {failure.item}: {failure.reason}", style="red", markup=False)
    return len(failures)
