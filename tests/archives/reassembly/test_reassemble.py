"""Reassembly makes a right DICOM of each header and its pixels, names the rest, and repeats nothing."""

import itertools
import json
import tarfile
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from orchestration.archives.index import ArchiveIndex, uid_hash
from orchestration.archives.reassembly import Reason, partition_of, reassemble
from orchestration.settings import load_settings
from orchestration.stores import PlaceBusyError, open_place
from orchestration.workers import thread_workers
from tests.archives.reassembly.conftest import Partner
from tests.archives.reassembly.delivery import Delivery, Torn, striped, tear
from tests.services.faults import Odds, Request, Reset, Short, Status
from tests.services.places import PlaceToTest

CT, MR = "CT_small.dcm", "MR_small.dcm"


def uids(count: int, root: str = "1.2.3") -> list[str]:
    return [f"{root}.{number}" for number in range(1, count + 1)]


def torn(uid: str, name: str = CT) -> Torn:
    return next(tear(name, [uid]))


def mtimes(partner: Partner) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in Path(partner.output).glob("*.dcm")}


@pytest.mark.parametrize("name", [CT, MR])
def test_each_pair_becomes_a_dicom_with_the_pixels_and_elements_of_the_original(partner: Partner, name: str) -> None:
    striped(partner.folder, tear(name, uids(20)), archives=4).write()
    report = partner.reassemble()
    assert (report.pairs, report.written, report.left_alone, report.unmatched) == (20, 20, 0, Counter())
    original = pydicom.dcmread(str(get_testdata_file(name)))
    made = partner.dicoms()
    assert made.keys() == set(uids(20))
    for uid, data in made.items():
        dataset = pydicom.dcmread(BytesIO(data))
        assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID == uid
        np.testing.assert_array_equal(dataset.pixel_array, original.pixel_array)
        kept = [element for element in original if element.keyword not in {"SOPInstanceUID", "DataSetTrailingPadding"}]
        assert [dataset[element.tag].value for element in kept] == [element.value for element in kept]


def test_dicoms_whose_character_set_could_not_hold_their_text_are_counted_and_named(
    partner: Partner, delivery: Delivery
) -> None:
    name = {"vr": "PN", "Value": [{"Alphabetic": "Dvořák^Jiří"}]}
    for uid, changes in (("1.1", {"_00100010": name}), ("1.2", {})):
        changes |= {"_00080005": {"vr": "CS", "Value": ["ISO_IR 100"]}}
        delivery.add(next(tear(MR, [uid], **changes)), text="t", image="i")
    delivery.write()
    report = partner.reassemble()
    assert (report.written, report.character_sets_changed) == (2, 1)
    assert {uid: row["character_set_changed"] for uid, row in partner.written().items()} == {"1.1": True, "1.2": False}
    assert str(pydicom.dcmread(BytesIO(partner.dicoms()["1.1"])).PatientName) == "Dvořák^Jiří"


def test_what_is_there_and_right_is_not_written_again(partner: Partner) -> None:
    striped(partner.folder, tear(CT, uids(12)), archives=3).write()
    partner.reassemble()
    before = mtimes(partner)
    report = partner.reassemble()
    assert (report.written, report.left_alone) == (0, 12)
    assert mtimes(partner) == before


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"other")])
def test_a_dicom_that_is_gone_or_was_changed_is_made_again_and_no_other(partner: Partner, harm) -> None:
    striped(partner.folder, tear(CT, uids(12)), archives=3).write()
    partner.reassemble()
    made, before = partner.dicoms(), mtimes(partner)
    harm(Path(partner.output, "1.2.3.5.dcm"))
    report = partner.reassemble()
    assert (report.written, report.left_alone) == (1, 11)
    assert partner.dicoms() == made
    assert {name for name, mtime in mtimes(partner).items() if before[name] != mtime} == {"1.2.3.5.dcm"}


def test_archives_that_come_later_add_their_dicoms_and_touch_no_other(partner: Partner) -> None:
    delivery = striped(partner.folder, tear(CT, uids(12)), archives=3)
    delivery.write()
    partner.reassemble()
    before = mtimes(partner)
    for dicom in tear(MR, uids(4, "1.9")):
        delivery.add(dicom, text="later", image="images0001")
    delivery.write()
    report = partner.reassemble()
    assert (report.pairs, report.written) == (16, 4)
    assert mtimes(partner).items() >= before.items()


def test_what_does_not_fit_is_named_with_reason_and_place_and_the_rest_is_done(
    partner: Partner, delivery: Delivery
) -> None:
    good = torn("1.1")
    delivery.add(good, text="t1", image="i1")
    delivery.text["t1"].append(("1.2.json", torn("1.2").header))
    delivery.images["i1"].append(("1.3.j2c", good.pixels))
    delivery.add(torn("1.4"), text="t1", image="i1")
    delivery.add(torn("1.4"), text="t2", image="i1")
    delivery.add(torn("1.5"), text="t1", image="i1")
    delivery.images["i2"] = [("1.5.j2c", bytes(len(good.pixels)))]
    delivery.add(Torn("1.6", torn("1.66").header, good.pixels), text="t1", image="i1")
    delivery.add(Torn("1.7", torn("1.7").header, good.pixels[:-2]), text="t1", image="i1")
    delivery.add(Torn("1.8", b"{not json", good.pixels), text="t1", image="i1")
    delivery.add(Torn("1.9", json.dumps(torn("1.9").header.decode()).encode(), good.pixels), text="t1", image="i1")
    delivery.text["t2"].append(("notes.txt", b"hello"))
    delivery.write()
    report = partner.reassemble()
    assert partner.dicoms().keys() == {"1.1", "1.4", "1.9"}
    expected = {
        ("1.2", "text", "t1.tar", Reason.MISSING_PIXELS),
        ("1.3", "image", "i1.tar", Reason.MISSING_HEADER),
        ("1.4", "text", "t2.tar", Reason.DUPLICATE_EQUAL),
        ("1.4", "image", "i1.tar", Reason.DUPLICATE_EQUAL),
        ("1.5", "image", "i1.tar", Reason.DUPLICATE_DIFFERENT),
        ("1.5", "image", "i2.tar", Reason.DUPLICATE_DIFFERENT),
        ("1.6", "text", "t1.tar", Reason.UID_MISMATCH),
        ("1.7", "image", "i1.tar", Reason.WRONG_PIXELS),
        ("1.8", "text", "t1.tar", Reason.UNREADABLE_HEADER),
        (None, "text", "t2.tar", Reason.NOT_INDEXED),
    }
    rows = partner.unmatched()
    assert {(row["uid"], row["kind"], row["archive"], row["reason"]) for row in rows} == expected
    assert len(rows) == len(expected) == report.unmatched.total()
    assert all(row["detail"] for row in rows)
    again = partner.reassemble()
    assert (again.written, again.left_alone, again.unmatched) == (0, 3, report.unmatched)


def test_a_header_that_is_too_large_to_be_read_is_not(
    partner: Partner, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = torn("1.1"), torn("1.2", MR)
    delivery.add(large, text="t", image="i")
    delivery.add(small, text="t", image="i")
    delivery.write()
    monkeypatch.setattr("orchestration.archives.reassembly.batch.MAX_HEADER_BYTES", len(large.header) - 1)
    assert partner.reassemble().unmatched == {Reason.UNREADABLE_HEADER: 1}
    assert partner.dicoms().keys() == {"1.2"}


def test_a_member_that_was_repaired_is_no_longer_named(partner: Partner, delivery: Delivery) -> None:
    broken = Torn("1.1", b"{", torn("1.1").pixels)
    delivery.add(broken, text="t", image="i")
    delivery.write()
    assert partner.reassemble().unmatched == {Reason.UNREADABLE_HEADER: 1}
    delivery.text["t"] = [("1.1.json", torn("1.1").header)]
    delivery.write()
    assert partner.reassemble().unmatched == {}
    assert partner.unmatched() == []
    assert partner.dicoms().keys() == {"1.1"}


def test_an_archive_that_changed_since_it_was_indexed_is_named_and_harms_no_other(
    partner: Partner, delivery: Delivery
) -> None:
    delivery.add(torn("1.1"), text="t", image="i1")
    delivery.add(torn("1.2"), text="t", image="i2")
    delivery.write()
    index = partner.index()
    with Path(partner.images, "i1.tar").open("ab") as file:
        file.write(bytes(512))
    report = reassemble([index], partner.output, load_settings(), thread_workers(1))
    assert partner.dicoms().keys() == {"1.2"}
    assert report.unmatched == {Reason.NOT_READ: 1}
    assert "update the index" in report.unmatched_shown[0].detail


def test_a_partition_holds_the_uids_whose_hashes_begin_with_it(partner: Partner) -> None:
    striped(partner.folder, tear(CT, uids(12)), archives=3).write()
    members: dict[str, set[str]] = {}
    for uid in uids(12):
        members.setdefault(partition_of(uid_hash(uid)), set()).add(uid)
    (first, wanted), (second, others) = itertools.islice(members.items(), 2)
    report = partner.reassemble(partitions={first})
    assert partner.dicoms().keys() == wanted
    assert report.pairs == report.written == len(wanted)
    partner.reassemble(partitions={second})
    assert partner.dicoms().keys() == wanted | others
    assert partner.reassemble(partitions={first}).left_alone == len(wanted)


def test_a_partition_names_its_own_members_without_a_partner(partner: Partner, delivery: Delivery) -> None:
    delivery.text["t"] = [(f"{uid}.json", torn(uid).header) for uid in uids(8)]
    delivery.images["i"] = []
    delivery.write()
    for uid in uids(8):
        report = partner.reassemble(partitions={partition_of(uid_hash(uid))})
        assert uid in {row.uid for row in report.unmatched_shown}
    assert sorted(row["uid"] for row in partner.unmatched()) == uids(8)


def test_chosen_image_archives_give_their_dicoms_and_say_nothing_of_headers_for_others(partner: Partner) -> None:
    delivery = striped(partner.folder, tear(CT, uids(12)), archives=3)
    delivery.write()
    report = partner.reassemble(image_archives=["images0001.*"])
    members = {name.removesuffix(".j2c") for name, _ in delivery.images["images0001"]}
    assert partner.dicoms().keys() == members
    assert report.unmatched == {}
    partner.reassemble(image_archives=["images000[02].tar"])
    assert partner.dicoms().keys() == partner.written().keys() == set(uids(12))


@pytest.mark.parametrize("at_once", [1, 5])
def test_pairs_that_are_too_many_for_memory_become_the_same_dicoms(
    partner: Partner, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    delivery = striped(partner.folder, tear(MR, uids(12)), archives=3)
    delivery.add(torn("1.2.3.4", MR), text="text0009", image="images0000")
    delivery.write()
    partner.reassemble()
    expected = partner.dicoms()
    partner.output = partner.folder / "spooled"
    monkeypatch.setattr("orchestration.archives.reassembly.joining.SPOOLED_AT_ONCE", at_once)
    partner.reassemble()
    assert partner.dicoms() == expected
    assert expected.keys() == set(uids(12))


def test_headers_of_one_index_belong_to_pixels_of_another(partner: Partner) -> None:
    striped(partner.folder, tear(CT, uids(12)), archives=3).write()
    indexes = []
    for kind, url in (("text", partner.text), ("image", partner.images)):
        indexes.append(ArchiveIndex.create(partner.folder / f"{kind}_index", load_settings()))
        indexes[-1].update(open_place(url, load_settings()), kind)  # type: ignore[arg-type]
    report = reassemble(indexes, partner.output, load_settings(), thread_workers(2))
    assert (report.written, report.unmatched) == (12, {})
    together = partner.dicoms()
    partner.output = partner.folder / "other"
    partner.reassemble()
    assert partner.dicoms() == together


def test_records_of_another_index_in_the_same_output_stay(partner: Partner) -> None:
    striped(partner.folder, tear(CT, uids(6)), archives=2).write()
    partner.reassemble(pack=True)
    other = Partner(partner.folder / "other")
    other.output = partner.output
    striped(other.folder, tear(CT, uids(6, "1.9")), archives=2).write()
    other.reassemble(pack=True)
    assert partner.written().keys() == {*uids(6), *uids(6, "1.9")}
    assert partner.reassemble(pack=True).left_alone == 6


def test_shards_hold_the_same_dicoms_where_their_index_says(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.archives.reassembly.packing.SHARD_BYTES", 100_000)
    striped(partner.folder, tear(CT, uids(12)), archives=2).write()
    partner.reassemble()
    single = partner.dicoms()
    partner.output = partner.folder / "packed"
    report = partner.reassemble(pack=True)
    assert report.written == 12
    shards = {path.name: path for path in Path(partner.output).glob("*.tar")}
    unpacked = {}
    for path in shards.values():
        with tarfile.open(path) as tar:
            unpacked |= {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]
    assert unpacked == {f"{uid.replace('.', '_')}.dcm": data for uid, data in single.items()}
    for uid, row in partner.written().items():
        data = shards[row["object"]].read_bytes()
        assert data[row["byte_offset"] : row["byte_offset"] + row["size_bytes"]] == single[uid]
    assert len(shards) == 6  # two batches of 240 KB
    before = {path: path.stat().st_mtime_ns for path in shards.values()}
    assert partner.reassemble(pack=True).left_alone == 12
    assert {path: path.stat().st_mtime_ns for path in shards.values()} == before


def test_a_second_run_on_the_same_output_is_refused(partner: Partner) -> None:
    striped(partner.folder, tear(CT, uids(2)), archives=1).write()
    with (
        open_place(partner.output, load_settings(), create=True).alone(),
        pytest.raises(PlaceBusyError, match=r"another run is at work in .*; run again"),
    ):
        partner.reassemble()


def test_two_runs_make_the_same_bytes(partner: Partner) -> None:
    striped(partner.folder, tear(MR, uids(8)), archives=2).write()
    partner.reassemble()
    first = partner.dicoms()
    partner.output = partner.folder / "other"
    partner.reassemble()
    assert partner.dicoms() == first


def test_a_server_that_fails_now_and_then_loses_nothing(partner: Partner, server_place: PlaceToTest) -> None:
    delivery = striped(partner.folder, tear(CT, uids(30)), archives=3)
    delivery.write()
    for kind in ("text", "images"):
        for path in Path(partner.folder, kind).iterdir():
            server_place.put(f"{kind}/{path.name}", path.read_bytes())
    partner.text, partner.images = f"{server_place.url}/text", f"{server_place.url}/images"
    index = partner.index()
    partner.output = f"{server_place.url}/out"
    assert server_place.proxy is not None
    faults = {Status(503): 0.1, Reset(): 0.05, Short(): 0.05}
    reads, writes = Odds(7, faults, path=".tar"), Odds(8, {Status(503): 0.2}, method="PUT")
    server_place.proxy.plan = lambda request: reads(request) or writes(request)
    report = reassemble([index], partner.output, load_settings(), thread_workers(2))
    assert server_place.proxy.given
    server_place.proxy.plan = None
    assert (report.written, report.unmatched) == (30, Counter())
    partner.output = partner.folder / "beside"
    partner.reassemble()
    output = open_place(f"{server_place.url}/out", load_settings())
    assert {uid: output.read(f"{uid}.dcm")[0] for uid in uids(30)} == partner.dicoms()
    again = reassemble([index], f"{server_place.url}/out", load_settings(), thread_workers(2))
    assert (again.written, again.left_alone) == (0, 30)


def is_listing(request: Request) -> bool:
    return request.method == "GET" and ("list-type=2" in request.query or "comp=list" in request.query)


def test_listings_and_openings_that_fail_at_first_cost_nothing_and_workers_need_none(
    partner: Partner, server_place: PlaceToTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    striped(partner.folder, tear(MR, uids(12)), archives=3).write()
    for kind in ("text", "images"):
        for path in Path(partner.folder, kind).iterdir():
            server_place.put(f"{kind}/{path.name}", path.read_bytes())
    assert server_place.proxy is not None
    asked: Counter[str] = Counter()

    def fail_twice(request: Request) -> Status | None:
        asked[request.path + request.query] += is_listing(request)
        return Status(503) if is_listing(request) and asked[request.path + request.query] <= 2 else None

    server_place.proxy.plan = fail_twice
    listings = []
    partner.text, partner.images = f"{server_place.url}/text", f"{server_place.url}/images"
    for members_of_a_batch in (20_000, 1):
        monkeypatch.setattr("orchestration.archives.reassembly.joining.BATCH_MEMBERS", members_of_a_batch)
        partner.index_url = partner.folder / f"index{members_of_a_batch}"
        index = partner.index()
        partner.output = f"{server_place.url}/out{members_of_a_batch}"
        server_place.proxy.forget()
        report = reassemble([index], partner.output, load_settings(), thread_workers(2))
        assert (report.written, report.unmatched) == (12, {})
        listings.append(sum(map(is_listing, server_place.proxy.requests)))
        assert server_place.proxy.given
        asked.clear()
    assert listings[0] == listings[1], "a worker lists nothing, however many batches there are"
