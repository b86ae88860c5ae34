"""The raw tables: check their columns and types, and load them from CSV files."""

import csv
import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import psycopg
from psycopg import sql

from orchestration.database.connection import Database
from orchestration.errors import DoublereadError

IDS = ("smallint", "integer", "bigint", "numeric", "uuid", "text", "character varying")
TEXTS = ("text", "character varying")
NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
TIMES = ("timestamp with time zone", "timestamp without time zone", "date")
LOADED = "Loaded by doubleread from CSV files."
COPY_CHUNK_BYTES = 1 << 20


class RawTableError(DoublereadError):
    """A raw table or file differs from the contract; the message names the table and the column."""


@dataclass(frozen=True)
class RawTable:
    """A raw table of the contract: its columns with the types that each may have, the first being what load makes.

    The type ``id`` stands for whatever fits all values of the file. Rows are looked up by the columns ``looked_up``,
    for which tables of Django's have indexes.
    """

    name: str
    columns: dict[str, tuple[str, ...]]
    looked_up: tuple[str, ...] = ()


def raw_tables(
    *, labels: Iterable[str], reader_column: str, created_at_column: str, patient_column: str = ""
) -> tuple[RawTable, RawTable]:
    """The contract of the two raw tables, with this installation's names for the columns of labels, reader and time.

    ``patient_column`` is of the scans; there is none unless it is named.
    """
    scans = RawTable(
        "mmgscans_mmgscan",
        {
            "id": IDS,
            "mmg_study_id": IDS,
            **({patient_column: IDS} if patient_column else {}),
            "png_image": TEXTS,
            "file_name": TEXTS,
            "rows": ("integer", *NUMBERS),
            "columns": ("integer", *NUMBERS),
            "pixel_spacing_row": ("double precision", *NUMBERS),
            "pixel_spacing_column": ("double precision", *NUMBERS),
        },
        looked_up=("id", "mmg_study_id"),
    )
    annotations = RawTable(
        "mmgscans_mmgscanannotation",
        {
            "id": IDS,
            "mmg_scan_id": IDS,
            reader_column: IDS,
            "annotation_bboxes": ("text", "character varying", "json", "jsonb"),
            **dict.fromkeys(labels, ("boolean",)),
            created_at_column: TIMES,
        },
        looked_up=("mmg_scan_id",),
    )
    return scans, annotations


def check_raw_tables(database: Database, schema: str, tables: Sequence[RawTable]) -> None:
    """Check that the tables and columns exist with types that the models can read.

    Raises:
        RawTableError: a table or column is missing or has a wrong type; the message lists all.
    """
    query = """
        select a.attname, format_type(a.atttypid, null)
        from pg_attribute as a
        join pg_class as c on c.oid = a.attrelid
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = %s and c.relname = %s and a.attnum > 0 and not a.attisdropped
    """
    problems = []
    with database.connect() as connection:
        for table in tables:
            found: dict[str, str] = dict(connection.execute(query, [schema, table.name]).fetchall())
            if not found:
                problems.append(
                    f"table {schema}.{table.name} does not exist (the dbt variable raw_schema names its schema)"
                )
                continue
            for column, types in table.columns.items():
                if column not in found:
                    problems.append(f"column {column} of table {schema}.{table.name} does not exist")
                elif found[column] not in types:
                    expected = " or ".join(dict.fromkeys(types))
                    problems.append(
                        f"column {column} of table {schema}.{table.name} is {found[column]}, not {expected}"
                    )
    if problems:
        raise RawTableError("; ".join(problems))


def load_raw_tables(
    database: Database, folder: Path, *, schema: str, tables: Sequence[RawTable], replace: bool = False
) -> dict[str, int]:
    """Fill both raw tables from ``<table>.csv`` or ``<table>.csv.gz`` in ``folder``, or neither.

    A table that an earlier load made is replaced. A table that someone else made is filled when it is empty.

    Args:
        database: where the tables go.
        folder: holds one file for each table; the first line names the columns, an empty value is null.
        schema: the schema of the tables; made where missing.
        tables: the contract.
        replace: also empty a table whose rows someone else put there.

    Returns:
        Rows loaded, by table.

    Raises:
        RawTableError: a file or column is missing, a value does not fit its column, or a table holds rows that someone
            else put there.
    """
    files = [(table, _csv_file(folder, table.name)) for table in tables]
    counts = {}
    with database.connect() as connection:
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        for table, file in files:
            counts[table.name] = _load(connection, file, schema, table, replace=replace)
    return counts


def _csv_file(folder: Path, name: str) -> Path:
    for file in (folder / f"{name}.csv", folder / f"{name}.csv.gz"):
        if file.is_file():
            return file
    raise RawTableError(f"{folder} holds neither {name}.csv nor {name}.csv.gz")


@contextmanager
def _open(file: Path) -> Iterator[IO[bytes]]:
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
        yield cast("IO[bytes]", stream)


def _rows(file: Path) -> Iterator[list[str]]:
    try:
        with _open(file) as stream:
            csv.field_size_limit(1 << 28)  # a scan may carry thousands of boxes
            yield from csv.reader(line.decode("utf-8-sig" if n == 0 else "utf-8") for n, line in enumerate(stream))
    except (UnicodeDecodeError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise RawTableError(f"{file} is no CSV text in UTF-8 ({type(error).__name__})") from None


def _load(connection: psycopg.Connection, file: Path, schema: str, table: RawTable, *, replace: bool) -> int:
    """Fill one table from its file; how many rows it has."""
    rows = _rows(file)
    header = next(rows, [])
    missing = [column for column in table.columns if column not in header]
    if missing or len(set(header)) != len(header):
        wrong = f"lacks the column {', '.join(missing)}" if missing else "names a column twice"
        raise RawTableError(f"{file} {wrong}")
    target = sql.Identifier(schema, table.name)
    types = _column_types(header, rows, table)
    is_ours = _make_room(connection, target, schema, table, types, replace=replace)
    copy = sql.SQL("copy {} ({}) from stdin with (format csv, header true)").format(
        target, sql.SQL(", ").join(map(sql.Identifier, header))
    )
    try:
        with connection.cursor() as cursor:
            with cursor.copy(copy) as stream, _open(file) as source:
                while chunk := source.read(COPY_CHUNK_BYTES):
                    stream.write(chunk)
            rows_loaded = cursor.rowcount
    except psycopg.Error as error:
        # The context ("COPY …, line 3, column rows: "…"") ends in the value, which may be a patient's.
        place = re.search(r"line \d+(, column \w+)?", error.diag.context or "")
        reason = "no value of its type" if isinstance(error, psycopg.DataError) else type(error).__name__
        raise RawTableError(f"{file}, {place[0] if place else 'somewhere'}: {reason}") from None
    if is_ours:
        for column in table.looked_up:
            # A text may be longer than an entry of an index that is no hash.
            method = sql.SQL("hash" if types[column] == "text" else "btree")
            query = sql.SQL("create index on {} using {} ({})").format(target, method, sql.Identifier(column))
            connection.execute(query)
    return rows_loaded


def _make_room(
    connection: psycopg.Connection,
    target: sql.Identifier,
    schema: str,
    table: RawTable,
    types: dict[str, str],
    *,
    replace: bool,
) -> bool:
    """Leave an empty ``target``, without touching rows that someone else put there unless ``replace``.

    Returns:
        Whether the table was made here; otherwise it is someone else's.
    """
    found = connection.execute(
        "select obj_description(c.oid, 'pg_class') from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where n.nspname = %s and c.relname = %s",
        [schema, table.name],
    ).fetchone()
    if found and found[0] != LOADED:
        if replace:
            connection.execute(sql.SQL("delete from {}").format(target))
        elif connection.execute(sql.SQL("select 1 from {} limit 1").format(target)).fetchone():
            raise RawTableError(
                f"table {schema}.{table.name} holds rows that load did not put there; --replace removes them"
            )
        return False
    # Cascading: the staging views read the table, and the next build makes them again.
    connection.execute(sql.SQL("drop table if exists {} cascade").format(target))
    definitions = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in types.items()]
    connection.execute(sql.SQL("create table {} ({})").format(target, sql.SQL(", ").join(definitions)))
    connection.execute(sql.SQL("comment on table {} is {}").format(target, sql.Literal(LOADED)))
    return True


def _column_types(header: Sequence[str], rows: Iterator[list[str]], table: RawTable) -> dict[str, str]:
    """The types of a new table's columns, from the contract; ids take the narrowest type that fits every value."""
    ids = {name: header.index(name) for name, types in table.columns.items() if types is IDS}
    fits: dict[str, list[tuple[str, Callable[[str], bool]]]] = {
        name: [("bigint", _is_bigint), ("uuid", _is_uuid)] for name in ids
    }
    for row in rows:
        for name, place in ids.items():
            value = row[place] if place < len(row) else ""
            if value and fits[name]:
                fits[name] = [(kind, fit) for kind, fit in fits[name] if fit(value)]
    types = {}
    for name in header:
        if name in ids:
            types[name] = fits[name][0][0] if fits[name] else "text"
        else:
            types[name] = table.columns.get(name, ("text",))[0]
    return types


def _is_bigint(value: str) -> bool:
    return re.fullmatch(r"(0|-?[1-9]\d{0,17})", value) is not None


def _is_uuid(value: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) is not None
