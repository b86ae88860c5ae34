"""Raw tables as installations differ in them: the types of ids, of the boxes, and the names of two columns."""

import unicodedata
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import sql

from orchestration.database import Database
from tests.dbt.oracle import LABELS, Annotation, Scan

SCANS, ANNOTATIONS = "mmgscans_mmgscan", "mmgscans_mmgscanannotation"


@dataclass(frozen=True)
class Dialect:
    """One installation's columns. ``id_value`` makes the raw id of a number."""

    id_type: str
    id_value: Callable[[int], Any]
    reader_type: str
    reader_value: Callable[[int], Any]
    boxes_type: str
    text_type: str = "text"
    number_type: str = "integer"
    created_at_type: str = "timestamp with time zone"
    reader_column: str = "user_id"
    created_at_column: str = "created_at"
    raw_schema: str = "public"

    reader_spellings: Sequence[Callable[[Any], Any]] = (lambda reader: reader,)
    no_readers: Sequence[Any] = (None,)

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the dbt project that say so."""
        return {
            "reader_column": self.reader_column,
            "created_at_column": self.created_at_column,
            "raw_schema": self.raw_schema,
        }

    def scan(self, scan: Scan) -> Scan:
        """The scan, whose ids are numbers, with ids of this installation's type."""
        return replace(scan, id=self._id(scan.id), study=self._id(scan.study))

    def annotation(self, annotation: Annotation) -> Annotation:
        """The annotation with ids of this installation's types."""
        spelt = self.reader_spellings[annotation.id % len(self.reader_spellings)]
        nobody = self.no_readers[annotation.id % len(self.no_readers)]
        reader = nobody if annotation.reader is None else spelt(self.reader_value(annotation.reader))
        return replace(annotation, id=self._id(annotation.id), scan=self._id(annotation.scan), reader=reader)

    def _id(self, number: int | None) -> Any:
        return None if number is None else self.id_value(number)


DJANGO = Dialect("integer", int, "integer", int, "text", text_type="character varying(255)")
UUIDS = Dialect(
    "uuid",
    lambda number: uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128),
    "uuid",
    lambda number: uuid.UUID(int=2**127 // (number + 1)),
    "jsonb",
    number_type="bigint",
    created_at_type="timestamp without time zone",
    reader_column="readerId",
    created_at_column="made at",
    raw_schema="clinic",
)
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda reader: f"\N{NO-BREAK SPACE}{reader}\t",
    "\N{ZERO WIDTH SPACE}".join,
    lambda reader: reader.replace(" ", " \N{IDEOGRAPHIC SPACE}"),
    lambda reader: unicodedata.normalize("NFD", reader),
    lambda reader: "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in reader),
)
TEXTS = Dialect(
    "text",
    str,
    "text",
    lambda number: f"Réader {number}",
    "json",
    number_type="double precision",
    reader_spellings=SPELLINGS,
    no_readers=(None, "", " \N{ZERO WIDTH NO-BREAK SPACE}"),
)


def write(database: Database, dialect: Dialect, scans: Iterable[Scan], annotations: Iterable[Annotation]) -> None:
    """Create the raw tables, without keys or indexes, and fill them with rows of this dialect."""
    columns = {
        SCANS: {
            "id": dialect.id_type,
            "mmg_study_id": dialect.id_type,
            "png_image": dialect.text_type,
            "file_name": dialect.text_type,
            "rows": dialect.number_type,
            "columns": dialect.number_type,
            "pixel_spacing_row": "double precision",
            "pixel_spacing_column": "double precision",
        },
        ANNOTATIONS: {
            "id": dialect.id_type,
            "mmg_scan_id": dialect.id_type,
            dialect.reader_column: dialect.reader_type,
            "annotation_bboxes": dialect.boxes_type,
            **dict.fromkeys(LABELS, "boolean"),
            dialect.created_at_column: dialect.created_at_type,
            "mood": "text[]",  # ignored, as every other column is
        },
    }
    values = {
        SCANS: [(s.id, s.study, s.png_image, s.file_name, s.rows, s.columns, 0.07, 0.07) for s in scans],
        ANNOTATIONS: [(a.id, a.scan, a.reader, a.boxes, *a.labels, a.created_at, None) for a in annotations],
    }
    with database.connect() as connection:
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(dialect.raw_schema)))
        for table, types in columns.items():
            target = sql.Identifier(dialect.raw_schema, table)
            definitions = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in types.items()]
            connection.execute(sql.SQL("drop table if exists {} cascade").format(target))
            connection.execute(sql.SQL("create table {} ({})").format(target, sql.SQL(", ").join(definitions)))
            with connection.cursor().copy(sql.SQL("copy {} from stdin").format(target)) as copy:
                for row in values[table]:
                    copy.write_row(row)
