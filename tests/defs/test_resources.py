"""Resources: credentials as dagster-azure takes them, and no secret where the page could show it."""

import json
from pathlib import Path

import dagster as dg
import pytest
from dagster_azure.blob import AzureBlobStorageDefaultCredential

from orchestration.defs.resources import DbtResource, account_of_resource, azure_resource, make_resources
from orchestration.settings import load_settings
from orchestration.transformations import DBT, PROJECT_DIR
from tests.services.azurite import Azurite

KEY = "c2VjcmV0IGtleQ=="


@pytest.fixture(params=["key", "connection string"])
def azure_settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOUBLEREAD_AZURE_SECRET", raising=False)
    if request.param == "key":
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", KEY)
    else:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"AccountName=hospital;AccountKey={KEY}")


@pytest.mark.usefixtures("azure_settings")
def test_the_account_passes_through_dagster_azures_resource_and_its_secret_through_the_environment() -> None:
    resource = azure_resource(load_settings())
    assert KEY not in repr(resource) + json.dumps(resource._resolved_config_dict, default=str)
    resolved = resource.process_config_and_initialize()
    account = account_of_resource(resolved)
    assert (account.name, account.key) == ("hospital", KEY)
    assert account.blob_endpoint == "https://hospital.blob.core.windows.net"


@pytest.mark.usefixtures("azure_settings")
def test_no_secret_is_in_what_the_page_is_told_about_resources() -> None:
    defs = dg.Definitions(resources=make_resources(load_settings()))
    repository = defs.get_repository_def()
    shown = repr({name: resource.config_schema.default_value if resource.config_schema.default_provided else None
                  for name, resource in repository.get_top_level_resources().items()})  # fmt: skip
    assert "account_url" in shown
    assert KEY not in shown


def test_without_a_key_the_machines_identity_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "hospital")
    resource = azure_resource(load_settings())
    assert isinstance(resource.credential, AzureBlobStorageDefaultCredential)
    assert account_of_resource(resource).uses_identity


def test_dagster_azures_client_and_ours_reach_the_same_account(azure: Azurite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", azure.connection_string)
    resource = azure_resource(load_settings()).process_config_and_initialize()
    with resource.get_client() as client:
        assert list(client.list_containers(name_starts_with="nosuch")) == []
    account = account_of_resource(resource)
    assert (account.name, account.key) == (azure.account_name, azure.account_key)


def test_dbt_runs_with_what_the_resource_says(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "profiles.yml").write_text((PROJECT_DIR / "profiles.yml").read_text())
    resource = DbtResource(
        project_dir=str(PROJECT_DIR),
        profiles_dir=str(profiles),
        profile="doubleread",
        target="postgres",
        dbt_executable=str(DBT),
    )
    options = resource.options(tmp_path / "target")
    said = dict(zip(options[::2], options[1::2], strict=True))
    assert said == {
        "--project-dir": str(PROJECT_DIR),
        "--profiles-dir": str(profiles),
        "--profile": "doubleread",
        "--target": "postgres",
        "--target-path": str(tmp_path / "target"),
        "--log-path": str(tmp_path / "target"),
        "--log-level": "none",
    }
