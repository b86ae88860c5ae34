"""A table's figures are those that Python's own statistics have, however the file is written."""

import csv
import gzip
import io
import math
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.inspection.errors import InspectionError, TableError
from orchestration.inspection.rewriting import LINES_NAMED
from orchestration.inspection.sniffing import MAX_LINE_BYTES, MISSING, SAMPLE_BYTES
from orchestration.inspection.tables import Column, Table, inspect_csv

CBIS = {
    "mass_case_description_train_set.csv": 1_318,
    "calc_case_description_train_set.csv": 1_546,
    "mass_case_description_test_set.csv": 378,
    "calc_case_description_test_set.csv": 326,
}
LATER = b"1,2\n" * (SAMPLE_BYTES // 4 + 1)  # what follows lies beyond the part that is looked at first


@pytest.fixture
def inspected(tmp_path: Path) -> Callable[..., Table]:
    """Inspect a file with these bytes, under a name that a pattern could match differently."""

    def inspect(data: bytes, **options: bool) -> Table:
        path = tmp_path / "a[1]*?.csv"
        path.write_bytes(data)
        return inspect_csv(path, **options)

    return inspect


def refused(inspected: Callable[..., Table], data: bytes) -> str:
    with pytest.raises(TableError) as error:
        inspected(data)
    return str(error.value)


numbers = st.floats(-1e12, 1e12, allow_nan=False).map(repr) | st.integers(-(10**9), 10**9).map(str)
cells = st.tuples(st.sampled_from(["", " ", "\t"]), numbers, st.sampled_from(["", "  "])).map("".join)
missing = st.sampled_from(sorted(MISSING)).flatmap(lambda word: st.sampled_from([word, word.upper(), f" {word} "]))
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=8).map("x".__add__)


@given(
    rows=st.lists(st.tuples(cells | missing, texts | missing, cells), min_size=1, max_size=20),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]),
    line_break=st.sampled_from(["\n", "\r\n", "\r"]),
    population=st.booleans(),
)
def test_figures_are_those_of_the_statistics_module(
    tmp_path_factory: pytest.TempPathFactory, *, rows, delimiter, encoding, line_break, population
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=line_break)
    writer.writerows([["left,right", "wörds", "c"], *rows])
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    if not any(is_value(row[0]) or is_value(row[2]) for row in rows):
        return
    table = inspect_csv(path, population=population)
    assert (table.rows, table.delimiter, table.has_header) == (len(rows), delimiter, True)
    assert [column.name for column in table.columns] == ["left,right", "wörds", "c"]
    for column, place in ((table.columns[0], 0), (table.columns[2], 2)):
        check(column, [row[place] for row in rows], population=population)
    words = [row[1] for row in rows if is_value(row[1])]
    assert (table.columns[1].numeric, table.columns[1].count) == (False, len(words))


def is_value(cell: str) -> bool:
    return cell.strip().lower() not in MISSING


def check(column: Column, given_cells: list[str], *, population: bool) -> None:
    values = [float(cell) for cell in given_cells if is_value(cell)]
    assert (column.count, column.missing) == (len(values), len(given_cells) - len(values))
    assert column.numeric == bool(values)
    if values:
        assert (column.minimum, column.maximum) == (min(values), max(values))
        assert column.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-3)
        deviation = statistics.pstdev if population else statistics.stdev
        if population or len(values) > 1:
            assert column.standard_deviation == pytest.approx(deviation(values), rel=1e-6, abs=1e-3)
        else:
            assert column.standard_deviation is None


@pytest.mark.parametrize(("name", "rows"), CBIS.items())
def test_real_tables_with_a_line_break_in_every_row(shared_data: Path, name: str, rows: int) -> None:
    path = shared_data / "cbis-ddsm" / name
    table = inspect_csv(path)
    assert (table.rows, len(table.columns)) == (rows, 14)
    with path.open(newline="") as file:
        records = list(csv.DictReader(file))
    numeric = {column.name for column in table.columns if column.numeric}
    assert numeric in [
        {one, "abnormality id", "assessment", "subtlety"} for one in ("breast_density", "breast density")
    ]
    for column in table.columns:
        if column.numeric:
            check(column, [record[column.name] for record in records], population=False)


def test_a_small_deviation_of_large_numbers_is_exact(inspected) -> None:
    values = [1e9 + number / 1000 for number in range(1000)]
    (column,) = inspected(b"x\n" + "\n".join(map(repr, values)).encode()).columns
    assert column.standard_deviation == pytest.approx(statistics.stdev(values), rel=1e-6)


def test_numbers_with_blanks_missing_words_and_infinities(inspected) -> None:
    table = inspected(b'pulse,name,dose\n"72 ",Anna,1\n n/a ,NULL,inf\n80,-,nan\n,?,3\n')
    pulse, name, dose = table.columns
    assert (pulse.numeric, pulse.count, pulse.missing, pulse.mean) == (True, 2, 2, 76)
    assert (name.numeric, name.count, name.missing, name.mean) == (False, 1, 3, None)
    assert (dose.count, dose.missing, dose.maximum) == (2, 2, 3)


@pytest.mark.parametrize(
    ("data", "encoding", "name"),
    [
        ("größe;b\n1;2\n".encode("latin-1"), "latin-1", "größe"),
        ("€;b\n1;2\n".encode("cp1252"), "cp1252", "€"),
        ("größe;b\n1;2\n".encode("utf-16"), "utf-16", "größe"),
        ("größe;b\n1;2\n".encode("utf-8-sig"), "utf-8", "größe"),
    ],
)
def test_the_encoding_is_found_and_told(inspected, data: bytes, encoding: str, name: str) -> None:
    table = inspected(data)
    assert (table.encoding, table.columns[0].name, table.columns[0].mean) == (encoding, name, 1)


def test_what_comes_late_counts_as_much_as_what_comes_first(inspected) -> None:
    rows = LATER.count(b"\n") + 1
    assert inspected(b"a,b\n" + LATER + b"1,n/a\n").columns[1].missing == 1
    assert inspected(b"a,b\n" + LATER + b"1,word\n").columns[1] == Column("b", numeric=False, count=rows, missing=0)
    late = inspected(b"a,b\n" + LATER + b"1,caf\xe9\n")
    assert (late.rows, late.encoding, late.columns[1].numeric) == (rows, "latin-1", False)
    assert f"line {rows + 1:,} has 3" in refused(inspected, b"a,b\n" + LATER + b"1,2,3\n")


def test_line_breaks_may_be_mixed_and_blank_lines_are_no_rows(inspected) -> None:
    assert inspected(b"a,b\n1,2\r\n\r\n3,4\n\n").rows == 2
    assert [inspected(data).rows for data in (b"a\n1\n\n3\n\n", b'a\n1\n""\n', b"a,b\n1,\n,\n")] == [2, 2, 2]


def test_a_table_compressed_by_gzip(inspected) -> None:
    assert inspected(gzip.compress(b"a,b\n1,2\n3,4\n")).columns[1].mean == 3
    assert "cannot be decompressed" in refused(inspected, gzip.compress(b"a,b\n1,2\n" * 1000)[:-20])


def test_without_a_header_columns_are_numbered(inspected) -> None:
    table = inspected(b"1,2\n3,4\n")
    assert (table.rows, table.has_header, [column.name for column in table.columns]) == (
        2,
        False,
        ["column1", "column2"],
    )


def test_rows_of_unequal_length_are_named_by_their_lines(inspected) -> None:
    said = refused(inspected, b'a,b,c\n1,"2\n2",3\n4,5\n6,7,8,9\n')
    assert "rows of unequal length: its first row has 3 cells, line 4 has 2, line 5 has 4" in said
    many = refused(inspected, b"a,b,c\n1,2,3\n" + b"4,5\n" * 30)
    assert many.count("line ") == LINES_NAMED
    assert "and 20 more" in many


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a table: it is no text"),
        (b"Dear colleague,\nthank you for the images\n", "is not a table: no comma"),
        (b'[{"a": 1},\n {"a": 2}]\n', "is not a table: it is JSON"),
        (b"<?xml version='1.0'?>\n<a>1,2</a>\n", "is not a table: it is XML"),
        (b"a,b\nx,y\n", "has no numeric column"),
        (b"a,b\n", "has no numeric column"),
        (b'a,b\n1,"open\n2,3\n', "the row that begins on line 2 has a quoted cell"),
        (b'a,b\n1,"x"y\n2,3\n', "the row that begins on line 2 has a quoted cell"),
        (b"a,b\n1," + b"x" * (MAX_LINE_BYTES + 1), "a line is longer than 2,000,000 characters"),
    ],
)
def test_what_is_no_table_is_refused_in_words_of_its_own(inspected, data: bytes, said: str) -> None:
    assert said in refused(inspected, data)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InspectionError, match="is a directory"):
        inspect_csv(tmp_path)
    with pytest.raises(InspectionError, match="there is no such file"):
        inspect_csv(tmp_path / "nosuch.csv")
    with pytest.raises(InspectionError, match="is no regular file"):
        inspect_csv("/dev/zero")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("b") / "b.csv"
    path.write_bytes(data)
    try:
        table = inspect_csv(path)
    except TableError:
        return
    assert all(math.isfinite(column.mean) for column in table.columns if column.mean is not None)
