"""The reports are the table's, whatever is written in them; what is not a report is named and stops nothing."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from azure.data.tables import EdmType, EntityProperty

from orchestration.cases import report_table
from orchestration.cases.opening import open_report_table
from orchestration.cases.reports import ReportsReport, read_reports
from orchestration.database import Database
from orchestration.settings import load_settings
from orchestration.stores import StoreUnavailableError, retries
from tests.cases.clinic import Clinic
from tests.dbt.project import rows
from tests.services.azurite import Azurite
from tests.services.faults import Script, Status, faulty_proxy

REPORTS = "select *, xmin::text as written_by from doubleread.clinical_reports order by case_id, year"
CZECH = "Příliš žluťoučký kůň: bez ložiskových změn 🩻, BI-RADS 1.\r\n\tKontrola za 2 roky."


def read(database: Database) -> ReportsReport:
    return read_reports(database, open_report_table(load_settings()))


def texts(database: Database) -> dict[tuple[str, int], str]:
    return {(row["case_id"], row["year"]): row["report"] for row in rows(database, REPORTS)}


def test_reports_arrive_letter_by_letter(clinic: Clinic, database: Database) -> None:
    reports = {
        ("S0000001", 2014): CZECH,
        ("S0000001", 2016): "",
        ("S0000002", 2014): "x" * 32 * 1024,  # 64 KiB in UTF-16, the longest text that a property holds
        ("S1' or year eq '2014", 2014): "'; drop table doubleread.clinical_reports; -- \\N \\.",
    }
    for (case_id, year), report in reports.items():
        clinic.report(id=case_id, year=year, report=report)
    result = read(database)
    assert texts(database) == reports
    assert (result.entities, result.added, result.unusable.count) == (4, 4, 0)


@pytest.mark.parametrize("year", [2014, "2014", EntityProperty(2014, EdmType.INT64)], ids=repr)
def test_a_year_may_be_a_number_or_a_text(year: object, clinic: Clinic, database: Database) -> None:
    clinic.report(id="S1", year=year, report="fine")
    read(database)
    assert texts(database) == {("S1", 2014): "fine"}


def test_reading_again_writes_only_what_changed(clinic: Clinic, database: Database) -> None:
    for number in range(4):
        clinic.report(f"{number}", id=f"S{number}", year=2014, report="first")
    read(database)
    before = {row["case_id"]: row for row in rows(database, REPORTS)}
    clinic.report("1", id="S1", year=2014, report="second")
    clinic.report("9", id="S9", year=2014, report="new")
    clinic.table.delete_entity("reports", "2")
    result = read(database)
    assert (result.added, result.changed, result.removed) == (1, 1, 1)
    after = {row["case_id"]: row for row in rows(database, REPORTS)}
    assert {case_id for case_id, row in after.items() if before.get(case_id) != row} == {"S1", "S9"}


def test_of_two_reports_on_one_case_the_later_counts(clinic: Clinic, database: Database) -> None:
    clinic.report("b", id="S1", year=2014, report="earlier")
    clinic.report("a", id="S1", year=2014, report="later")
    result = read(database)
    assert texts(database) == {("S1", 2014): "later"}
    assert (result.entities, result.superseded) == (2, 1)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"year": 2014, "report": "secret"}, "property id is missing"),
        ({"id": 7, "year": 2014, "report": "secret"}, "property id is missing, or is not text"),
        ({"id": "S" * 1001, "year": 2014, "report": "secret"}, "more than 1,000 bytes"),
        ({"id": "S1", "report": "secret"}, "property year is missing"),
        ({"id": "S1", "year": 20140101, "report": "secret"}, "not a year of four digits"),
        ({"id": "S1", "year": True, "report": "secret"}, "not a year of four digits"),
        ({"id": "S1", "year": 2014}, "property report is missing"),
        ({"id": "S1", "year": 2014, "report": b"secret"}, "property report is missing, or is not text"),
    ],
)
def test_what_is_no_report_is_named_by_its_key_and_stops_nothing(
    properties: dict[str, Any], reason: str, clinic: Clinic, database: Database
) -> None:
    clinic.report("bad", **properties)
    clinic.report("good", id="S2", year=2014, report="fine")
    result = read(database)
    assert texts(database) == {("S2", 2014): "fine"}
    (shown,) = result.unusable.shown
    assert shown.item == "reports/bad"
    assert reason in shown.reason
    assert "secret" not in str(shown)


def test_pages_are_read_once_and_a_page_that_fails_is_asked_for_again(
    clinic: Clinic, azure: Azurite, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "FIRST_BACKOFF_SECONDS", 0.001)
    monkeypatch.setattr(report_table, "ENTITIES_A_PAGE", 2)
    for number in range(7):
        clinic.report(id=f"S{number}", year=2014, report=f"{number}")
    with faulty_proxy(azure.table_endpoint) as proxy:
        behind = replace(azure, table_endpoint=f"{proxy.endpoint}/{azure.account_name}")
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", behind.connection_string)
        table = open_report_table(load_settings())
        proxy.forget()
        proxy.plan = Script([None, Status(503), Status(429)])
        read_reports(database, table)
        assert len(proxy.requests) == 4 + 2
        proxy.plan = Script(itertools.chain([None], itertools.repeat(Status(503))))
        with pytest.raises(StoreUnavailableError, match=r"stopped after 2 reports .*; the reports stay as they were"):
            read_reports(database, table)
    assert texts(database) == {(f"S{number}", 2014): f"{number}" for number in range(7)}
