"""Whether tables of any origin keep patients apart: CSV or Parquet, each of one side or with a column that says it."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from orchestration.errors import DoublereadError
from orchestration.outcomes import Failures
from orchestration.stores.parquet import read_table
from orchestration.training_set.export.splits import two_sided

ROWS_NAMED = 6  # of one patient


class TableError(DoublereadError):
    """A table can't be read, or has no such column."""


@dataclass(frozen=True)
class SideTable:
    """A table and the side that all of its rows are on; None where a column says it."""

    path: Path
    side: str | None


@dataclass(frozen=True)
class TablesCheck:
    """What was found: each patient on more than one side by the rows that name it, never by the id."""

    rows: int
    patients: int
    divided: Failures


def named_table(text: str, *, with_side: bool) -> SideTable:
    """A table as a person names it: ``SIDE=FILE``, or ``FILE`` where a column says the side.

    Raises:
        TableError: it is not of that form.
    """
    side, equals, path = text.partition("=")
    if not with_side:
        return SideTable(Path(text), None)
    if not (side and equals and path):
        raise TableError(f"{text}: name the side of the table, train={text}, or the column that says it, --side COLUMN")
    return SideTable(Path(path), side)


def check_tables(tables: list[SideTable], patient_column: str, side_column: str | None) -> TablesCheck:
    """Find who is on more than one side. Rows without a patient or a side are counted and compared with nothing.

    Raises:
        TableError: a table can't be read, or lacks a column.
    """
    rows: list[tuple[str, str, str]] = []
    total = 0
    for table in tables:
        patients, sides = _columns(table, patient_column, side_column)
        total += len(patients)
        for number, (patient, side) in enumerate(zip(patients, sides, strict=True), start=1):
            if patient and side:
                rows.append((patient, side, f"row {number:,} of {table.path.name} ({side})"))
    divided = two_sided((patient, side) for patient, side, _ in rows)
    places: dict[str, list[str]] = defaultdict(list)
    for patient, _, where in rows:
        if patient in divided:
            places[patient].append(where)
    failures = Failures()
    for number, (patient, sides) in enumerate(divided.items(), start=1):
        failures.add(f"patient {number:,}", f"{' and '.join(sides)}: {_some(places[patient])}")
    return TablesCheck(total, len({patient for patient, _, _ in rows}), failures)


def _some(places: list[str]) -> str:
    """The first place on each side, and others."""
    by_side = {place.rpartition("(")[2]: place for place in reversed(places)}
    shown = list(dict.fromkeys([*(by_side[side] for side in sorted(by_side)), *places]))[:ROWS_NAMED]
    return ", ".join(shown) + (f" and {len(places) - len(shown):,} more" if len(places) > len(shown) else "")


def _columns(table: SideTable, patient_column: str, side_column: str | None) -> tuple[list[str], list[str]]:
    """The patients of a table and, where a column names them, the sides, row by row."""
    wanted = [patient_column] + ([side_column] if side_column else [])
    try:
        if table.path.suffix == ".parquet":
            found = read_table(table.path, wanted)
        else:
            options = pyarrow.csv.ParseOptions(newlines_in_values=True)
            texts = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted)
            alone = pyarrow.csv.ReadOptions(use_threads=False)
            found = pyarrow.csv.read_csv(table.path, read_options=alone, parse_options=options, convert_options=texts)
        columns = [[str(value or "").strip() for value in found[name].to_pylist()] for name in wanted]
    except (OSError, KeyError, pa.ArrowException):
        raise TableError(f"{table.path} is no CSV or Parquet table with the column {' and '.join(wanted)}") from None
    return columns[0], columns[1] if side_column else [table.side or ""] * len(columns[0])
