"""The raw tables of archives: what the index and the records say, and nothing half-loaded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orchestration.archives.index import ArchiveIndex
from orchestration.archives.reassembly import Reason, Unmatched
from orchestration.archives.reassembly.loading import left_failed, load_index, load_outcomes, pairs_to_make
from orchestration.archives.reassembly.records import BatchRecord, Written, write_record
from orchestration.database import Database, DatabaseError
from orchestration.settings import load_settings
from orchestration.stores import PermanentStoreError, open_place
from tests.archives.reassembly.delivery import archive


def test_the_tables_hold_what_the_index_holds_whatever_changes(database: Database, tmp_path: Path) -> None:
    texts = tmp_path / "text"
    put(texts, a=["1.1.json", "1.2.json"], b=["1.3.json", "notes.txt"], c=["1.4.json"])
    index = indexed(tmp_path / "index", texts)
    loaded = load_index(database, index)
    assert (loaded.archives, loaded.members, loaded.problems, loaded.added, loaded.removed) == (3, 4, 1, 3, 0)
    assert uids(database) == {"a.tar": ["1.1", "1.2"], "b.tar": ["1.3"], "c.tar": ["1.4"]}

    put(texts, b=["1.5.json", "more.txt", "notes.txt"], d=["1.1.json"])
    (texts / "c.tar").unlink()
    loaded = load_index(database, indexed(tmp_path / "index", texts))
    assert (loaded.archives, loaded.members, loaded.problems, loaded.added, loaded.removed) == (3, 4, 2, 2, 2)
    assert uids(database) == {"a.tar": ["1.1", "1.2"], "b.tar": ["1.5"], "d.tar": ["1.1"]}

    made_anew = load_index(database, indexed(tmp_path / "index made anew", texts))
    assert (made_anew.archives, made_anew.members, made_anew.problems) == (3, 4, 2)
    assert uids(database) == {"a.tar": ["1.1", "1.2"], "b.tar": ["1.5"], "d.tar": ["1.1"]}
    unchanged = load_index(database, indexed(tmp_path / "index made anew", texts))
    assert (unchanged.added, unchanged.removed) == (0, 0)


def test_members_lie_where_the_tables_say(database: Database, tmp_path: Path) -> None:
    put(tmp_path / "text", a=["1.1.json", "folder/1.2.json"])
    load_index(database, indexed(tmp_path / "index", tmp_path / "text"))
    with database.connect() as connection:
        found = connection.execute("select byte_offset, size_bytes, uid from doubleread.archive_members").fetchall()
    data = (tmp_path / "text" / "a.tar").read_bytes()
    assert {uid: data[offset : offset + size] for offset, size, uid in found} == {
        "1.1": b"1.1.json",
        "1.2": b"folder/1.2.json",
    }


def test_until_all_is_loaded_readers_see_what_was(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = tmp_path / "text"
    put(texts, a=["1.1.json"])
    load_index(database, indexed(tmp_path / "index", texts))
    put(texts, a=["1.2.json"], b=["1.3.json"])
    index = indexed(tmp_path / "index", texts)
    whole = index.entries_of_archives

    def cut_short(archive_ids: list[int]) -> Iterator[Any]:
        yield next(whole(archive_ids))
        assert uids(database) == {"a.tar": ["1.1"]}
        raise PermanentStoreError("a file of the index is gone")

    monkeypatch.setattr(index, "entries_of_archives", cut_short)
    with pytest.raises(PermanentStoreError):
        load_index(database, index)
    assert uids(database) == {"a.tar": ["1.1"]}
    monkeypatch.undo()
    load_index(database, index)
    assert uids(database) == {"a.tar": ["1.2"], "b.tar": ["1.3"]}


def test_names_that_the_database_cannot_hold_are_loaded_escaped(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "text", a=['no "UID",\t\\N\n.json'])
    index = indexed(tmp_path / "index", tmp_path / "text")
    (problem,) = index.problems()
    monkeypatch.setattr(index, "problems", lambda: [problem._replace(member=f"{problem.member}\0")])
    load_index(database, index)
    with database.connect() as connection:
        (row,) = connection.execute("select member, reason from doubleread.archive_problems").fetchall()
    assert row == ('no "UID",\t\\N\n.json\\0', problem.reason)


def test_the_outcomes_of_the_partitions_that_were_asked_for_are_replaced_and_no_others(
    database: Database, tmp_path: Path
) -> None:
    out = recorded(tmp_path / "out")
    out("0-07-a", ["1.1", "1.2"], [])
    out("0-07-b", ["1.3"], [("1.4", Reason.WRONG_PIXELS)])
    out("0-ff-a", ["1.5"], [("1.6", Reason.NOT_READ), ("1.7", Reason.NOT_READ)])
    first = load(database, tmp_path / "out", "00", "07", "ff")
    assert {key: (found.dicoms, found.size_bytes, found.through_pydicom) for key, found in first.items()} == {
        "00": (0, 0, 0),
        "07": (3, 300, 3),
        "ff": (1, 100, 1),
    }
    assert first["07"].unmatched == {Reason.WRONG_PIXELS: 1}
    assert [row.uid for row in first["ff"].unmatched_shown] == ["1.6", "1.7"]
    assert left_failed(database) == ({"not_read": 2}, ["ff"])

    out("0-07-a", ["1.1"], [])
    out("0-ff-a", ["1.5", "1.6", "1.7"], [])
    load(database, tmp_path / "out", "07")
    kept = {("ff", "1.5"), ("ff", "1.6"), ("ff", "1.7")}
    assert outcomes(database) == {("07", "1.1"), ("07", "1.3"), ("07", "1.4"), *kept}
    assert left_failed(database) == ({"not_read": 2}, ["ff"])
    load(database, tmp_path / "out", "ff")
    assert left_failed(database) == ({}, [])


def test_the_tables_speak_of_one_output(database: Database, tmp_path: Path) -> None:
    recorded(tmp_path / "out")("0-07-a", ["1.1"], [])
    load(database, tmp_path / "out", "07", "ff")
    recorded(tmp_path / "elsewhere")("0-ff-a", ["1.2"], [])
    load(database, tmp_path / "elsewhere", "ff")
    assert outcomes(database) == {("ff", "1.2")}
    with database.connect() as connection:
        found = connection.execute("select partition_key, output from doubleread.reassembled_partitions").fetchall()
    assert found == [("ff", (tmp_path / "elsewhere").as_uri())]


def test_what_is_to_be_made_is_not_known_before_the_models_are_built(database: Database) -> None:
    with pytest.raises(DatabaseError, match="int_archive_uids"):
        pairs_to_make(database, ["07"])


def put(folder: Path, **archives: list[str]) -> None:
    """Write archives whose members hold their own names."""
    folder.mkdir(exist_ok=True)
    for name, members in archives.items():
        (folder / f"{name}.tar").write_bytes(archive((member, member.encode()) for member in members))


def indexed(place: Path, texts: Path) -> ArchiveIndex:
    index = ArchiveIndex.create(place)
    index.update(open_place(texts, load_settings()), "text")
    return index


def uids(database: Database) -> dict[str, list[str]]:
    """The UIDs of the tables by archive, after a look at whether each table has the rows of each archive."""
    with database.connect() as connection:
        for table in ("members", "problems"):
            counted = connection.execute(
                f"select archive_id, {table} from doubleread.archives where {table} > 0 order by 1"
            ).fetchall()
            held = connection.execute(
                f"select archive_id, count(*) from doubleread.archive_{table} group by 1 order by 1"
            ).fetchall()
            assert counted == held
        found = connection.execute(
            "select archive, array_agg(uid order by byte_offset) from doubleread.archive_members "
            "join doubleread.archives using (archive_id) group by archive"
        ).fetchall()
    return dict(found)


def recorded(place: Path) -> Callable[[str, list[str], list[tuple[str, Reason]]], None]:
    """What writes the record of a batch into an output."""
    output = open_place(place, load_settings(), create=True)

    def write(batch: str, made: list[str], unmatched: list[tuple[str, Reason]]) -> None:
        written = [Written(uid, f"{uid}.dcm", 0, 100, 100, "1", "1.2.840.10008.1.2.1", True, False) for uid in made]
        rows = [Unmatched(reason, "why", "file:///a", "a.tar", 512, uid, "image") for uid, reason in unmatched]
        write_record(output, batch, BatchRecord(written, rows))

    return write


def load(database: Database, output: Path, *partitions: str) -> dict[str, Any]:
    return load_outcomes(database, output, load_settings(), partitions)


def outcomes(database: Database) -> set[tuple[str, str]]:
    """Partition and UID of what is a DICOM, and of what is in none."""
    with database.connect() as connection:
        return {
            (key, uid)
            for table in ("reassembled_dicoms", "reassembly_unmatched")
            for key, uid in connection.execute(f"select partition_key, uid from doubleread.{table}").fetchall()
        }
