"""A place gives what lies there, in the version that was asked for, and takes an object whole or not at all."""

import itertools
import os
import pickle
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import obstore
import pytest

from orchestration.settings import load_settings
from orchestration.stores import (
    MissingObjectError,
    ObjectChangedError,
    PermanentStoreError,
    Place,
    PlaceBusyError,
    StoreError,
    StoreUnavailableError,
    open_place,
)
from orchestration.stores.bucket import s3_bucket
from tests.services.faults import Fault, Reset, Script, Short, Status
from tests.services.places import PlaceToTest

DATA = bytes(range(256)) * 20_000


def read(place: Place, path: str, offset: int, length: int) -> bytes:
    with place.reader(path, place.describe(path).etag) as read_at:
        return read_at(offset, length)


def test_every_object_is_listed_by_its_path_and_those_of_a_folder_by_themselves(place: PlaceToTest) -> None:
    sizes = {"b.tar": 5, "deep/er/a.tar": 13, "deep.tar": 8, "x y.json": 7}
    for name, size in sizes.items():
        place.put(name, b"x" * size)
    listed = list(place.opened.list())
    assert [(version.path, version.size_bytes) for version in listed] == sorted(sizes.items())
    assert [version.path for version in place.opened.list("deep")] == ["deep/er/a.tar"]
    assert {version.etag for version in listed} == {place.opened.describe(name).etag for name in sizes}


def test_a_range_is_what_lies_there_also_in_another_process(place: PlaceToTest) -> None:
    place.put("a b.tar", DATA)
    opened = pickle.loads(pickle.dumps(place.opened))  # noqa: S301 - as a worker gets it
    for start, length in ((300, 5000), (len(DATA) - 1, 1), (0, len(DATA)), (1_234_567, 1)):
        assert opened.read_range("a b.tar", start, length) == DATA[start : start + length]
        assert read(opened, "a b.tar", start, length) == DATA[start : start + length]
    with pytest.raises(StoreError, match=r"2 bytes at 5,119,999 were asked for, 1 came"):
        opened.read_range("a b.tar", len(DATA) - 1, 2)


def test_a_place_that_reaches_a_worker_asks_for_nothing_but_what_is_read(server_place: PlaceToTest) -> None:
    server_place.put("a.tar", b"content")
    sent = pickle.dumps(server_place.opened)
    assert server_place.proxy is not None
    server_place.proxy.forget()
    assert pickle.loads(sent).read_range("a.tar", 0, 4) == b"cont"  # noqa: S301
    assert len(server_place.proxy.requests) == 1


def test_another_version_is_refused_at_once(place: PlaceToTest) -> None:
    place.put("a.tar", b"first")
    version = place.opened.describe("a.tar")
    place.put("a.tar", b"other")
    with pytest.raises(ObjectChangedError), place.opened.reader("a.tar", version.etag) as read_at:
        read_at(0, 5)
    with pytest.raises(ObjectChangedError):
        b"".join(place.opened.stream(version))


def test_what_is_not_there_is_missing_however_it_is_asked_for(place: PlaceToTest) -> None:
    opened = place.opened
    for ask in (opened.describe, opened.read, lambda path: opened.read_range(path, 0, 1)):
        with pytest.raises(MissingObjectError):
            ask("nothing.tar")
    assert opened.find("nothing.tar") is None
    opened.remove("nothing.tar")


def test_a_path_that_leaves_the_place_is_refused_whatever_is_asked(place: PlaceToTest) -> None:
    opened = place.opened
    asks: list[Callable[[str], object]] = [
        opened.describe,
        opened.read,
        opened.remove,
        lambda path: opened.read_range(path, 0, 1),
        lambda path: opened.put(path, [b"x"]),
        lambda path: opened.replace(path, b"x", None),
    ]
    for path, ask in itertools.product(("../a.tar", "/etc/passwd", "a/../../b", "a\0b"), asks):
        with pytest.raises(PermanentStoreError, match="the path"):
            ask(path)


def test_what_is_put_in_parts_is_one_object_and_its_etag_names_it(place: PlaceToTest) -> None:
    etag = place.opened.put("folder/a.bin", [b"one ", memoryview(b"two "), b"", b"three"])
    assert place.opened.read("folder/a.bin") == (b"one two three", etag)
    assert place.opened.describe("folder/a.bin").etag == etag
    assert place.names() == {"folder/a.bin"}, "nothing else lies there"


def test_many_threads_put_objects_at_a_time(folder_place: PlaceToTest) -> None:
    opened = folder_place.opened
    threads = [
        threading.Thread(target=opened.put, args=(f"{number}.bin", [bytes([number]) * 10_000])) for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {opened.read(f"{number}.bin")[0] for number in range(20)} == {bytes([n]) * 10_000 for n in range(20)}


def test_an_object_is_replaced_only_in_the_version_that_is_known(server_place: PlaceToTest) -> None:
    opened = server_place.opened
    etag = opened.replace("a.json", b"1", None)
    with pytest.raises(ObjectChangedError):
        opened.replace("a.json", b"2", None)
    second = opened.replace("a.json", b"2", etag)
    with pytest.raises(ObjectChangedError):
        opened.replace("a.json", b"3", etag)
    assert opened.read("a.json") == (b"2", second)


def test_one_run_at_a_time_works_in_a_folder(folder_place: PlaceToTest) -> None:
    partial = Path(folder_place.url.removeprefix("file://").replace("%20", " "), ".partial")
    partial.mkdir()
    (partial / "half").write_bytes(b"of a run that was killed")
    with folder_place.opened.alone() as alone:
        assert alone
        assert folder_place.names() == set()
        with (
            pytest.raises(PlaceBusyError, match=r"another run is at work in .*; run again"),
            folder_place.opened.alone(),
        ):
            pass
    assert not partial.exists()


@pytest.mark.parametrize("fault", [Status(503), Reset(), Short()])
def test_a_server_that_fails_now_and_then_gives_the_right_bytes(server_place: PlaceToTest, fault: Fault) -> None:
    server_place.put("a.tar", DATA)
    opened = server_place.opened
    assert server_place.proxy is not None
    server_place.proxy.plan = Script(itertools.cycle([fault, None]), path="a.tar", method="GET")
    for start in range(0, len(DATA) - 1000, 500_000):
        assert read(opened, "a.tar", start, 1000) == DATA[start : start + 1000]
    assert opened.read("a.tar")[0] == DATA


@pytest.mark.parametrize("fault", [Status(503), Status(500), Status(429), Reset(0.0)])
def test_a_listing_goes_on_where_a_page_failed(
    server_place: PlaceToTest, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.stores.bucket.LIST_PAGE", 10)
    monkeypatch.setattr("orchestration.stores.azure.LIST_PAGE", 10)
    names = [f"{number:03d}.png" for number in range(45)]
    for name in names:
        server_place.put(name, b"x")
    opened = server_place.opened
    assert server_place.proxy is not None
    server_place.proxy.forget()
    server_place.proxy.plan = Script(itertools.cycle([fault, None]), method="GET")
    assert [version.path for version in opened.list()] == names
    assert server_place.proxy.given


def test_a_server_that_never_answers_ends_in_an_error_that_a_later_run_can_mend(s3_place: PlaceToTest) -> None:
    s3_place.put("a.tar", DATA)
    opened = s3_place.opened
    assert s3_place.proxy is not None
    s3_place.proxy.plan = Script(itertools.repeat(Status(503)))
    with pytest.raises(StoreError, match="503, in each of 6 attempts; run again later"):
        opened.read_range("a.tar", 0, 1)
    with pytest.raises(StoreError, match="503, in each of 6 attempts; run again later"):
        list(opened.list())


def test_a_passing_fault_while_a_place_is_opened_is_mended(server_place: PlaceToTest) -> None:
    assert server_place.proxy is not None
    server_place.proxy.plan = Script([Status(503), Status(503)])
    assert list(server_place.opened.list()) == []


def test_a_place_that_does_not_answer_when_it_is_opened_is_not_said_to_refuse_the_credential(
    server_place: PlaceToTest,
) -> None:
    assert server_place.proxy is not None
    server_place.proxy.plan = Script(itertools.repeat(Status(503)))
    with pytest.raises(StoreUnavailableError, match="the store answered 503, in each of 6 attempts") as error:
        _ = server_place.opened
    assert "refused the credential" not in str(error.value)


def test_an_object_in_glacier_is_to_be_restored_first(s3_place: PlaceToTest) -> None:
    bucket, _, prefix = s3_place.url.removeprefix("s3://").partition("/")
    obstore.put(s3_bucket(bucket, prefix), "a.tar", DATA, attributes={"Storage-Class": "GLACIER"}, use_multipart=False)
    with pytest.raises(PermanentStoreError, match="lies in an archive tier, such as Glacier, and is not restored"):
        s3_place.opened.read_range("a.tar", 0, 1)


def test_places_that_can_not_be_opened_are_named(s3_place: PlaceToTest, azure_place: PlaceToTest) -> None:
    for url, message in {
        "/no/such/folder": "the folder /no/such/folder does not exist",
        "s3://nosuch/x": "s3://nosuch/x can't be used: no such bucket.*AWS_REGION",
        "az://nosuch/x": r"the container nosuch does not exist.*\(AZURE_STORAGE_CONTAINER_NAME\)",
        "http://somewhere/x": "must start with file:///, az:// or s3://, or be a folder",
        "s3://key:secret@bucket/x": "must hold no credentials",
    }.items():
        with pytest.raises(StoreUnavailableError, match=message) as error:
            open_place(url, load_settings())
        assert "secret" not in str(error.value)
    assert s3_place.url != azure_place.url


def test_what_is_no_regular_file_is_no_object(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "nowhere.tar").symlink_to("missing")
    (tmp_path / "a.tar").write_bytes(b"x")
    assert [version.path for version in open_place(tmp_path, load_settings()).list()] == ["a.tar"]


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(DATA)
    place = open_place(tmp_path, load_settings())
    with ExitStack() as reading:
        assert reading.enter_context(place.reader("a.tar", place.describe("a.tar").etag))(0, 1000) == DATA[:1000]
        path.write_bytes(DATA[::-1])
        with pytest.raises(ObjectChangedError):
            reading.close()


def test_a_file_that_can_not_be_read_or_written_says_so_in_one_way(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    place = open_place(tmp_path, load_settings())
    for ask in (place.read, lambda path: place.put(path, [b"x"]), lambda path: place.read_range(path, 0, 1)):
        with pytest.raises(PermanentStoreError, match=r"no file can be there \(Is a directory\)"):
            ask("folder")


def test_a_folder_that_can_not_be_listed_locked_or_made_says_so_as_any_place_does(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    place = open_place(tmp_path, load_settings())
    with pytest.raises(PermanentStoreError, match=r"no file can be there \(Not a directory\)"):
        list(place.list("file"))
    with pytest.raises(StoreUnavailableError, match=r"the folder .*/file/below can't be made \(Not a directory\)"):
        open_place(tmp_path / "file" / "below", load_settings(), create=True)
    (tmp_path / ".lock").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"the folder .* can't be used: "), place.alone():
        pass
