"""Measurements as a Parquet file, which appears whole or not at all."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.measurements.elements import MeasuredElement, Measurement, Take
from orchestration.stores.publishing import beside

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("device_name", pa.string(), nullable=False),
        pa.field("average_before_normalization", pa.float64(), nullable=False),
        pa.field("average_after_normalization", pa.float64(), nullable=False),
        pa.field("data_size", pa.int64(), nullable=False),
    ]
)
ROWS_A_GROUP = 50_000


@contextmanager
def parquet_file(path: Path) -> Iterator[Take]:
    """Takes measurements; ``path`` holds them when the block has ended without an exception."""
    waiting: list[Measurement] = []
    with beside(path) as partial:
        with pq.ParquetWriter(partial, SCHEMA) as writer:

            def write() -> None:
                writer.write_batch(pa.RecordBatch.from_pylist([row._asdict() for row in waiting], schema=SCHEMA))
                waiting.clear()

            def take(elements: Sequence[MeasuredElement]) -> None:
                waiting.extend(element.measurement for element in elements)
                if len(waiting) >= ROWS_A_GROUP:
                    write()

            yield take
            write()
        partial.replace(path)
