"""What a person must put right is one sentence that names it, and exit status 2."""

from pathlib import Path

import pytest

from orchestration.database import Database
from tests.cli.conftest import Home


def complaint(home: Home, *arguments: str) -> str:
    result = home.run(*arguments, status=2)
    assert len(result.stderr.strip().splitlines()) == 1
    return result.stderr


def test_a_wrong_setting_is_named(home: Home) -> None:
    home.settings["PGPORT"] = "five"
    assert "PGPORT" in complaint(home, "build")


def test_an_unreachable_database_is_named(home: Home) -> None:
    home.settings |= {"PGHOST": "127.0.0.1", "PGPORT": "1", "PGPASSWORD": "hunter2"}
    said = complaint(home, "build")
    assert "PGHOST=127.0.0.1" in said
    assert "hunter2" not in said


def test_a_missing_table_and_a_missing_column_are_named(own: Home, database: Database) -> None:
    assert "public.mmgscans_mmgscan does not exist" in complaint(own, "build")
    with database.connect() as connection:
        connection.execute("create table mmgscans_mmgscan (id bigint, mmg_study_id bigint, png_image integer)")
    said = complaint(own, "build")
    assert "column file_name of table public.mmgscans_mmgscan does not exist" in said
    assert "column png_image of table public.mmgscans_mmgscan is integer" in said


def test_a_missing_image_store_is_named(own: Home, write_studies) -> None:
    own.run("load", str(write_studies(1)))
    own.settings["DOUBLEREAD_IMAGES"] = "az://images"
    assert "AZURE_STORAGE_CONNECTION_STRING" in complaint(own, "build")
    own.settings["AZURE_STORAGE_CONNECTION_STRING"] = (
        "AccountName=nobody;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/nobody"
    )
    assert "the Azure account nobody does not answer" in complaint(own, "build")


def test_a_folder_without_raw_tables_is_named(home: Home, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "mmgscans_mmgscan.csv" in complaint(home, "load", str(tmp_path / "empty"))


@pytest.mark.parametrize("arguments", [["nosuch"], ["load"], ["build", "--nosuch"], ["ui", "--port", "0"]])
def test_wrong_usage_has_exit_status_2(home: Home, arguments: list[str]) -> None:
    assert home.run(*arguments, status=2).stderr


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["load", "--help"], ["build", "--help"]])
def test_help_needs_no_settings(home: Home, arguments: list[str]) -> None:
    home.settings["PGPORT"] = "five"
    assert "Usage" in home.run(*arguments).stdout
