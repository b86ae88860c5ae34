"""Versions made from raw tables by dbt, and exports of marts that are filled by hand."""

from pathlib import Path

import pytest

from orchestration.database import Database
from orchestration.workers import Workers
from tests.training_set.export.conftest import exporter, exporter_anywhere, filled
from tests.training_set.versions.ward import Ward

__all__ = ["exporter", "exporter_anywhere", "filled"]


@pytest.fixture(scope="session")
def dbt_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt writes what it parsed, so that it does so once."""
    return tmp_path_factory.mktemp("dbt")


@pytest.fixture
def ward(database: Database, tmp_path: Path, workers: Workers, dbt_target: Path) -> Ward:
    """A clinic without studies, whose images lie in a folder."""
    (tmp_path / "images").mkdir()
    return Ward(database, tmp_path, workers, dbt_target)
