"""Retrieval: what arrives is what the store holds, or the reason why not; nothing half-done is ever visible."""

import hashlib
import itertools
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from azure.storage.blob import ContentSettings

from orchestration.settings import load_settings
from orchestration.stores import ObjectVersion, Place, Retrieval, retrieve
from orchestration.stores import retrieval as retrieval_module
from orchestration.stores.bucket import Bucket, s3_bucket
from orchestration.stores.retrieval import DiskFullError, local_name
from tests.services.faults import Fault, Flip, Odds, Reset, Script, Short, Stall, Status
from tests.services.places import PlaceToTest

Images = dict[str, bytes]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.stores.retries.FIRST_BACKOFF_SECONDS", 0.01)


def fill(store: Place, images: Images) -> None:
    for path, data in images.items():
        store.put(path, [data])


def fetch(
    store: Place, images: Iterable[str], folder: Path, known: dict[str, Retrieval] | None = None
) -> dict[str, Retrieval]:
    return {r.path: r for r in retrieve(store, list(images), folder, known or {})}


def assert_right(retrieval: Retrieval, data: bytes) -> None:
    assert retrieval.reason is None
    assert retrieval.local_path is not None
    assert retrieval.local_path.read_bytes() == data
    assert retrieval.sha256 == hashlib.sha256(data).hexdigest()
    assert retrieval.size_bytes == len(data)


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_each_image_arrives_whole_with_its_checksum_and_nothing_else_lies_there(
    place: PlaceToTest, images: Callable[[int], Images], tmp_path: Path
) -> None:
    wanted = images(40)
    fill(place.opened, wanted | {"other/not wanted.png": b"x"})
    done = fetch(place.opened, wanted, tmp_path / "scans")
    for path, data in wanted.items():
        assert_right(done[path], data)
    assert files_in(tmp_path / "scans") == {r.local_path for r in done.values()}


def test_a_second_retrieval_of_many_images_reads_none(
    place: PlaceToTest, images: Callable[[int], Images], tmp_path: Path
) -> None:
    wanted = images(40)
    fill(place.opened, wanted)
    known = fetch(place.opened, wanted, tmp_path / "scans")
    if place.proxy:
        place.proxy.forget()
    again = fetch(place.opened, wanted, tmp_path / "scans", known)
    assert not any(r.fetched for r in again.values())
    assert {r.local_path for r in again.values()} == {r.local_path for r in known.values()}
    if place.proxy:
        assert len(place.proxy.requests) <= 2, "one listing, not a request for each image"


def test_a_changed_image_is_fetched_again_and_the_others_are_not(place: PlaceToTest, tmp_path: Path) -> None:
    fill(place.opened, {"a.png": b"first", "b.png": b"stays"})
    known = fetch(place.opened, ["a.png", "b.png"], tmp_path / "scans")
    place.opened.put("a.png", [b"second"])
    again = fetch(place.opened, ["a.png", "b.png"], tmp_path / "scans", known)
    assert_right(again["a.png"], b"second")
    assert (again["a.png"].fetched, again["b.png"].fetched) == (True, False)


@pytest.mark.parametrize("harm", ["removed", "cut short", "touched"])
def test_a_copy_that_is_not_intact_is_fetched_again(folder_place: PlaceToTest, tmp_path: Path, harm: str) -> None:
    fill(folder_place.opened, {"a.png": b"content"})
    known = fetch(folder_place.opened, ["a.png"], tmp_path / "scans")
    copy = known["a.png"].local_path
    assert copy is not None
    if harm == "removed":
        copy.unlink()
    elif harm == "cut short":
        os.truncate(copy, 3)
    else:
        copy.write_bytes(b"CONTENT")
    assert_right(fetch(folder_place.opened, ["a.png"], tmp_path / "scans", known)["a.png"], b"content")


def test_a_missing_image_is_named_with_its_reason_and_stops_nobody(place: PlaceToTest, tmp_path: Path) -> None:
    fill(place.opened, {"here.png": b"here"})
    done = fetch(place.opened, ["here.png", "gone.png"], tmp_path / "scans")
    assert_right(done["here.png"], b"here")
    assert done["gone.png"].reason == "not in the store (404)"
    assert not done["gone.png"].retryable


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "../secret.png",
        "a/../../b.png",
        "a//b.png",
        "a/./b.png",
        "a\\..\\b.png",
        "a\0.png",
        pytest.param("x" * 10_000, id="long"),
    ],
)
def test_a_path_that_leaves_the_store_is_refused_by_name_before_any_request(
    folder_place: PlaceToTest, tmp_path: Path, path: str
) -> None:
    fill(folder_place.opened, {"here.png": b"here"})
    done = fetch(folder_place.opened, [path, "here.png"], tmp_path / "scans")
    assert done[path].reason is not None
    assert done[path].reason.startswith("refused: ")
    assert len(done[path].reason) < 200
    assert_right(done["here.png"], b"here")


@pytest.mark.parametrize(
    "fault",
    [
        Status(503),
        Status(500),
        Status(429, retry_after=1),
        Status(408),
        Reset(),
        Reset(0.0),
        Short(),
        Short(0.99),
        Stall(0.2),
    ],
    ids=str,
)
def test_a_fault_that_passes_is_mended_by_another_attempt(
    server_place: PlaceToTest, tmp_path: Path, fault: Fault
) -> None:
    data = bytes(range(256)) * 5_000
    fill(server_place.opened, {"a.png": data})
    assert server_place.proxy is not None
    server_place.proxy.plan = Script([fault], path="a.png")
    done = fetch(server_place.opened, ["a.png"], tmp_path / "scans")
    assert_right(done["a.png"], data)
    assert done["a.png"].attempts == (1 if isinstance(fault, Stall) else 2)


def test_a_flipped_bit_is_noticed_by_the_stored_checksum(server_place: PlaceToTest, tmp_path: Path) -> None:
    data = bytes(range(256)) * 5_000
    fill(server_place.opened, {"a.png": data})
    assert server_place.proxy is not None
    server_place.proxy.plan = Script([Flip(0.3)], path="a.png")
    done = fetch(server_place.opened, ["a.png"], tmp_path / "scans")
    assert_right(done["a.png"], data)
    assert done["a.png"].attempts == 2


def test_a_fault_that_never_passes_is_given_up_and_named_and_leaves_nothing(
    server_place: PlaceToTest, tmp_path: Path
) -> None:
    fill(server_place.opened, {"bad.png": b"x" * 1000, "good.png": b"y"})
    assert server_place.proxy is not None
    server_place.proxy.plan = Script(itertools.repeat(Short()), path="bad.png")
    done = fetch(server_place.opened, ["bad.png", "good.png"], tmp_path / "scans")
    assert done["bad.png"].retryable
    assert "in each of 6 attempts; run again later" in str(done["bad.png"].reason)
    assert_right(done["good.png"], b"y")
    assert files_in(tmp_path / "scans") == {done["good.png"].local_path}


@pytest.mark.parametrize("status", [403, 404])
def test_what_a_retry_cannot_mend_is_asked_for_once(server_place: PlaceToTest, tmp_path: Path, status: int) -> None:
    fill(server_place.opened, {"a.png": b"x"})
    proxy = server_place.proxy
    assert proxy is not None
    proxy.forget()
    proxy.plan = Script(itertools.repeat(Status(status)), path="a.png")
    done = fetch(server_place.opened, ["a.png"], tmp_path / "scans")
    assert str(status) in str(done["a.png"].reason)
    assert not done["a.png"].retryable
    assert proxy.count("GET", "a.png") == 1


def test_with_one_request_in_five_failing_every_image_is_right_or_named(
    azure_place: PlaceToTest, images: Callable[[int], Images], tmp_path: Path
) -> None:
    wanted = images(150)
    fill(azure_place.opened, wanted)
    assert azure_place.proxy is not None
    odds = {Status(503): 0.05, Status(429): 0.05, Reset(): 0.04, Short(): 0.03, Flip(): 0.03}
    azure_place.proxy.plan = Odds(seed=1, odds=odds)
    done = fetch(azure_place.opened, wanted, tmp_path / "scans")
    assert done.keys() == wanted.keys()
    for path, data in wanted.items():
        if done[path].reason is None:
            assert_right(done[path], data)
        else:
            assert done[path].retryable
    assert len(azure_place.proxy.given) > 20


def test_a_checksum_that_azure_does_not_hold_is_not_missed(azure_place: PlaceToTest, tmp_path: Path) -> None:
    """Blobs uploaded in blocks carry no MD5 unless their owner sets one."""
    store = azure_place.opened
    store.put("a.png", [b"content"])
    blob = store._client.get_blob_client("some/folder/a.png")
    blob.set_http_headers(ContentSettings(content_md5=None))
    assert store.describe("a.png").md5 is None
    assert_right(fetch(store, ["a.png"], tmp_path / "scans")["a.png"], b"content")


def test_an_s3_etag_that_is_no_md5_does_not_hide_the_object(s3_place: PlaceToTest, tmp_path: Path) -> None:
    """The ETag of an object encrypted with a key of one's own looks like an MD5 and is none."""
    fill(s3_place.opened, {"a.png": b"content"})

    class OtherEtag(Bucket):
        def describe(self, path: str) -> ObjectVersion:
            return replace(super().describe(path), md5="0" * 32)

    bucket, _, prefix = s3_place.url.removeprefix("s3://").partition("/")
    done = fetch(OtherEtag(s3_place.url, load_settings(), s3_bucket(bucket, prefix)), ["a.png"], tmp_path / "scans")
    assert_right(done["a.png"], b"content")
    assert done["a.png"].attempts == 2


def test_names_that_are_hard_on_file_systems_are_told_apart(folder_place: PlaceToTest, tmp_path: Path) -> None:
    wanted = {"a.png": b"1", "A.PNG": b"2", "a b%20#?.png": b"3", "ž/ř.png": b"4", "CON.png": b"5", "noext": b"6"}
    fill(folder_place.opened, wanted)
    done = fetch(folder_place.opened, wanted, tmp_path / "scans")
    for path, data in wanted.items():
        assert_right(done[path], data)
    assert len({local_name("file:///x", path).lower() for path in wanted}) == len(wanted)


def test_too_little_disk_is_said_before_the_first_byte(
    folder_place: PlaceToTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder_place.opened, {"a.png": b"x"})
    monkeypatch.setattr(retrieval_module, "SPARE_DISK_BYTES", 1 << 62)
    with pytest.raises(DiskFullError, match="DOUBLEREAD_HOME"):
        fetch(folder_place.opened, ["a.png"], tmp_path / "scans")


def test_an_enormous_image_is_refused_before_it_is_fetched(
    folder_place: PlaceToTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder_place.opened, {"a.png": b"x" * 11})
    monkeypatch.setattr(retrieval_module, "MAX_OBJECT_BYTES", 10)
    monkeypatch.setattr("orchestration.stores.fetching.MAX_OBJECT_BYTES", 10)
    assert "at most 10" in str(fetch(folder_place.opened, ["a.png"], tmp_path / "scans")["a.png"].reason)


def test_what_a_killed_run_left_half_done_goes_away(folder_place: PlaceToTest, tmp_path: Path) -> None:
    fill(folder_place.opened, {"a.png": b"x"})
    (tmp_path / "scans" / ".partial").mkdir(parents=True)
    (tmp_path / "scans" / ".partial" / "left").write_bytes(b"half")
    done = fetch(folder_place.opened, ["a.png"], tmp_path / "scans")
    assert files_in(tmp_path / "scans") == {done["a.png"].local_path}


def test_a_reader_that_stops_early_leaves_no_thread_behind(folder_place: PlaceToTest, tmp_path: Path) -> None:
    fill(folder_place.opened, {f"{n}.png": b"x" for n in range(50)})
    before = threading.active_count()
    outcomes = retrieve(folder_place.opened, [f"{n}.png" for n in range(50)], tmp_path / "scans", {})
    next(outcomes)
    outcomes.close()
    assert threading.active_count() == before
