"""A container, a table and a database, as the settings name them."""

from collections.abc import Iterator

import pytest

from orchestration.cases.get import CaseSource, open_case_source
from orchestration.database import Database
from orchestration.settings import load_settings
from tests.cases.clinic import Clinic, clinic_at
from tests.services.azurite import Azurite


@pytest.fixture
def clinic(azure: Azurite, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """An empty clinic, which the settings of the environment name together with an empty database."""
    with clinic_at(azure) as clinic:
        for name, value in {**clinic.settings(azure), **database.libpq_environment}.items():
            monkeypatch.setenv(name, value)
        yield clinic


@pytest.fixture
def source(clinic: Clinic) -> CaseSource:  # noqa: ARG001 - the settings are those of the clinic
    """The clinic and the database, opened."""
    return open_case_source(load_settings())
