"""One folder of dbt's for each worker, so that what it parsed once serves all its tests."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt writes what it parsed, compiled and ran."""
    return tmp_path_factory.mktemp("dbt")
