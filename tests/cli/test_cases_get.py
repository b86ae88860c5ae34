"""``doubleread cases get``, on a real account."""

import pytest

from orchestration.cases import index_images, load_case, open_container, open_report_table, read_reports
from orchestration.database import open_database
from orchestration.settings import Settings
from tests.cases.cases import REPORT, VIEWS, blob_name, dicom
from tests.cases.clinic import Clinic
from tests.cli.conftest import Home


def index(home: Home) -> None:
    """What ``cases index`` does, but for the models, which ``get`` does not ask and which take seconds."""
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in home.settings.items()})
    database = open_database(settings)
    index_images(database, open_container(settings))
    read_reports(database, open_report_table(settings))


def test_a_case_is_shown_and_saved_and_its_report_only_on_demand(clinic: Clinic, home: Home) -> None:
    for seed, view in enumerate(VIEWS):
        clinic.put(blob_name("S0000001", 2014, view), data=dicom(seed))
    clinic.report(id="S0000001", year=2014, report=REPORT)
    index(home)
    said = home.run("cases", "get", "S0000001", "--year", "2014", "--save", "out").stdout
    assert "0.07 x 0.08" in said
    assert "export 2014/S0000001/R__MLO.dcm" in said
    assert "malignity" not in said
    assert load_case(home.folder / "out" / "2014" / "S0000001").report == REPORT
    assert "malignity" in home.run("cases", "get", "S0000001", "--year", "2014", "--report").stdout
    (home.folder / "file").write_bytes(b"")
    refused = home.run("cases", "get", "S0000001", "--year", "2014", "--save", "file/below", status=2).stderr
    assert "the case can't be saved to file/below (Not a directory)" in refused


def test_what_is_missing_is_named_and_ends_with_status_1(clinic: Clinic, home: Home) -> None:
    clinic.put(blob_name("S1", 2014, "L__CC"), data=dicom(1))
    index(home)
    refused = home.run("cases", "get", "S1", "--year", "2014", status=1).stdout
    assert all(part in refused for part in ("l_mlo", "r_cc", "r_mlo", "report"))
    partial = home.run("cases", "get", "S1", "--year", "2014", "--partial", "--save", "out", status=1).stdout
    assert "24 x 20" in partial
    assert load_case(home.folder / "out" / "2014" / "S1").images.keys() == {"l_cc"}
    clinic.container.delete_blob(blob_name("S1", 2014, "L__CC"))
    outdated = home.run("cases", "get", "S1", "--year", "2014", "--partial", status=1).stdout
    assert "doubleread cases index" in outdated


def test_a_contradiction_is_an_error_and_marked_on_demand(clinic: Clinic, home: Home) -> None:
    for seed, view in enumerate(VIEWS):
        clinic.put(blob_name("S1", 2014, view), data=dicom(seed, ImageLaterality="R"))
    clinic.report(id="S1", year=2014, report=REPORT)
    index(home)
    refused = home.run("cases", "get", "S1", "--year", "2014", status=1).stdout
    assert "l_mlo: its header says R, its name L" in refused
    arguments = ("S1", "--year", "2014", "--allow-contradictions", "--save", "out")
    served = home.run("cases", "get", *arguments, status=1).stdout
    assert "contradiction: l_cc: its header says R, its name L" in served
    assert len(load_case(home.folder / "out" / "2014" / "S1").contradictions) == 2


@pytest.mark.usefixtures("clinic")
def test_what_is_no_case_ends_with_status_1_and_what_is_no_year_with_2(home: Home) -> None:
    index(home)
    assert "neither in the index" in home.run("cases", "get", "S1", "--year", "2014", status=1).stdout
    assert "is not a case id" in home.run("cases", "get", "S1' or year eq '2014", "--year", "2014", status=1).stdout
    home.run("cases", "get", "S1", "--year", "20140", status=2)
