"""Raw tables: the contract is checked, files become tables, other people's rows are safe."""

import gzip
from pathlib import Path

import pytest

from orchestration.database import Database, RawTableError, check_raw_tables, load_raw_tables, raw_tables
from orchestration.labels import LABELS
from orchestration.transformations import expected_raw_tables

SCANS = "id,mmg_study_id,png_image,file_name,rows,columns,pixel_spacing_row,pixel_spacing_column\n"
ANNOTATIONS = (
    "id,mmg_scan_id,user_id,annotation_bboxes,has_benign_microcalsifications,has_malign_microcalcifications,"
    "has_benign_mass,has_malign_mass,created_at\n"
)


def write_files(folder: Path, *, scan_id: str = "1", value: str = "true") -> Path:
    (folder / "mmgscans_mmgscan.csv").write_text(SCANS + f"{scan_id},7,mmg/a.png,a.png,100,80,0.07,0.07\n")
    with gzip.open(folder / "mmgscans_mmgscanannotation.csv.gz", "wt") as file:
        boxes = '"[{""mark"": {""x"": 1}}]"'
        file.write(ANNOTATIONS + f"1,{scan_id},U1,{boxes},{value},,false,true,2024-01-01T08:00:00+00:00\n")
    return folder


def load(database: Database, folder: Path, **options: bool) -> dict[str, int]:
    return load_raw_tables(database, folder, schema="public", tables=expected_raw_tables(), **options)


def column_type(database: Database, table: str, column: str) -> str:
    with database.connect() as connection:
        row = connection.execute(
            "select data_type from information_schema.columns where table_name = %s and column_name = %s",
            [table, column],
        ).fetchone()
    assert row is not None
    return str(row[0])


def test_files_plain_and_compressed_become_tables_that_pass_the_check(database: Database, tmp_path: Path) -> None:
    counts = load(database, write_files(tmp_path))
    assert counts == {"mmgscans_mmgscan": 1, "mmgscans_mmgscanannotation": 1}
    check_raw_tables(database, "public", expected_raw_tables())


@pytest.mark.parametrize(
    ("scan_id", "expected"),
    [("12", "bigint"), ("5e7a0000-aaaa-bbbb-cccc-0123456789ab", "uuid"), ("007", "text"), ("S1", "text")],
)
def test_ids_take_the_narrowest_type_that_keeps_every_value(
    database: Database, tmp_path: Path, scan_id: str, expected: str
) -> None:
    load(database, write_files(tmp_path, scan_id=scan_id))
    assert column_type(database, "mmgscans_mmgscan", "id") == expected


@pytest.mark.parametrize("scan_id", ["12", "S1" * 4000], ids=["numbers", "texts beyond an entry of an index"])
def test_scans_and_annotations_are_looked_up_by_an_index(database: Database, tmp_path: Path, scan_id: str) -> None:
    load(database, write_files(tmp_path, scan_id=scan_id))
    with database.connect() as connection:
        connection.execute("set enable_seqscan = off")
        for table, column in (("scan", "id"), ("scan", "mmg_study_id"), ("scanannotation", "mmg_scan_id")):
            query = f"explain select from mmgscans_mmg{table} where {column} = '7'"
            plan = "\n".join(line for (line,) in connection.execute(query.encode()))
            assert f"Index Cond: ({column} = '7'::" in plan


def test_a_second_load_replaces_the_first(database: Database, tmp_path: Path) -> None:
    load(database, write_files(tmp_path))
    assert load(database, write_files(tmp_path, scan_id="S1"))["mmgscans_mmgscan"] == 1
    assert column_type(database, "mmgscans_mmgscan", "id") == "text"


def test_rows_of_someone_else_are_refused_unless_replacing_is_asked_for(database: Database, tmp_path: Path) -> None:
    load(database, write_files(tmp_path))
    with database.connect() as connection:
        connection.execute("comment on table mmgscans_mmgscan is null")
    with pytest.raises(RawTableError, match=r"public\.mmgscans_mmgscan holds rows"):
        load(database, tmp_path)
    assert load(database, tmp_path, replace=True)["mmgscans_mmgscan"] == 1


def test_a_value_that_does_not_fit_is_named_by_line_and_column_and_not_repeated(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(RawTableError, match=r"line 2, column has_benign_microcalsifications") as error:
        load(database, write_files(tmp_path, value="Jane Doe"))
    assert "Jane" not in str(error.value)


def test_a_failed_load_leaves_the_tables_as_they_were(database: Database, tmp_path: Path) -> None:
    load(database, write_files(tmp_path))
    with pytest.raises(RawTableError):
        load(database, write_files(tmp_path, scan_id="2", value="maybe"))
    with database.connect() as connection:
        assert connection.execute("select id from mmgscans_mmgscan").fetchall() == [(1,)]


def test_a_missing_file_or_column_is_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RawTableError, match=r"neither mmgscans_mmgscan\.csv nor"):
        load(database, tmp_path)
    write_files(tmp_path)
    (tmp_path / "mmgscans_mmgscan.csv").write_text("id,mmg_study_id\n1,2\n")
    with pytest.raises(RawTableError, match="lacks the column png_image"):
        load(database, tmp_path)


def test_a_missing_table_a_missing_column_and_a_wrong_type_are_each_named(database: Database, tmp_path: Path) -> None:
    with pytest.raises(RawTableError, match=r"public\.mmgscans_mmgscan does not exist.*raw_schema"):
        check_raw_tables(database, "public", expected_raw_tables())
    load(database, write_files(tmp_path))
    with database.connect() as connection:
        connection.execute("alter table mmgscans_mmgscan drop column rows cascade")
        connection.execute("alter table mmgscans_mmgscanannotation alter column has_malign_mass type text")
    renamed = raw_tables(labels=LABELS, reader_column="reader", created_at_column="created_at")
    with pytest.raises(RawTableError) as error:
        check_raw_tables(database, "public", renamed)
    for part in ("column rows of", "has_malign_mass of", "is text, not boolean", "column reader of"):
        assert part in str(error.value)
