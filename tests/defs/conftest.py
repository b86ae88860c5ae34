"""The definitions as they are loaded, from a manifest that is as old as the project."""

import dagster as dg
import pytest

from orchestration.settings import Settings
from orchestration.transformations import prepare_manifest

prepare_manifest()  # before the modules of tests are imported, which import those of defs/


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    """Everything, with the settings of nobody."""
    from orchestration.definitions import definitions  # noqa: PLC0415  needs the manifest

    return definitions(Settings(_env_file=None, doubleread_home=tmp_path_factory.mktemp("home")))
