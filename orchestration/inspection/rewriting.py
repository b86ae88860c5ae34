"""Tables that are not written as the fast reader wants them, written anew; and which of their lines are wrong."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from orchestration.inspection.errors import TableError
from orchestration.inspection.sniffing import MAX_LINE_BYTES, Format, open_table, shown, single_byte_encoding

LINES_NAMED = 10


def rewrite(path: Path, table: Format, target: Path) -> str:
    """Write a table as UTF-8 with commas and line feeds to ``target``, row by row; the encoding that it was read in.

    A file that is UTF-8 at its beginning and not later is read as Windows-1252 or Latin-1.

    Raises:
        TableError: rows have unequal lengths, or a quoted cell does not end; the message has the lines' numbers.
    """
    try:
        _copy(path, table, table.encoding, target)
    except UnicodeDecodeError as error:
        if table.encoding != "utf-8":
            raise TableError(f"{shown(path)} is not a table: it is not {table.encoding} throughout") from None
        encoding = single_byte_encoding(error.object)
    else:
        return table.encoding
    _copy(path, table, encoding, target)
    return encoding


def _copy(path: Path, table: Format, encoding: str, target: Path) -> None:
    """Write the table anew as UTF-8 with commas; refuse it where rows are of unequal length."""
    wrong: list[str] = []
    count = 0
    with (
        open_table(path) as file,
        io.TextIOWrapper(file, encoding, newline="") as text,
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        for line, row in _rows(text, table, path):
            if len(row) != len(table.names):
                count += 1
                if count <= LINES_NAMED:
                    wrong.append(f"line {line:,} has {len(row):,}")
            elif not count:
                writer.writerow(row)
    if count:
        more = f" and {count - LINES_NAMED:,} more" if count > LINES_NAMED else ""
        raise TableError(
            f"{shown(path)} has rows of unequal length: its first row has {len(table.names):,} cells, "
            f"{', '.join(wrong)}{more}"
        )


def _rows(text: TextIO, table: Format, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the number of the line on which it begins."""
    csv.field_size_limit(MAX_LINE_BYTES)
    reader = csv.reader(_lines(text, path), delimiter=table.delimiter, strict=True)
    begins = 1
    try:
        for row in reader:
            if row:
                yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        raise TableError(
            f"{shown(path)}: the row that begins on line {begins:,} has a quoted cell that does not end, or that goes "
            "on after its closing quote"
        ) from None


def _lines(text: TextIO, path: Path) -> Iterator[str]:
    first = True
    while line := text.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise TableError(f"{shown(path)} is not a table: a line is longer than {MAX_LINE_BYTES:,} characters")
        yield line.removeprefix("\ufeff") if first else line
        first = False
