"""Settings: the table of docs/settings.md, each value checked and named."""

from pathlib import Path

import pytest

from orchestration.errors import SettingsError
from orchestration.settings import load_settings

KEY = "a2V5IG9mIGEgdGVzdA=="


def test_without_settings_everything_lies_in_the_current_folder(tmp_path: Path) -> None:
    settings = load_settings()
    assert not settings.has_database
    assert not settings.has_azure
    assert settings.doubleread_home == tmp_path / ".doubleread"
    assert settings.doubleread_training_set == tmp_path / "training_set"
    assert settings.images_url == (tmp_path / ".doubleread" / "images").as_uri()
    assert settings.archive_index_url == (tmp_path / ".doubleread" / "archive_index").as_uri()
    assert settings.doubleread_dicoms == (tmp_path / "dicoms").as_uri()
    assert settings.export_url == (tmp_path / "training_set" / "export").as_uri()


def test_places_are_the_same_for_a_process_in_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOUBLEREAD_ARCHIVE_INDEX", "ix")
    here = load_settings()
    for name, place in here.places_environment.items():
        monkeypatch.setenv(name, place)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert load_settings() == here
    assert str(tmp_path / "ix") in here.archive_index_url


def test_an_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PGHOST=from-file\nPGDATABASE=annotations\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("PGHOST", "from-environment")
    assert load_settings().libpq_environment == {"PGHOST": "from-environment", "PGDATABASE": "annotations"}


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "")
    assert not load_settings().has_database


def test_images_lie_in_the_azure_container_where_azure_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
    assert load_settings().images_url == "az://images"
    monkeypatch.setenv("DOUBLEREAD_IMAGES", "s3://bucket/prefix/")
    assert load_settings().images_url == "s3://bucket/prefix"


def test_index_and_dicoms_of_archives_lie_in_a_folder_or_at_a_url(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOUBLEREAD_ARCHIVE_INDEX", "s3://bucket/index")
    monkeypatch.setenv("DOUBLEREAD_DICOMS", "made/of archives")
    settings = load_settings()
    assert settings.archive_index_url == "s3://bucket/index"
    assert settings.doubleread_dicoms == (tmp_path / "made" / "of archives").as_uri()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PGPORT", "five"),
        ("PGPORT", "70000"),
        ("AZURE_STORAGE_ACCOUNT_NAME", "Not A Name"),
        ("AZURE_STORAGE_ACCOUNT_KEY", "%%%"),
        ("AZURE_STORAGE_CONNECTION_STRING", "no pairs"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AccountKey=abc"),
        ("AZURE_STORAGE_CONTAINER_NAME", "Upper Case"),
        ("AZURE_STORAGE_TABLE_NAME", "1table"),
        ("DOUBLEREAD_IMAGES", "ftp://host/folder"),
        ("DOUBLEREAD_IMAGES", "az:///no-container"),
        ("DOUBLEREAD_IMAGES", "file://relative"),
        ("DOUBLEREAD_IMAGES", "s3://user:password@bucket"),
        ("DOUBLEREAD_TEXT_ARCHIVES", "text"),
        ("DOUBLEREAD_IMAGE_ARCHIVES", "az://container/prefix"),
        ("DOUBLEREAD_ARCHIVE_INDEX", "s3://bucket?signature=secret"),
        ("DOUBLEREAD_DICOMS", "ftp://host/folder"),
        ("DOUBLEREAD_EXPORT", "s3://user:password@bucket"),
        ("DOUBLEREAD_EXPORT_BITS", "12"),
        ("DOUBLEREAD_SPLIT_RATIOS", "70,30"),
        ("DOUBLEREAD_SPLIT_RATIOS", "120,-10,-10"),
        ("DOUBLEREAD_SPLIT_RATIOS", "0,0,0"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_a_key_without_a_name_and_azure_images_without_an_account_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOUBLEREAD_IMAGES", "az://images")
    with pytest.raises(SettingsError, match="AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"):
        load_settings()
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    with pytest.raises(SettingsError, match="AZURE_STORAGE_ACCOUNT_NAME is not"):
        load_settings()


def test_secrets_show_in_no_representation_and_in_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "hunter2-password")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    shown = repr(load_settings()) + load_settings().model_dump_json()
    assert "hunter2" not in shown
    assert KEY not in shown
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"AccountKey{KEY}")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert KEY not in str(error.value)
