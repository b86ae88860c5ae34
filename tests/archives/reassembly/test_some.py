"""Single DICOMs cost two reads, and are those that a whole run would make."""

from pathlib import Path

import pytest

from orchestration.archives.reassembly import Reason, get_dicoms
from orchestration.settings import load_settings
from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import Delivery, striped, tear
from tests.services.places import PlaceToTest

UIDS = [f"1.2.{number}" for number in range(1, 21)]


def test_they_are_what_a_whole_run_makes(partner: Partner) -> None:
    striped(partner.folder, tear("CT_small.dcm", UIDS), archives=3).write()
    result = get_dicoms(partner.index(), UIDS[3:8], partner.output, load_settings())
    assert (result.written, result.unmatched) == (5, [])
    some = partner.dicoms()
    partner.output = partner.folder / "all"
    partner.reassemble()
    assert some == {uid: partner.dicoms()[uid] for uid in UIDS[3:8]}


def test_one_costs_two_reads_of_the_archives(partner: Partner, server_place: PlaceToTest) -> None:
    delivery = striped(partner.folder, tear("CT_small.dcm", UIDS), archives=3)
    delivery.write()
    for kind in ("text", "images"):
        for path in Path(partner.folder, kind).iterdir():
            server_place.put(f"{kind}/{path.name}", path.read_bytes())
    partner.text, partner.images = f"{server_place.url}/text", f"{server_place.url}/images"
    index = partner.index()
    assert server_place.proxy is not None
    server_place.proxy.forget()
    get_dicoms(index, ["1.2.7"], partner.output, load_settings())
    assert server_place.proxy.count("GET", ".tar") == 2
    assert partner.dicoms().keys() == {"1.2.7"}


def test_those_that_cannot_be_made_are_named_and_the_others_are_written(partner: Partner, delivery: Delivery) -> None:
    first, second, third = tear("MR_small.dcm", ["1.1", "1.2", "1.3"])
    delivery.add(first, text="t", image="i")
    delivery.text["t"].append(("1.2.json", second.header))
    delivery.images["i"].append(("1.3.j2c", third.pixels))
    delivery.write()
    result = get_dicoms(partner.index(), ["1.1", "1.2", "1.3", "1.4", "1.1"], partner.output, load_settings())
    assert partner.dicoms().keys() == {"1.1"}
    assert {(row.uid, row.reason) for row in result.unmatched} == {
        ("1.2", Reason.MISSING_PIXELS),
        ("1.3", Reason.MISSING_HEADER),
        ("1.4", Reason.NOT_INDEXED),
    }


@pytest.mark.parametrize("name", ["../../1.1.json", "/1.1.json"])
def test_no_name_of_a_member_leads_out_of_the_output(partner: Partner, delivery: Delivery, name: str) -> None:
    torn = next(tear("MR_small.dcm", ["1.1"]))
    delivery.text["t"] = [(name, torn.header)]
    delivery.images["i"] = [(name.replace("json", "j2c"), torn.pixels)]
    delivery.write()
    index = partner.index()
    before = {path for path in partner.folder.rglob("*") if path.is_file()}
    result = get_dicoms(index, ["1.1", "../1.1"], partner.output, load_settings())
    assert [(row.uid, row.reason) for row in result.unmatched] == [
        ("../1.1", Reason.NOT_INDEXED),
        ("1.1", Reason.NOT_INDEXED),
    ]
    assert {path for path in partner.folder.rglob("*") if path.is_file()} == before, "nothing is written"
