"""The index stays right while it grows: any order of changes, many runs, killed runs, two writers, large archives."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.archives.index import ArchiveIndex, uid_hash
from orchestration.archives.index.tables import TABLES
from orchestration.settings import load_settings
from orchestration.stores import PlaceBusyError, open_place
from tests.archives.tar.tars import files, write_archives
from tests.services.faults import Reset, Script
from tests.services.places import PlaceToTest

ROOT = Path(__file__).parents[3]
SMALL_PIECES = {
    "updating.COMMIT_ROWS": 40,
    "scanning.SPILL_ROWS": 30,
    "scanning.CHUNK_MEMBERS": 7,
    "runs.FILE_GROUPS": 3,
    "merging.RUNS_OF_A_LENGTH": 3,
}


@pytest.fixture(scope="module", autouse=True)
def _small_pieces() -> Iterator[None]:
    """Thresholds so small that a few hundred rows meet all of them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SMALL_PIECES.items():
            patch.setattr(f"orchestration.archives.index.{name}", value)
        for form in TABLES:
            patch.setitem(form.__dict__, "group_rows", 16)
        yield


def rows(index: ArchiveIndex) -> list[tuple[str, str, str, int, int]]:
    """What the index holds, by its sorted rows, without ids, which depend on the order in which archives were done."""
    names = {row["archive_id"]: row["archive"] for row in index.archives().to_pylist()}
    found = [row for batch in index.entries() for row in batch.to_pylist()]
    keys = [(uid_hash(row["uid"]), row["uid"]) for row in found]
    assert keys == sorted(keys)
    assert [row["uid_hash"] for row in found] == [key for key, _ in keys]
    return sorted(
        (row["uid"], row["kind"], names[row["archive_id"]], row["byte_offset"], row["size_bytes"]) for row in found
    )


def places(index: ArchiveIndex) -> list[tuple[int, int, str]]:
    ids = index.archives()["archive_id"].to_pylist()
    return [
        (row["archive_id"], row["byte_offset"], row["uid"])
        for batch in index.entries_of_archives(ids)
        for row in batch.to_pylist()
    ]


Changes = list[tuple[int, int | None]]
CHANGES = st.lists(
    st.lists(st.tuples(st.integers(0, 6), st.one_of(st.none(), st.integers(0, 70))), min_size=1, max_size=6),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25)
@given(rounds=CHANGES)
def test_after_any_changes_the_index_is_what_one_made_at_once_would_be(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[Changes]
) -> None:
    folder = tmp_path_factory.mktemp("index")
    write_archives(folder / "text", {"stays.tar": {"1.0.json": b""}})
    grown = ArchiveIndex.create(folder / "grown")
    store = open_place(folder / "text", load_settings())
    for number, changes in enumerate(rounds):
        for archive, members in changes:
            if members is None:
                (folder / "text" / f"{archive}.tar").unlink(missing_ok=True)
            else:
                contents = {f"1.{archive * 7 % 3}.{m}.json": b"x" * number for m in range(members)}
                write_archives(folder / "text", {f"{archive}.tar": contents | {"odd": b""}})
        grown.update(store, "text")
    made = ArchiveIndex.create(folder / "made")
    made.update(store, "text")
    expected = rows(made)
    assert rows(grown) == expected
    assert places(grown) == sorted(places(grown))
    assert len(places(grown)) == len(expected) == grown.member_count
    assert sorted(p[2:] for p in grown.problems()) == sorted(p[2:] for p in made.problems())
    for uid, entries in ArchiveIndex.open(folder / "grown").find([row[0] for row in expected]).items():
        assert [(e.uid, e.kind, e.archive, e.byte_offset, e.size_bytes) for e in entries] == [
            row for row in expected if row[0] == uid
        ]
    named = {file.name for runs in grown._manifest.runs.values() for run in runs for file in run.files}
    assert {path.name for path in (folder / "grown").glob("*.parquet")} == named, "no file is left over"


UPDATE = """
import sys
from orchestration.archives.index import ArchiveIndex, merging, updating
from orchestration.settings import load_settings
from orchestration.stores import open_place
from orchestration.workers import thread_workers
updating.COMMIT_ROWS, merging.RUNS_OF_A_LENGTH = 40, 3
def progress(done, total):
    print(done, flush=True)
    if done == int(sys.argv[3]):
        sys.stdin.read()  # until killed
store = open_place(sys.argv[1], load_settings())
ArchiveIndex.create(sys.argv[2]).update(store, "text", progress=progress, workers=thread_workers(1))
"""


@pytest.mark.parametrize("done", [3, 14, 39])
def test_an_update_that_was_killed_is_finished_by_the_next(tmp_path: Path, done: int) -> None:
    url = write_archives(
        tmp_path / "text", {f"{n:02d}.tar": {f"1.{n}.{m}.json": b"x" * n for m in range(10)} for n in range(40)}
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", UPDATE, url, tmp_path / "killed", str(done)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert killed.stdin is not None
    assert killed.stdout is not None
    with killed:
        while killed.stdout.readline().strip() != str(done):
            assert killed.poll() is None
        killed.send_signal(signal.SIGKILL)
    (tmp_path / "killed" / "members-0123.parquet").write_bytes(b"half a file of an update that was killed")
    index = ArchiveIndex.create(tmp_path / "killed")
    before = index.archives().num_rows
    assert len(rows(index)) == 10 * before, "what was committed is whole"
    report = index.update(open_place(url, load_settings()), "text")
    assert (report.unchanged, report.indexed) == (before, 40 - before)
    assert before >= done // 8 * 4
    undisturbed = ArchiveIndex.create(tmp_path / "undisturbed")
    undisturbed.update(open_place(url, load_settings()), "text")
    assert rows(index) == rows(undisturbed)
    assert {path.name for path in (tmp_path / "killed").glob("*.parquet")} == index._manifest.files


def test_a_second_writer_in_the_same_folder_is_turned_away(tmp_path: Path) -> None:
    store = open_place(write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}}), load_settings())
    first, second = ArchiveIndex.create(tmp_path / "index"), ArchiveIndex.create(tmp_path / "index")
    turned_away = []

    def meanwhile(_done: int, _total: int) -> None:
        with pytest.raises(PlaceBusyError, match=r"another run is at work in .*; run again when it is done"):
            second.update(store, "text")
        turned_away.append(True)

    first.update(store, "text", progress=meanwhile)
    assert turned_away
    assert second.update(store, "text").unchanged == 1


def test_of_two_writers_in_a_bucket_or_container_neither_loses_what_it_has_committed(
    server_place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    server_place.put("a.tar", files({"1.1.json": b"a"}))
    there = beside(server_place, "index")
    store = open_place(server_place.url, load_settings())
    first, second = ArchiveIndex.create(there.url), ArchiveIndex.create(there.url)

    def meanwhile(done: int, _total: int) -> None:
        if done == 0:
            second.update(store, "text")

    with pytest.raises(PlaceBusyError, match=r"another run changed the index at .* meanwhile; run again"):
        first.update(store, "text", progress=meanwhile)
    server_place.put("b.tar", files({"1.2.json": b"b"}))
    assert first.update(store, "text").indexed == 1
    assert [row[0] for row in rows(ArchiveIndex.open(there.url))] == ["1.1", "1.2"]


def test_a_manifest_whose_acknowledgement_was_lost_counts(
    server_place: PlaceToTest, beside: Callable[[PlaceToTest, str], PlaceToTest]
) -> None:
    server_place.put("a.tar", files({"1.1.json": b"a"}))
    there = beside(server_place, "index")
    index = ArchiveIndex.create(there.url)
    assert server_place.proxy is not None
    server_place.proxy.plan = Script([Reset(0.0)], method="PUT", path="index.json")
    assert index.update(open_place(server_place.url, load_settings()), "text").indexed == 1
    assert server_place.proxy.given
    assert [row[0] for row in rows(ArchiveIndex.open(there.url))] == ["1.1"]


def test_an_index_that_is_open_while_another_run_merges_its_files_still_finds(tmp_path: Path) -> None:
    store = open_place(write_archives(tmp_path / "text", {"a.tar": {"1.1.json": b"a"}}), load_settings())
    writer = ArchiveIndex.create(tmp_path / "index")
    writer.update(store, "text")
    reader = ArchiveIndex.open(tmp_path / "index")
    write_archives(tmp_path / "text", {"b.tar": {"1.2.json": b"b"}})
    writer.update(store, "text")
    assert [len(entries) for entries in reader.find(["1.1", "1.2"]).values()] == [1, 1]


def test_many_updates_leave_few_runs(tmp_path: Path) -> None:
    index = ArchiveIndex.create(tmp_path / "index")
    for number in range(30):
        url = write_archives(tmp_path / "text", {f"{number}.tar": {f"1.{number}.{m}.json": b"" for m in range(12)}})
        index.update(open_place(url, load_settings()), "text")
        runs = index._manifest.runs["members"]
        rows_of_shorter = 0
        for run in sorted(runs, key=lambda run: run.rows):
            assert run.rows >= 8 * rows_of_shorter
            rows_of_shorter += run.rows
    assert index.member_count == 360


MEMORY = """
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from orchestration.archives.index import ArchiveIndex
from orchestration.settings import load_settings
from orchestration.stores import ObjectVersion
from orchestration.stores.folder import Folder
from tests.archives.tar.tars import info
from tests.services.memory import peak_megabytes

class Endless(Folder):
    def list(self, folder=""):
        yield ObjectVersion("large.tar", COUNT * 512, "1", datetime.now(UTC))
    @contextmanager
    def reader(self, path, etag):
        yield read_at

COUNT = int(sys.argv[2])
HEADERS = b"".join(info(f"1.2.{n * 7919 % 8192}.json").tobuf(0) for n in range(8192))
def read_at(offset, length):
    at = offset % len(HEADERS)
    return HEADERS[at : at + min(length, COUNT * 512 - offset)]
report = ArchiveIndex.create(sys.argv[1]).update(Endless("file:///large", load_settings(), Path("/large")), "text")
assert report.members == COUNT, report
print(peak_megabytes())
"""


def test_memory_hardly_grows_with_the_members_of_one_archive(tmp_path: Path) -> None:
    def peak_megabytes(members: int) -> float:
        command = [sys.executable, "-c", MEMORY, tmp_path / str(members), str(members)]
        return float(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)

    assert peak_megabytes(600_000) - peak_megabytes(1000) < 100
