"""The mart of what is in no DICOM, and the test that no UID is forgotten."""

import re
from collections.abc import Iterable
from pathlib import Path

import psycopg

from orchestration.archives.reassembly import Reason
from orchestration.database import Database
from orchestration.transformations import seed_reasons
from tests.dbt.project import PROJECT, built, dbt, rows

CHECK = "every_indexed_uid_is_reassembled_or_explained"
TEXT, FIRST, SECOND = 1, 2, 3  # ids of archives
WHOLE, SINGLE, EQUAL, DIFFERENT = "1.1", "1.2", "1.3", "1.4"
PARTITION_OF = {WHOLE: "02", SINGLE: "03", EQUAL: "02", DIFFERENT: "02"}


def test_the_seed_the_program_and_the_page_name_the_same_reasons() -> None:
    listed = seed_reasons("unmatched_reasons")
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(Reason)
    page = (PROJECT.parent / "docs" / "archives.md").read_text()
    table = page[page.index("| reason |") :].partition("\n\n")[0]
    assert sorted(re.findall(r"`(\w+)`", table)) == sorted(listed)


def test_every_uid_is_reassembled_or_explained_once_its_partition_was_made(
    database: Database, dbt_target: Path
) -> None:
    with database.tables("archives") as connection:
        index(connection, [(uid, archive) for uid in (WHOLE, EQUAL, DIFFERENT) for archive in (TEXT, FIRST)])
        index(connection, [(SINGLE, TEXT), (DIFFERENT, SECOND)])
        connection.execute("insert into doubleread.archive_problems values (1, '', 9, 'cut short')")
        connection.execute("insert into doubleread.archive_problems values (1, 'notes.txt', 5, 'no UID')")
        partition(connection, "02", [WHOLE, EQUAL], [(EQUAL, "duplicate_equal"), (DIFFERENT, "duplicate_different")])
        partition(connection, "03", [], [(SINGLE, "missing_pixels")])
    run = built(database, dbt_target, "--selector", "archives")
    assert run.with_status("warn") == {"every_archive_member_is_used"}
    mart = rows(database, "select uid, member, reason from marts.archive_members_unmatched order by 3, 1, 2")
    assert [tuple(row.values()) for row in mart] == [
        (DIFFERENT, None, "duplicate_different"),
        (EQUAL, None, "duplicate_equal"),
        (SINGLE, None, "missing_pixels"),
        (None, "notes.txt", "not_indexed"),
        (None, None, "not_indexed"),
    ]

    change(database, f"delete from doubleread.reassembled_dicoms where uid = '{WHOLE}'")
    assert dbt(database, dbt_target, "test", "--select", CHECK).with_status("fail") == {CHECK}
    (compiled,) = (dbt_target / "compiled").rglob(f"{CHECK}.sql")

    def unexplained() -> set[str]:
        return {row["uid"] for row in rows(database, compiled.read_text())}

    assert unexplained() == {WHOLE}
    change(database, f"delete from doubleread.reassembled_dicoms where uid = '{EQUAL}'")
    assert unexplained() == {WHOLE, EQUAL}, "an equal duplicate is no reason for a DICOM to be missing"
    change(database, f"delete from marts.archive_members_unmatched where uid in ('{SINGLE}', '{DIFFERENT}')")
    assert unexplained() == {WHOLE, EQUAL, SINGLE, DIFFERENT}
    change(database, "delete from doubleread.reassembled_partitions where partition_key = '03'")
    assert unexplained() == {WHOLE, EQUAL, DIFFERENT}, "the partition of a UID was never made, so none is due"
    change(database, "delete from doubleread.reassembled_partitions")
    assert unexplained() == set()
    with database.connect() as connection:
        partition(connection, "02", [WHOLE, EQUAL, DIFFERENT], [])
        connection.execute("update doubleread.reassembled_dicoms set partition_key = '03' where uid = '1.1'")
    assert unexplained() == {WHOLE}, "a DICOM of another partition is another one"


def change(database: Database, statement: str) -> None:
    with database.connect() as connection:
        connection.execute(statement.encode())


def index(connection: psycopg.Connection, members: Iterable[tuple[str, int]]) -> None:
    """Index UIDs in archives; what a member's place is does not matter."""
    for archive_id in (TEXT, FIRST, SECOND):
        kind = "text" if archive_id == TEXT else "image"
        connection.execute(
            "insert into doubleread.archives values (%s, 'file:///a', %s, %s, 'v', 1, 1, 1) on conflict do nothing",
            [archive_id, kind, f"{archive_id}.tar"],
        )
    for uid, archive_id in members:
        connection.execute(
            "insert into doubleread.archive_members "
            "select %s, 512 + count(*) * 1024, 7, %s, %s from doubleread.archive_members",
            [archive_id, uid, PARTITION_OF[uid]],
        )


def partition(
    connection: psycopg.Connection, key: str, made: Iterable[str], unmatched: Iterable[tuple[str, str]]
) -> None:
    """Record what became of the UIDs of a partition."""
    connection.execute("insert into doubleread.reassembled_partitions values (%s, 'file:///out', 0, 0, now())", [key])
    for uid in made:
        connection.execute(
            "insert into doubleread.reassembled_dicoms values (%s, %s, 'o', 0, 1, '1.2', false)", [key, uid]
        )
    for uid, reason in unmatched:
        connection.execute(
            "insert into doubleread.reassembly_unmatched values (%s, %s, 'image', 's', '2.tar', 512, %s, 'why')",
            [key, uid, reason],
        )
