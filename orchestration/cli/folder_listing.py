"""A folder's entries as lines or as JSON, written while they are read."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from json import dumps
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from orchestration.inspection.folder import LONGEST_NAME, list_folder
from orchestration.outcomes import printable

if TYPE_CHECKING:
    from orchestration.inspection.folder import Entry
    from orchestration.outcomes import Failures

WRITTEN_AT_A_TIME = 1_000  # lines; one by one they take twice as long


def write_counts(path: Path, out: TextIO, *, recursive: bool, as_json: bool, failures: "Failures") -> None:
    """Write the total and how many entries there are of each kind alone.

    Raises:
        InspectionError: there is no such folder, or it cannot be read.
    """
    entries = list_folder(path, recursive=recursive, sizes=False, failures=failures)
    kinds = Counter(map(itemgetter(1), entries))
    if as_json:
        out.write(f'{{"total": {kinds.total()}, "by_kind": {dumps(kinds)}}}\n')
    else:
        out.write(_counted(path, kinds))


def write_folder(path: Path, out: TextIO, *, recursive: bool, as_json: bool, failures: "Failures") -> None:
    """Write every entry, then the total and how many there are of each kind.

    Raises:
        InspectionError: there is no such folder, or it cannot be read; nothing was written then.
    """
    entries = list_folder(path, recursive=recursive, failures=failures)
    kinds: Counter[str] = Counter()
    if as_json:
        out.write('{"entries": [')
        _write(out, _as_json(entries, kinds))
        out.write(f'\n], "total": {kinds.total()}, "by_kind": {dumps(kinds)}}}\n')
    else:
        _write(out, _as_lines(entries, kinds))
        out.write(_counted(path, kinds))


def _counted(path: Path, kinds: Counter[str]) -> str:
    counts = "".join(f", {kind} {count:,}" for kind, count in sorted(kinds.items()))
    return f"{printable(str(path), LONGEST_NAME)}: {kinds.total():,} entries{counts}\n"


def _write(out: TextIO, lines: Iterator[str]) -> None:
    while part := list(islice(lines, WRITTEN_AT_A_TIME)):
        out.write("".join(part))


def _as_lines(entries: "Iterable[Entry]", kinds: Counter[str]) -> Iterator[str]:
    for name, kind, size in entries:
        kinds[kind] += 1
        shown = name if name.isprintable() else printable(name, LONGEST_NAME)
        number = "?" if size is None else f"{size:,}"
        yield f"{kind:<9} {number:>15} {shown}\n"


def _as_json(entries: "Iterable[Entry]", kinds: Counter[str]) -> Iterator[str]:
    """An object each; a name that is no text, which a file may have, keeps its bytes as surrogates do (PEP 383)."""
    separator = "\n"
    for name, kind, size in entries:
        kinds[kind] += 1
        number = "null" if size is None else size
        yield f'{separator}{{"name": {encode_basestring_ascii(name)}, "kind": "{kind}", "size": {number}}}'
        separator = ",\n"
