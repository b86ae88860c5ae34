"""The annotation files of a generation as a checker reads them: bounded, and strictly of the form that is written."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.training_set.export.generation import Generation
from orchestration.training_set.export.verifying.problems import Kind
from orchestration.training_set.export.verifying.tree import Reader, UnreadableError

TEXT_BYTES = 256 << 20  # of a JSON file: some 200,000 scans
TABLE_BYTES = 1 << 30
TABLE_ROWS = 20_000_000
UNPACKED_BYTES = 4 << 30  # of a table, as its footer says


class Form(BaseModel):
    """What a JSON file, or a part of one, must be like: nothing else, and of these types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def row(self) -> dict[str, Any]:
        """The fields, as a row of a table has them."""
        return self.model_dump(by_alias=True)


F = TypeVar("F", bound=Form)


class FormError(Exception):
    """A file can't be compared with others: a problem of ``kind`` at ``path``; the message is the reason."""

    def __init__(self, kind: Kind, path: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.path = path


@dataclass(frozen=True)
class Material:
    """What a checker gets; can be sent to a worker.

    Attributes:
        reader: reads the files.
        locations: where each file that the checker asked for lies; only those that the manifest lists.
        generation: the manifest without the list of files.
    """

    reader: Reader
    locations: Mapping[str, str]
    generation: Generation

    def read(self, path: str, most: int = TEXT_BYTES) -> bytes:
        """A file of the generation.

        Raises:
            FormError: the manifest does not list it, it is longer, or can't be read.
        """
        return _read(self.reader, path, self._location(path), most)

    def _location(self, path: str) -> str:
        location = self.locations.get(path)
        if location is None:
            raise FormError("missing", path, "the manifest lists no such file")
        return location

    def json(self, path: str, form: type[F]) -> F:
        """A JSON file of a form.

        Raises:
            FormError: as :meth:`read`, or it is not of the form.
        """
        return parsed(path, self.read(path), form)

    def rows(self, path: str, schema: pa.Schema) -> list[dict[str, Any]]:
        """The rows of a Parquet file of exactly this schema.

        Raises:
            FormError: as :meth:`read`, or it is damaged, too large, of another schema, or lacks a value.
        """
        return read_rows(self.reader, path, self._location(path), schema)

    def text(self, path: str, most: int = TEXT_BYTES) -> str:
        """A file of text.

        Raises:
            FormError: as :meth:`read`, or it is no UTF-8.
        """
        try:
            return self.read(path, most).decode()
        except UnicodeDecodeError:
            raise FormError("format", path, "it is no UTF-8 text") from None


def parsed(path: str, data: bytes, form: type[F], line: int | None = None) -> F:
    """JSON of a form.

    Raises:
        FormError: it is not of the form; the message says where and repeats nothing of it.
    """
    try:
        return form.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or str(part).isidentifier())
        at = f"line {line:,}" if line is not None else "its beginning"
        raise FormError("format", path, f"it is not what doubleread writes, at {where or at}") from None


def _read(reader: Reader, path: str, location: str, most: int) -> bytes:
    try:
        return reader.read(location, most)
    except UnreadableError as error:
        raise FormError("unreadable", path, f"it {error}") from None


def read_rows(reader: Reader, path: str, location: str, schema: pa.Schema) -> list[dict[str, Any]]:
    """The rows of the Parquet file at a location; ``path`` is what it is called in messages.

    Raises:
        FormError: as :meth:`Material.rows`.
    """
    return _table_rows(path, _read(reader, path, location, TABLE_BYTES), schema)


def _table_rows(path: str, data: bytes, schema: pa.Schema) -> list[dict[str, Any]]:
    """The rows of a Parquet file, once its footer says that they fit and are what is expected."""
    with _refusing_parquet(path):
        file = pq.ParquetFile(BytesIO(data))
        described = file.metadata
        unpacked = sum(described.row_group(number).total_byte_size for number in range(described.num_row_groups))
        if described.num_rows > TABLE_ROWS or unpacked > UNPACKED_BYTES:
            raise FormError(
                "format", path, f"it has more than {TABLE_ROWS:,} rows, or {UNPACKED_BYTES:,} bytes unpacked"
            )
        if not file.schema_arrow.equals(schema):
            raise FormError("format", path, "its columns are not those that doubleread writes")
        table = file.read(use_threads=False)
        table.validate(full=True)
        if any(table[field.name].null_count for field in schema if not field.nullable):
            raise FormError("format", path, "a value is missing")
        rows: list[dict[str, Any]] = table.to_pylist()
    return rows


@contextmanager
def _refusing_parquet(path: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, OverflowError):  # what pyarrow raises for damaged files
        raise FormError("format", path, "it is a damaged Parquet file") from None
