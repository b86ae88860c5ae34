"""Tables in text files: how many rows and columns, and what the numbers of each column are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb

from orchestration.inspection.errors import TableError
from orchestration.inspection.rewriting import rewrite
from orchestration.inspection.sniffing import (
    MAX_LINE_BYTES,
    MISSING,
    Format,
    is_missing,
    is_number,
    shown,
    sniff,
)
from orchestration.stores.scratch import scratch_folder

MEMORY = "1GB"
"""Most that the engine takes; the figures of a column need no more than a few numbers, whatever the rows."""

_LOCAL = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_PLAIN = Format("utf-8", ",", has_header=True, names=(), is_compressed=False, samples=())


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: as the header has it.
        numeric: whether there are cells with a value and each of them is a number.
        count: cells with a value; of a numeric column, those with a finite number.
        missing: the other cells.
        mean: of the numbers, likewise ``minimum`` and ``maximum``; None in a column that is not numeric.
        standard_deviation: of the sample (n - 1), or of the population (n); None where there are too few numbers.
    """

    name: str
    numeric: bool
    count: int
    missing: int
    mean: float | None = None
    standard_deviation: float | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """What a table holds, and how it is written: ``delimiter`` is one character, ``encoding`` as Python names it."""

    rows: int
    columns: tuple[Column, ...]
    delimiter: str
    encoding: str
    has_header: bool


class _Cells(Enum):
    """What the sample of a column holds."""

    NUMBERS = "numbers or nothing"
    MIXED = "numbers and words for a missing one"
    TEXT = "something that is no number"


def inspect_csv(path: Path | str, *, population: bool = False) -> Table:
    """Count the rows of a table and describe the numbers of each column, in one pass and bounded memory.

    Args:
        path: a file of rows with a delimiter (comma, semicolon, tab or vertical bar) in UTF-8, UTF-16, UTF-32, Latin-1
            or Windows-1252, which may be compressed by gzip.
        population: the standard deviation of a population rather than of a sample.

    Raises:
        InspectionError: there is no such file, or it cannot be read.
        TableError: it is no table, has no numeric column, or has rows of unequal length, whose lines are named.
    """
    path = Path(path)
    table = sniff(path)
    encoding = table.encoding
    with scratch_folder() as scratch:
        source = scratch / "table"
        # Under a name of our own: the engine would take * and [ in a name for a pattern.
        source.symlink_to(path.absolute())
        if encoding == "utf-8":
            try:
                rows, columns = _measure(source, table, scratch, population=population)
            except duckdb.Error:  # its message quotes lines of the file
                encoding = ""
        if encoding != "utf-8":
            source = scratch / "rewritten"
            encoding = rewrite(path, table, source)
            rows, columns = _measure_rewritten(source, table, scratch, path, population=population)
    if not any(column.numeric for column in columns):
        raise TableError(
            f"{shown(path)} has no numeric column: none of its {len(columns):,} columns holds only numbers"
        )
    return Table(rows, columns, table.delimiter, encoding, table.has_header)


def _measure_rewritten(
    source: Path, table: Format, scratch: Path, path: Path, *, population: bool
) -> tuple[int, tuple[Column, ...]]:
    plain = Format("utf-8", ",", table.has_header, table.names, is_compressed=False, samples=table.samples)
    try:
        return _measure(source, plain, scratch, population=population)
    except duckdb.Error:
        raise TableError(f"{shown(path)} is not a table that can be read") from None


def _measure(source: Path, table: Format, scratch: Path, *, population: bool) -> tuple[int, tuple[Column, ...]]:
    """Rows and columns; numbers are parsed as such where the sample holds nothing else, which is the fastest."""
    kinds = [_cells(sample) for sample in table.samples]
    middles = [_middle(sample) for sample in table.samples]
    with duckdb.connect(
        config={"memory_limit": MEMORY, "temp_directory": str(scratch / "spilled"), **_LOCAL}
    ) as engine:
        try:
            values = _run(engine, source, table, kinds, middles, population=population)
        except duckdb.ConversionException:
            kinds = [_Cells.MIXED if kind is _Cells.NUMBERS else kind for kind in kinds]
            values = _run(engine, source, table, kinds, middles, population=population)
    rows = int(next(values))
    columns = zip(table.names, kinds, middles, strict=True)
    return rows, tuple(_column(name, kind, middle, rows, values) for name, kind, middle in columns)


def _run(
    engine: duckdb.DuckDBPyConnection,
    source: Path,
    table: Format,
    kinds: Sequence[_Cells],
    middles: Sequence[float],
    *,
    population: bool,
) -> Iterator[Any]:
    """Let the engine read the table once and compute all figures, one after the other in the order of the columns."""
    types = {f"c{n}": "DOUBLE" if kind is _Cells.NUMBERS else "VARCHAR" for n, kind in enumerate(kinds)}
    # A blank line is no row. The engine skips it, save where a row is one cell and a line without one could be a row.
    rows = "count(*)" if len(kinds) > 1 else "count(c0)"
    deviation = "stddev_pop" if population else "stddev_samp"
    each = zip(kinds, middles, strict=True)
    figures = [rows, *chain.from_iterable(_figures(f"c{n}", *one, deviation) for n, one in enumerate(each))]
    found = engine.execute(
        f"select {', '.join(figures)} from read_csv($source, auto_detect = false, delim = $delimiter, quote = '\"', "  # noqa: S608 - names and types are ours
        f"escape = '\"', header = $header, columns = {types}, compression = $compression, nullstr = '', "
        f"allow_quoted_nulls = {'true' if len(kinds) > 1 else 'false'}, max_line_size = {MAX_LINE_BYTES})",
        {
            "source": str(source),
            "delimiter": table.delimiter,
            "header": table.has_header,
            "compression": "gzip" if table.is_compressed else "none",
        },
    ).fetchone()
    return iter(found or ())


def _cells(sample: Sequence[str]) -> _Cells:
    if any(not is_number(cell) and not is_missing(cell) for cell in sample):
        return _Cells.TEXT
    return _Cells.NUMBERS if all(is_number(cell) or not cell for cell in sample) else _Cells.MIXED


def _middle(sample: Sequence[str]) -> float:
    """A number from the middle of a sample of cells; 0 where there is none.

    Means and deviations are computed of the distances from it: of numbers that are large beside their deviation, such
    as times in seconds since 1970, the engine's own formula keeps half of the digits.
    """
    numbers = sorted(number for cell in sample if is_number(cell) and isfinite(number := float(cell)))
    return numbers[len(numbers) // 2] if numbers else 0.0


def _figures(cell: str, kind: _Cells, middle: float, deviation: str) -> list[str]:
    """What is computed of a column: of text the cells with a value, else six figures as ``_column`` takes them."""
    present = f"case when {_is_missing(cell)} then null else {cell} end"
    if kind is _Cells.TEXT:
        return [f"count({present})"]
    number = cell if kind is _Cells.NUMBERS else f"try_cast({cell} as double)"
    finite = f"case when isfinite({number}) then {number} end"
    distance = f"{finite} - ({middle!r})::double"
    words = "0" if kind is _Cells.NUMBERS else f"count(case when {number} is null then {present} end)"
    return [
        words,
        f"count({finite})",
        f"favg({distance})",
        f"{deviation}({distance})",
        f"min({finite})",
        f"max({finite})",
    ]


def _is_missing(cell: str) -> str:
    """SQL for ``is_missing``: most cells need only their length, or a look at either end, which halves the time."""
    words = ", ".join(f"'{word}'" for word in sorted(MISSING))
    padded = f"prefix({cell}, ' ') or suffix({cell}, ' ')"
    return (
        f"case when strlen({cell}) <= 4 and {cell} in ({words}) then true "
        f"when {padded} then trim({cell}) in ({words}) else false end"
    )


def _column(name: str, kind: _Cells, middle: float, rows: int, values: Iterator[Any]) -> Column:
    words = int(next(values))
    if kind is _Cells.TEXT:
        return Column(name, numeric=False, count=words, missing=rows - words)
    count, mean, deviation, minimum, maximum = (next(values) for _ in range(5))
    if words or not count:
        return Column(name, numeric=False, count=count + words, missing=rows - count - words)
    return Column(name, True, count, rows - count, middle + mean, deviation, minimum, maximum)
