"""Archives are read in ranges of exactly the version that was listed, wherever they lie."""

import itertools
import os
import pickle
from contextlib import ExitStack
from pathlib import Path

import obstore
import pytest

from orchestration.archives.index import ArchiveChangedError, open_archives
from orchestration.settings import load_settings
from orchestration.stores import PermanentStoreError, StoreError, StoreUnavailableError
from orchestration.stores.places import open_objects
from tests.archives.conftest import Place
from tests.services.faults import Fault, Reset, Script, Short, Status

DATA = bytes(range(256)) * 20_000


def test_every_object_that_ends_in_tar_is_listed(place: Place) -> None:
    for name in ["b.tar", "deep/er/a.tar", "c.tar.gz", "tar", "x.json"]:
        place.put(name, b"x" * len(name))
    archives = list(open_archives(place.url, load_settings()).archives())
    assert sorted((a.name, a.size) for a in archives) == [("b.tar", 5), ("deep/er/a.tar", 13)]


def test_a_range_is_what_lies_there(place: Place) -> None:
    place.put("a b.tar", DATA)
    store = pickle.loads(pickle.dumps(open_archives(place.url, load_settings())))  # noqa: S301 - as a worker gets it
    (archive,) = store.archives()
    assert store.read("a b.tar", 300, 5000, archive.version_token) == DATA[300:5300]
    assert store.read("a b.tar", len(DATA) - 1, 1, archive.version_token) == DATA[-1:]
    for start in (0, 1_234_567):
        assert store.read("a b.tar", start, len(DATA) - start, archive.version_token) == DATA[start:]
    with pytest.raises(StoreError, match="2 bytes at 5,119,999 were asked for, 1 came"):
        store.read("a b.tar", len(DATA) - 1, 2, archive.version_token)


def test_another_version_is_refused_at_once(place: Place) -> None:
    place.put("a.tar", b"first")
    store = open_archives(place.url, load_settings())
    (archive,) = store.archives()
    place.put("a.tar", b"other")
    with pytest.raises(ArchiveChangedError, match="not the version that was asked for; update the index"):
        store.read("a.tar", 0, 5, archive.version_token)


def test_an_archive_that_is_gone_is_not_in_the_store(place: Place) -> None:
    place.put("a.tar", b"first")
    store = open_archives(place.url, load_settings())
    with pytest.raises(PermanentStoreError, match=r"not in the store|not the version"):
        store.read("b.tar", 0, 5, next(iter(store.archives())).version_token)


def test_a_name_that_leaves_the_store_is_refused(place: Place) -> None:
    place.put("a.tar", b"x")
    store = open_archives(place.url, load_settings())
    for name in ("../a.tar", "/etc/passwd"):
        with pytest.raises(PermanentStoreError, match="the path"):
            store.read(name, 0, 1, "x")


@pytest.mark.parametrize("fault", [Status(503), Reset(), Short()])
def test_a_store_that_fails_now_and_then_gives_the_right_bytes(server_place: Place, fault: Fault) -> None:
    server_place.put("a.tar", DATA)
    store = open_archives(server_place.url, load_settings())
    (archive,) = store.archives()
    assert server_place.proxy is not None
    server_place.proxy.plan = Script(itertools.cycle([fault, None]), path="a.tar")
    for start in range(0, len(DATA) - 1000, 500_000):
        assert store.read("a.tar", start, 1000, archive.version_token) == DATA[start : start + 1000]
    assert store.read("a.tar", 0, len(DATA), archive.version_token) == DATA


def test_a_store_that_never_answers_ends_in_an_error_that_a_later_run_can_mend(s3_place: Place) -> None:
    s3_place.put("a.tar", DATA)
    store = open_archives(s3_place.url, load_settings())
    (archive,) = store.archives()
    assert s3_place.proxy is not None
    s3_place.proxy.plan = Script(itertools.repeat(Status(503)), path="a.tar")
    with pytest.raises(StoreError, match="503, in each of 6 attempts; run again later"):
        store.read("a.tar", 0, 1, archive.version_token)


def test_an_archive_in_glacier_is_to_be_restored_first(s3_place: Place) -> None:
    objects = open_objects(s3_place.url, load_settings())
    obstore.put(objects, "a.tar", DATA, attributes={"Storage-Class": "GLACIER"}, use_multipart=False)
    store = open_archives(s3_place.url, load_settings())
    (archive,) = store.archives()
    with pytest.raises(PermanentStoreError, match="lies in an archive tier, such as Glacier, and is not restored"):
        store.read("a.tar", 0, 1, archive.version_token)


def test_places_that_can_not_be_opened_are_named(s3_place: Place, azure_place: Place) -> None:
    for url, message in {
        "/no/such/folder": "the folder /no/such/folder does not exist",
        "s3://nosuch/x": "s3://nosuch/x can't be used: no such bucket.*AWS_REGION",
        "az://nosuch/x": "az://nosuch/x can't be used: no such bucket or container.*AZURE_STORAGE_ACCOUNT_NAME",
        "http://somewhere/x": "must be a folder, file:///folder, s3://",
        "s3://key:secret@bucket/x": "must hold no credentials",
    }.items():
        with pytest.raises(StoreUnavailableError, match=message) as error:
            open_archives(url, load_settings())
        assert "secret" not in str(error.value)
    assert s3_place.url != azure_place.url


def test_what_is_no_regular_file_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tar")
    (tmp_path / "folder.tar").mkdir()
    (tmp_path / "nowhere.tar").symlink_to("missing")
    (tmp_path / "a.tar").write_bytes(b"x")
    assert [a.name for a in open_archives(tmp_path, load_settings()).archives()] == ["a.tar"]


def test_an_archive_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(DATA)
    store = open_archives(tmp_path, load_settings())
    (archive,) = store.archives()
    with ExitStack() as reading:
        assert reading.enter_context(store.reader(archive))(0, 1000) == DATA[:1000]
        path.write_bytes(DATA[::-1])
        with pytest.raises(ArchiveChangedError):
            reading.close()
