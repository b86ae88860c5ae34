"""The assets of clinical cases, from an account to a folder for each complete case, without any annotation table."""

import io
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from orchestration.cases import load_case
from orchestration.database import Database
from orchestration.definitions import definitions
from orchestration.settings import load_settings
from tests.cases.clinic import Clinic, clinic_at
from tests.services.azurite import Azurite

VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")


@pytest.fixture
def clinic(azure: Azurite, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    """An account, a database and a home that the settings name."""
    with clinic_at(azure) as clinic:
        for name, value in {**clinic.settings(azure), **database.libpq_environment}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DOUBLEREAD_HOME", str(tmp_path / "home"))
        yield clinic


def pixels(view: str) -> np.ndarray:
    return np.arange(80, dtype=np.uint8).reshape(8, 10) + np.uint8(VIEWS.index(view))


def png(view: str) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels(view)).save(data, "PNG")
    return data.getvalue()


def made(result: dg.ExecuteInProcessResult, name: str) -> dict[str, object]:
    (event,) = (
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.materialization.asset_key.path[-1] == name
    )
    return {key: value.value for key, value in event.metadata.items()}


# dagster-dbt's own use of what Dagster deprecates.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:dagster_dbt")
def test_the_job_leads_from_the_account_to_the_mart_and_a_year_to_its_folders(clinic: Clinic, tmp_path: Path) -> None:
    for view in VIEWS:
        clinic.put(f"2014/S1/{view}.png", data=png(view))
    clinic.put("2014/S2/L__CC.png", data=png("L__CC"))
    clinic.put("2014/S3/scout.png", *(f"2014/S4/{view}.png" for view in VIEWS), data=b"no image")
    for case_id in ("S1", "S2", "S4"):
        clinic.report(id=case_id, year=2014, report="příznivý")
    clinic.report("bad", id="S9", year="soon", report="secret")
    defs = definitions(load_settings())
    with dg.DagsterInstance.ephemeral(tempdir=str(tmp_path)) as instance:
        result = defs.resolve_job_def("clinical_job").execute_in_process(instance=instance)
        index, reports = made(result, "clinical_images"), made(result, "clinical_reports")
        assert (index["matching"], index["partial"], index["added"]) == (9, 1, 10)
        assert (reports["entities"], reports["unusable"]) == (4, 1)
        folders = defs.resolve_job_def("case_folders_job")
        results = [folders.execute_in_process(instance=instance, partition_key="2014") for _ in range(2)]
    runs = [made(result, "clinical_case_folders") for result in results]
    assert [(run["saved"], run["untouched"], run["failed"], run["incomplete"]) for run in runs] == [
        (1, 0, 1, 1),
        (0, 1, 1, 1),
    ]
    (check,) = results[-1].get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("every_complete_case_has_its_folder", False)
    assert [record.data["item"] for record in check.metadata["failures"].value.records] == ["S4 of 2014"]
    case = load_case(tmp_path / "home" / "cases" / "2014" / "S1")
    assert case.report == "příznivý"
    assert case.r_mlo is not None
    assert np.array_equal(case.r_mlo.pixels, pixels("R__MLO"))
