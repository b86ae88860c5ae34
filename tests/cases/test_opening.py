"""Opening says which of container, table and credential is to be put right."""

import base64

import pytest

from orchestration.cases.opening import open_container, open_report_table
from orchestration.settings import load_settings
from tests.cases.clinic import Clinic

OPENINGS = [open_container, open_report_table]


@pytest.mark.usefixtures("clinic")
def test_a_container_and_a_table_that_exist_are_opened() -> None:
    for opening in OPENINGS:
        opening(load_settings())


def test_a_container_that_does_not_exist_is_named(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONTAINER_NAME", "nosuch")
    with pytest.raises(ConnectionError, match=r"the container nosuch does not exist.*AZURE_STORAGE_CONTAINER_NAME"):
        open_container(load_settings())
    assert open_report_table(load_settings()).name == clinic.table_name


def test_a_table_that_does_not_exist_is_named(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_TABLE_NAME", "nosuch")
    with pytest.raises(ConnectionError, match=r"the table nosuch does not exist.*\(AZURE_STORAGE_TABLE_NAME\)"):
        open_report_table(load_settings())
    assert open_container(load_settings()).container == clinic.container_name


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize("opening", OPENINGS)
def test_a_refused_key_is_named_and_not_repeated(opening: type, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert settings.azure_storage_connection_string
    text = settings.azure_storage_connection_string.get_secret_value()
    wrong = base64.b64encode(b"wrong key").decode()
    fields = dict(part.split("=", 1) for part in text.rstrip(";").split(";")) | {"AccountKey": wrong}
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", ";".join(f"{k}={v}" for k, v in fields.items()))
    with pytest.raises(ConnectionError, match=r"refused the credential.*AZURE_STORAGE_ACCOUNT_KEY") as error:
        opening(load_settings())
    assert wrong not in str(error.value)


def test_without_an_account_the_settings_are_named() -> None:
    for opening in OPENINGS:
        with pytest.raises(ConnectionError, match="AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME"):
            opening(load_settings())
