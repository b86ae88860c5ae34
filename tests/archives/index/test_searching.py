"""A header search reads every header once and names those that it could not read."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.archives.index import ArchiveIndex
from orchestration.archives.index.searching import find_headers
from orchestration.settings import load_settings
from orchestration.stores import open_place
from tests.archives.tar.tars import files, write_archives
from tests.services.faults import Status
from tests.services.places import PlaceToTest


def header(uid: str, modality: str, sex: str) -> bytes:
    return json.dumps(
        {
            "00080018": {"vr": "UI", "Value": [uid]},
            "00080060": {"vr": "CS", "Value": [modality]},
            "00100040": {"vr": "CS", "Value": [sex]},
        }
    ).encode()


def members(archive: int) -> dict[str, bytes]:
    uids = [f"1.{archive}.{n}" for n in range(30)]
    return {f"{uid}.json": header(uid, "MR" if n % 3 else "CT", "F" if n % 2 else "M") for n, uid in enumerate(uids)}


EXPECTED = [f"1.{archive}.{n}" for archive in range(3) for n in range(30) if n % 3 and n % 2]


def search(index: ArchiveIndex, *pairs: tuple[str, str]) -> tuple[list[str], list[str]]:
    failed: list[str] = []
    return sorted(find_headers(index, load_settings(), pairs, failed=failed.append)), failed


@pytest.mark.parametrize("span", [1, 5000, 4 << 20])
def test_the_headers_that_hold_every_value_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, span: int
) -> None:
    monkeypatch.setattr("orchestration.archives.index.member_reader.SPAN_BYTES", span)
    url = write_archives(tmp_path / "text", {f"{n}.tar": members(n) for n in range(3)})
    index = ArchiveIndex.create(tmp_path / "index")
    index.update(open_place(url, load_settings()), "text")
    assert search(index, ("00080060", "MR"), ("00100040", "F")) == (sorted(EXPECTED), [])
    assert search(index, ("00080060", "US")) == ([], [])


def test_in_a_store_neighbours_are_read_by_one_request_and_what_fails_is_named(
    server_place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    for number in range(3):
        server_place.put(f"{number}.tar", files(members(number)))
    index = ArchiveIndex.create(beside(server_place, "index").url)
    index.update(open_place(server_place.url, load_settings()), "text")
    proxy = server_place.proxy
    assert proxy is not None
    proxy.forget()
    assert search(index, ("00080060", "MR"), ("00100040", "F")) == (sorted(EXPECTED), [])
    assert sum(request.path.endswith(".tar") for request in proxy.requests) == 3
    proxy.plan = lambda request: Status(403) if request.path.endswith("1.tar") else None
    found, failed = search(index, ("00080060", "MR"), ("00100040", "F"))
    assert found == sorted(uid for uid in EXPECTED if not uid.startswith("1.1."))
    assert len(failed) == 30
    assert failed[0] == "1.tar: 1.1.0: the store refuses access to it (403); check the credential's rights"


def test_headers_that_can_not_be_read_are_named_and_the_others_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.archives.index.member_reader.SPAN_BYTES", 10_000)
    monkeypatch.setattr("orchestration.archives.index.searching.MAX_HEADER_BYTES", 10_000)
    contents = {"1.1.json": b"no JSON", "1.2.json": header("1.2", "MR", "F"), "1.3.json": b" " * 20_000}
    index = ArchiveIndex.create(tmp_path / "index")
    index.update(open_place(write_archives(tmp_path / "text", {"a.tar": contents}), load_settings()), "text")
    assert search(index, ("00080060", "MR")) == (
        ["1.2"],
        ["a.tar: 1.1: the header is not JSON", "a.tar: 1.3: it has 20,000 bytes; at most 10,000 are read"],
    )


def test_the_shared_sample_is_half_mr(shared_data: Path, tmp_path: Path) -> None:
    index = ArchiveIndex.create(tmp_path / "index")
    index.update(open_place(shared_data / "hai-archives" / "text", load_settings()), "text")
    found, failed = search(index, ("00080060", "MR"))
    assert not failed
    sizes = {entry.size_bytes for entries in index.find(found).values() for entry in entries}
    assert len(found) == 10
    assert sizes <= {3472, 3473}, "the ten headers of MR_small.dcm"
