"""``manifest.parquet``: where each picture comes from, one row per picture."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.database import Database
from orchestration.stores.publishing import beside
from orchestration.training_set.manifest_form import MANIFEST, SCHEMA

ROWS_A_GROUP = 50_000


@dataclass(frozen=True)
class ManifestReport:
    """What one writing of the manifest did."""

    path: Path
    pictures: int
    changed: bool


def write_manifest(database: Database, training_set: Path) -> ManifestReport:
    """Write ``<training_set>/manifest.parquet`` from the records of the pictures, unless it says the same already.

    Rows are ordered by path, and nothing in the file depends on when it was written.
    """
    training_set.mkdir(parents=True, exist_ok=True)
    final = training_set / MANIFEST
    pictures = 0
    with beside(final) as partial:
        with (
            database.tables("training_set") as connection,
            connection.cursor("manifest") as cursor,
            pq.ParquetWriter(partial, SCHEMA) as writer,
        ):
            columns = ", ".join(SCHEMA.names)
            cursor.execute(
                f"select {columns} from doubleread.pictures "  # noqa: S608  column names of our own
                "where training_set = %s and status = 'drawn' order by path collate \"C\"",
                [str(training_set)],
            )
            while rows := cursor.fetchmany(ROWS_A_GROUP):
                values = (list(column) for column in zip(*rows, strict=True))
                writer.write_table(pa.table(dict(zip(SCHEMA.names, values, strict=True)), schema=SCHEMA))
                pictures += len(rows)
        changed = not final.exists() or final.read_bytes() != partial.read_bytes()
        if changed:
            partial.replace(final)
    return ManifestReport(final, pictures, changed)
