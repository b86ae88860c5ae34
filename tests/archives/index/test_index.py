"""The index knows each member of each archive by its UID, wherever archives and index lie."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.archives.index import (
    ArchiveIndex,
    ArchivesMissingError,
    IndexDamagedError,
    IndexMissingError,
    IndexReport,
    Location,
    MemberReader,
)
from orchestration.archives.index.names import Kind
from orchestration.outcomes import Failure
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.workers import process_workers
from tests.archives.tar.tars import archive, files, info, write_archives
from tests.services.faults import Script, Status
from tests.services.places import PlaceToTest

HEADERS = {
    "text1.tar": {"1.1.json": b"{}", "1.2.json": b"{1}"},
    "deep/text2.tar": {"folder/1.3.json": b"{22}", "./1.4.json": b""},
}
PIXELS = {"images1.tar": {"1.3.j2c": b"p" * 3000, "1.1.j2c": b"q" * 700}}


def update(index: ArchiveIndex, url: str, kind: Kind) -> IndexReport:
    return index.update(open_place(url, load_settings()), kind)


def contents(index: ArchiveIndex) -> list[tuple[str, Kind, bytes]]:
    """UID, kind and bytes of each member, read where the index says."""
    uids = [uid for batch in index.entries() for uid in batch["uid"].to_pylist()]
    reader = MemberReader(load_settings())
    found = [entry for entries in index.find(uids).values() for entry in entries]
    return [(entry.uid, entry.kind, reader.read(Location(*entry[2:]))) for entry in found]


def test_each_member_is_found_where_it_lies(
    place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    text, images, there = (beside(place, name) for name in ("text", "images", "index"))
    for target, archives in ((text, HEADERS), (images, PIXELS)):
        for name, members in archives.items():
            if target.url.startswith("file:"):
                write_archives(Path(target.url.removeprefix("file://")), archives)
            else:
                target.put(name, files(members))
    index = ArchiveIndex.create(there.url)
    assert update(index, text.url, "text") == IndexReport(archives=2, indexed=2, members=4)
    assert update(index, images.url, "image") == IndexReport(archives=1, indexed=1, members=2)
    again = ArchiveIndex.open(there.url)
    expected = [
        (uid.rpartition("/")[2].removesuffix(".json"), data) for of in HEADERS.values() for uid, data in of.items()
    ]
    assert [(uid, data) for uid, kind, data in contents(again) if kind == "text"] == sorted(expected)
    assert [(uid, data) for uid, kind, data in contents(again) if kind == "image"] == [
        ("1.1", b"q" * 700),
        ("1.3", b"p" * 3000),
    ]
    assert again.find(["1.2.3"]) == {"1.2.3": []}
    assert again.member_count == 6


def test_a_second_update_reads_no_archive(
    server_place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    server_place.put("a.tar", files({"1.1.json": b"{}"}))
    index = ArchiveIndex.create(beside(server_place, "index").url)
    update(index, server_place.url, "text")
    assert server_place.proxy is not None
    server_place.proxy.forget()
    assert update(index, server_place.url, "text") == IndexReport(archives=1, unchanged=1)
    assert server_place.proxy.count("GET", "a.tar") == 0
    assert not any(request.method in {"PUT", "POST"} for request in server_place.proxy.requests), "nothing is written"


def test_a_changed_archive_is_replaced_a_new_one_added_and_one_that_is_gone_taken_out(tmp_path: Path) -> None:
    url = write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}, "b.tar": {"1.2.json": b"b"}})
    index = ArchiveIndex.create(tmp_path / "index")
    update(index, url, "text")
    write_archives(tmp_path / "text", {"a.tar": {"1.3.json": b"new"}, "c.tar": {"1.4.json": b"d", "1.2.json": b"b2"}})
    (tmp_path / "text" / "b.tar").unlink()
    assert update(index, url, "text") == IndexReport(archives=2, indexed=2, replaced=1, removed=1, members=3)
    assert contents(index) == [("1.2", "text", b"b2"), ("1.3", "text", b"new"), ("1.4", "text", b"d")]
    assert sorted(index.archives()["archive"].to_pylist()) == ["a.tar", "c.tar"]


def test_another_kind_and_another_place_are_left_alone(tmp_path: Path) -> None:
    first = write_archives(tmp_path / "one", {"a.tar": {"1.1.json": b"a", "1.1.j2c": b"b"}})
    second = write_archives(tmp_path / "two", {"a.tar": {"1.1.json": b"c"}})
    index = ArchiveIndex.create(tmp_path / "index")
    for url, kind in ((first, "text"), (first, "image"), (second, "text"), (second, "text")):
        update(index, url, kind)
    assert [data for _, _, data in contents(index)] == [b"b", b"a", b"c"], "duplicates are kept"
    assert [problem.member for problem in index.problems()] == ["1.1.j2c", "1.1.json"]


def test_the_members_of_some_archives_come_in_the_order_in_which_they_lie_there(tmp_path: Path) -> None:
    names = [f"{n}.tar" for n in range(9)]
    members = {name: {f"1.{n}.{100 - m}.j2c": b"x" * m for m in range(40)} for n, name in enumerate(names)}
    url = write_archives(tmp_path / "images", members)
    index = ArchiveIndex.create(tmp_path / "index")
    update(index, url, "image")
    ids = {row["archive"]: row["archive_id"] for row in index.archives("image").to_pylist()}
    batches = index.entries_of_archives([ids["7.tar"], ids["2.tar"]])
    rows = [row for batch in batches for row in batch.to_pylist()]
    assert [(row["archive_id"], row["byte_offset"]) for row in rows] == sorted(
        (row["archive_id"], row["byte_offset"]) for row in rows
    )
    by_archive = {
        name: [f"{row['uid']}.j2c" for row in rows if row["archive_id"] == ids[name]] for name in ("2.tar", "7.tar")
    }
    assert by_archive == {name: list(members[name]) for name in ("2.tar", "7.tar")}
    assert len(rows) == 80


def test_whatever_does_not_fit_is_named_with_its_place_and_reason(tmp_path: Path) -> None:
    longest = ".".join(["12345678901234567890"] * 3)
    members = [
        info("folder", kind=tarfile.DIRTYPE),
        info("1.2.j2c", kind=tarfile.DIRTYPE),
        info("1.3.j2c", 3),
        info("a/001.02.j2c", 4),
        info(f"{longest}99.j2c", 5),
        info(f"{longest}999.j2c", 5),
        info("../1.4.j2c", 6),
        info("/1.5.j2c", 7),
        info("a/../1.6.j2c", 8),
        info("1.7.json", 9),
        info("1..8.j2c", 10),
        info("._1.9.j2c", 11),
        info("1.10.j2c", kind=tarfile.LNKTYPE, link="1.3.j2c"),
        info("\udcff.j2c", 12),
        info("1.11.j2c\n", 13),
    ]
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "odd.tar").write_bytes(archive(members, tarfile.GNU_FORMAT))
    (tmp_path / "images" / "cut.tar").write_bytes(files({"1.20.j2c": b"x", "1.21.j2c": b"y" * 5000})[:3000])
    (tmp_path / "images" / "text.tar").write_bytes(b"no archive" * 100)
    index = ArchiveIndex.create(tmp_path / "index")
    report = update(index, str(tmp_path / "images"), "image")
    assert sorted(uid for uid, _, _ in contents(index)) == ["001.02", "1.20", "1.3", f"{longest}99"]
    named = "its name is not <UID>.j2c"
    leaves = "its name is absolute or leaves the archive"
    assert [(p.member, p.reason.partition(":")[0]) for p in index.problems() if p.archive == "odd.tar"] == [
        ("1.2.j2c", "a directory, not a file"),
        (f"{longest}999.j2c", named),
        ("../1.4.j2c", leaves),
        ("/1.5.j2c", leaves),
        ("a/../1.6.j2c", leaves),
        ("1.7.json", named),
        ("1..8.j2c", named),
        ("._1.9.j2c", named),
        ("1.10.j2c", "a hard link"),
        ("\\xff.j2c", named),
        ("1.11.j2c\n", named),
    ]
    assert [(p.member, p.byte_offset, p.reason) for p in index.problems() if p.archive == "cut.tar"] == [
        ("1.21.j2c", 1536, "cut short: 5,000 bytes, of which the archive holds 1,464"),
        ("", 3000, "it ends without the zeros that mark an archive's end: it may be cut short"),
    ]
    assert [p.reason.partition(":")[0] for p in index.problems() if p.archive == "text.tar"] == [
        "it does not begin with a tar header"
    ]
    assert report.problems == 14
    assert sum(index.archives()["problems"].to_pylist()) == 14


def test_an_archive_that_can_not_be_read_is_named_and_tried_again_by_the_next_update(
    server_place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    for number in range(4):
        server_place.put(f"{number}.tar", files({f"1.{number}.json": b"{}"}))
    index = ArchiveIndex.create(beside(server_place, "index").url)
    assert server_place.proxy is not None
    server_place.proxy.plan = lambda request: Status(403) if request.path.endswith("2.tar") else None
    report = update(index, server_place.url, "text")
    assert report.failed.shown == [
        Failure("2.tar", "the store refuses access to it (403); check the credential's rights")
    ]
    assert (report.indexed, index.member_count) == (3, 3)
    server_place.proxy.plan = Script([Status(503), Status(500), None], path="2.tar")
    assert update(index, server_place.url, "text") == IndexReport(archives=4, indexed=1, unchanged=3, members=1)


def test_an_archive_whose_name_is_unsafe_is_named(tmp_path: Path) -> None:
    write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}, "b\n.tar": {"1.2.json": b"b"}})
    index = ArchiveIndex.create(tmp_path / "index")
    report = update(index, str(tmp_path / "text"), "text")
    assert report.failed.shown == [Failure("b\\n.tar", "the path holds a control character")]
    assert index.member_count == 1


def test_processes_give_the_same_index_as_threads(tmp_path: Path) -> None:
    url = write_archives(
        tmp_path / "text", {f"{n}.tar": {f"1.{n}.{m}.json": b"x" for m in range(20)} for n in range(9)}
    )
    (tmp_path / "text" / "broken\n.tar").write_bytes(b"")
    store = open_place(url, load_settings())
    by_threads, by_processes = (ArchiveIndex.create(tmp_path / name) for name in ("threads", "processes"))
    assert by_processes.update(store, "text", workers=process_workers(2)) == by_threads.update(store, "text")
    assert contents(by_processes) == contents(by_threads)


def test_progress_is_told_from_what_is_known_to_the_last_archive(tmp_path: Path) -> None:
    url = write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}})
    index = ArchiveIndex.create(tmp_path / "index")
    update(index, url, "text")
    write_archives(tmp_path / "text", {"b.tar": {}, "c.tar": {}})
    told: list[tuple[int, int]] = []
    index.update(open_place(url, load_settings()), "text", progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_place_that_has_become_empty_is_taken_for_a_mistake(tmp_path: Path) -> None:
    url = write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}})
    index = ArchiveIndex.create(tmp_path / "index")
    update(index, url, "text")
    (tmp_path / "text" / "a.tar").unlink()
    with pytest.raises(ArchivesMissingError, match=r"no archives at .*/text, where the index knows 1; check the URL"):
        update(index, url, "text")
    assert index.member_count == 1


def test_where_there_is_no_index_none_is_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(IndexMissingError, match=r"no index at .*/empty; make one with doubleread archives index"):
        ArchiveIndex.open(tmp_path / "empty")
    assert not list((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("data", [b"", b"[]", b'{"form": 99}', b'{"form": 1}', b"\xff"])
def test_a_damaged_manifest_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "index.json").write_bytes(data)
    with pytest.raises(IndexDamagedError, match=r"index\.json at .* is no manifest of an index; delete the index"):
        ArchiveIndex.open(tmp_path)


def test_a_damaged_file_of_an_index_is_named(tmp_path: Path) -> None:
    url = write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}})
    update(ArchiveIndex.create(tmp_path / "index"), url, "text")
    (file,) = (tmp_path / "index").glob("members-*.parquet")
    file.write_bytes(bytes(file.stat().st_size))
    with pytest.raises(IndexDamagedError, match=r"damaged in members-\w+\.parquet; delete the index"):
        ArchiveIndex.open(tmp_path / "index").find(["1.1"])


def test_the_shared_sample_holds_twenty_pairs(shared_data: Path, tmp_path: Path) -> None:
    index = ArchiveIndex.create(tmp_path / "index")
    sample = shared_data / "hai-archives"
    assert update(index, str(sample / "text"), "text") == IndexReport(archives=3, indexed=3, members=20)
    assert update(index, str(sample / "images"), "image") == IndexReport(archives=3, indexed=3, members=20)
    uids = {uid for batch in index.entries() for uid in batch["uid"].to_pylist()}
    found = index.find(list(uids))
    assert len(found) == 20
    assert all([entry.kind for entry in entries] == ["image", "text"] for entries in found.values())
    pair = found["2.25.32906972551432148964768"]
    assert [(entry.archive, entry.size_bytes) for entry in pair] == [("images2.tar", 32768), ("text1.tar", 14936)]
    assert not list(index.problems())
