"""Comparing what a format says, scan by scan and box by box, with what the tables say."""

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from orchestration.outcomes import printable
from orchestration.training_set.export.layout import BOXES, SCANS
from orchestration.training_set.export.verifying.problems import Kind, Problem, problem

Key = TypeVar("Key", bound=Hashable)
Row = Mapping[str, Any]


@dataclass
class Tables:
    """The rows of ``scans.parquet`` and ``boxes.parquet``, which all other files are compared with."""

    scans: dict[str, Row] = field(default_factory=dict)
    boxes: dict[int, Row] = field(default_factory=dict)
    boxes_of: dict[str, list[Row]] = field(default_factory=dict)


def scan_name(scan_id: str) -> str:
    """A scan in a message."""
    return f"scan {printable(scan_id)}"


def compare(
    path: str,
    expected: Mapping[Key, Row],
    seen: Iterable[tuple[Key, Row]],
    *,
    name: Callable[[Key], str],
    table: str,
    needed: Collection[Key] | None = None,
) -> Iterator[Problem]:
    """Name what a file has twice, what it lacks, what it has besides, and what it says differently; never a value.

    Args:
        path: of the file.
        expected: what the table says, by the key of a scan or box.
        seen: what the file says.
        name: of a key, in a message.
        table: the path of the table.
        needed: what the file must hold, where that is not all of ``expected``.
    """
    known: set[Key] = set()
    for key, row in seen:
        if key in known:
            yield problem("duplicate", path, f"{name(key)} is in it twice")
        elif key not in expected:
            yield problem("disagreement", path, f"{name(key)} is in it and not in {table}")
        else:
            yield from _differences(path, expected[key], row, name(key), table)
        known.add(key)
    for key in expected if needed is None else needed:
        if key not in known:
            yield problem("disagreement", path, f"{name(key)} is in {table} and not in it")


def _differences(path: str, expected: Row, row: Row, name: str, table: str) -> Iterator[Problem]:
    differing = [field for field in expected if row.get(field) != expected[field]]
    if "side" in differing:
        yield problem("side", path, f"{name} is on the side {_side(row)}, in {table} on {_side(expected)}")
        differing.remove("side")
    if differing:
        verb = "is not that" if len(differing) == 1 else "are not those"
        yield problem("disagreement", path, f"{name}: {' and '.join(differing)} {verb} of {table}")


def _side(row: Row) -> str:
    return printable(str(row.get("side")), 20)


def compare_scans(
    path: str, expected: Mapping[str, Row], seen: Iterable[tuple[str, Row]], *, side: str | None = None
) -> Iterator[Problem]:
    """As :func:`compare`, by scan; a file of one ``side`` must hold the scans of that side, whatever they say."""
    if side is None:
        yield from compare(path, expected, seen, name=scan_name, table=SCANS)
        return
    found = list(seen)
    for scan_id, _ in found:
        if scan_id in expected and expected[scan_id]["side"] != side:
            what = f"{scan_name(scan_id)} is in it, and in {SCANS} on the side {_side(expected[scan_id])}"
            yield problem("side", path, what)
    needed = [scan_id for scan_id, row in expected.items() if row["side"] == side]
    yield from compare(path, expected, found, name=scan_name, table=SCANS, needed=needed)


def compare_boxes(
    path: str,
    tables: Tables,
    expected: Mapping[int, Row],
    seen: Iterable[tuple[int, Row]],
    needed: Collection[int] | None = None,
) -> Iterator[Problem]:
    """As :func:`compare`, by the number of a box; messages name its scan as well, where it is known."""

    def name(box_id: int) -> str:
        row = tables.boxes.get(box_id)
        return f"box {box_id}" + (f" of {scan_name(row['scan_id'])}" if row else "")

    return compare(path, expected, seen, name=name, table=BOXES, needed=needed)


def twice(path: str, rows: Iterable[Row], column: str, what: str, kind: Kind = "duplicate") -> Iterator[Problem]:
    """Name the values of a column that occur more than once, by their scan."""
    known: set[Any] = set()
    for row in rows:
        if row[column] in known:
            yield problem(kind, path, f"{scan_name(row['scan_id'])}: {what} is in it twice")
        known.add(row[column])
