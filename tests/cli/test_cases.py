"""``doubleread cases``: index and list, on a real account."""

import json

from tests.cases.clinic import Clinic
from tests.cli.conftest import Home

VIEWS = ("L__CC", "L__MLO", "R__CC", "R__MLO")
EVIL = "S1' or year eq '2014"


def listed(home: Home, *arguments: str) -> list[tuple[str, int]]:
    cases = json.loads(home.run("cases", "list", "--json", *arguments).stdout)
    return [(case["case_id"], case["year"]) for case in cases]


def test_cases_are_indexed_and_listed_by_year_completeness_and_text(clinic: Clinic, home: Home) -> None:
    clinic.put(*(f"2014/S0000001/{view}.dcm" for view in VIEWS), *(f"2016/S0000001/{view}.dcm" for view in VIEWS))
    clinic.put("2014/S0000002/L__CC.dcm", "2014/S0000002/scout.dcm", "readme.txt")
    clinic.report(id="S0000001", year=2014, report="Příliš ŽLUŤOUČKÝ kůň 🩻")
    clinic.report(id=EVIL, year=2015, report="100 %")
    said = home.run("cases", "index").stdout
    assert "11 blobs, 9 of a case, 1 that name one in part; 10 added, 0 changed, 0 removed" in said
    assert "2 reports, 0 superseded; 2 added" in said
    assert "0 added, 0 changed, 0 removed" in home.run("cases", "index").stdout
    everything = [("S0000001", 2014), ("S0000002", 2014), (EVIL, 2015), ("S0000001", 2016)]
    assert listed(home) == everything
    assert listed(home, "--year", "2014") == everything[:2]
    assert listed(home, "--complete") == everything[:1]
    assert listed(home, "--incomplete", "--year", "2016") == everything[3:]
    assert listed(home, "--text", "žluťoučký") == everything[:1]
    assert listed(home, "--text", "00 %") == [(EVIL, 2015)]
    assert listed(home, "--text", "_") == []
    table = home.run("cases", "list").stdout
    assert ["S0000002", "2014", "l_mlo,", "r_cc,", "r_mlo", "no"] in [line.split() for line in table.splitlines()]
    assert "4 cases, 1 complete" in table


def test_blobs_that_count_for_no_case_are_counted_and_listed_with_their_reasons(clinic: Clinic, home: Home) -> None:
    clinic.put("2016/S4_L__CC.png", "2016/S4_IMG_1901_R__CC.png", "[red]S5/L__MLO.png", "readme.txt")
    said = home.run("cases", "index").stdout
    assert "2 blobs count for no case:" in said
    assert "  2016/S4_IMG_1901_R__CC.png: more than one year (1901, 2016)\n" in said
    table = home.run("cases", "unmatched").stdout
    assert ["[red]S5/L__MLO.png", "partial", "no", "year"] in [line.split() for line in table.splitlines()]
    assert "2 blobs count for no case" in table
    listed = json.loads(home.run("cases", "unmatched", "--json").stdout)
    assert listed[0] == {
        "blob": "2016/S4_IMG_1901_R__CC.png",
        "reason": "partial",
        "problem": "more than one year (1901, 2016)",
        "year": None,
        "case_id": "S4",
        "view": "r_cc",
        "counted_blob": None,
    }
    assert [blob["blob"] for blob in listed[1:]] == ["[red]S5/L__MLO.png"]


def test_a_list_of_unmatched_blobs_without_an_index_says_what_to_do(clinic: Clinic, home: Home) -> None:  # noqa: ARG001
    assert "run doubleread cases index" in home.run("cases", "unmatched", status=2).stderr


def test_what_is_no_report_is_named_and_the_rest_is_done(clinic: Clinic, home: Home) -> None:
    clinic.report("bad", id="S1", year="soon", report="secret")
    clinic.report("good", id="S2", year=2014, report="secret")
    said = home.run("cases", "index", status=1)
    assert "reports/bad: the property year" in said.stdout
    assert "secret" not in said.stdout + said.stderr
    assert listed(home) == [("S2", 2014)]


def test_a_list_without_an_index_says_what_to_do(clinic: Clinic, home: Home) -> None:  # noqa: ARG001
    assert "run doubleread cases index" in home.run("cases", "list", status=2).stderr


def test_a_missing_table_is_named(clinic: Clinic, home: Home) -> None:  # noqa: ARG001
    home.settings["AZURE_STORAGE_TABLE_NAME"] = "nosuch"
    assert "the table nosuch does not exist" in home.run("cases", "index", status=2).stderr
