"""The tables of the program's own: made once, and brought to today's names where an earlier version made them."""

import psycopg
import pytest

from orchestration.database import Database

EARLIER = {
    "training_set": """
        create table doubleread.retrieved_scans (
            store text not null, image text not null, status text not null, reason text, retryable boolean not null,
            attempts integer not null, sha256 text, seconds double precision not null, run_id text not null
        );
        create unique index retrieved_scans_key on doubleread.retrieved_scans (store, md5(image));
        insert into doubleread.retrieved_scans
        values ('file:///a', '1.png', 'retrieved', null, false, 1, null, 1, 'run');
        create table doubleread.pictures (training_set text, finding_id text, sha256 text, source_sha256 text);
        insert into doubleread.pictures values ('/a', 'f', 'abc', 'def')
    """,
    "archives": """
        create table doubleread.archives (
            archive_id bigint primary key, store text not null, partition_key text not null
        );
        create table doubleread.archive_members (archive_id bigint, byte_offset bigint, size_bytes bigint, uid text);
        insert into doubleread.archives values (1, 'file:///a', '00');
        insert into doubleread.archive_members values (1, 512, 2, '1.2.3')
    """,
    "clinical": """
        create table doubleread.clinical_images (
            container text not null, blob text not null, case_id text, year integer,
            view text check (view in ('L_CC', 'L_MLO', 'R_CC', 'R_MLO'))
        );
        insert into doubleread.clinical_images values ('images', '2014/S1/L__CC.dcm', 'S1', 2014, 'L_CC');
        insert into doubleread.clinical_images values ('images', '2014/S1', 'S1', 2014, null)
    """,
}


@pytest.mark.parametrize(
    ("tables", "query", "expected"),
    [
        ("training_set", "select store_url, png_image from doubleread.retrieved_scans", [("file:///a", "1.png")]),
        ("training_set", "select sha256, drawing, source_keepable from doubleread.pictures", [("abc", None, None)]),
        ("clinical", "select view from doubleread.clinical_images order by view", [("l_cc",), (None,)]),
    ],
)
def test_tables_of_an_earlier_version_keep_their_rows_under_todays_names(
    database: Database, tables: str, query: str, expected: list[tuple[str, ...]]
) -> None:
    with database.connect() as connection:
        connection.execute("create schema doubleread")
        connection.execute(EARLIER[tables].encode())
    for _ in range(2):
        with database.tables(tables) as connection:
            assert connection.execute(query.encode()).fetchall() == expected


def test_tables_of_archives_of_an_earlier_form_are_made_anew_since_they_are_copies(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("create schema doubleread")
        connection.execute(EARLIER["archives"].encode())
    insert = "insert into doubleread.archive_members values (1, 512, 2, '1.2.3', '07')"
    with database.tables("archives") as connection:
        assert connection.execute("select uid, partition_key from doubleread.archive_members").fetchall() == []
        connection.execute(insert)
    with database.tables("archives") as connection:
        assert connection.execute("select count(*) from doubleread.archive_members").fetchone() == (1,)


def test_a_view_is_one_of_the_four_however_old_the_table(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("create schema doubleread")
        connection.execute(EARLIER["clinical"].encode())
    with pytest.raises(psycopg.errors.CheckViolation), database.tables("clinical") as connection:
        connection.execute("update doubleread.clinical_images set view = 'L_CC'")


def test_who_finds_the_tables_there_waits_for_nobody_at_work_in_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.tables("training_set") as at_work:
        at_work.execute("lock table doubleread.clean_images, doubleread.retrieved_scans in access exclusive mode")
        monkeypatch.setenv("PGOPTIONS", "-c lock_timeout=2s")  # libpq's: who would wait fails
        with database.tables("training_set") as other:
            assert other.execute("select count(*) from doubleread.pictures").fetchone() == (0,)


def test_a_table_that_is_gone_is_made_again(database: Database) -> None:
    with database.tables("training_set") as connection:
        connection.execute("drop table doubleread.pictures")
    with database.tables("training_set") as connection:
        assert connection.execute("select count(*) from doubleread.pictures").fetchone() == (0,)


def test_what_another_script_made_is_brought_to_the_form_of_this_one(database: Database) -> None:
    with database.tables("training_set") as connection:
        connection.execute("alter table doubleread.clean_images drop column series_uid, drop column code_version")
        connection.execute("update doubleread.made_tables set script_sha256 = 'of an earlier one'")
    with database.tables("training_set") as connection:
        connection.execute("select series_uid, code_version from doubleread.clean_images")
