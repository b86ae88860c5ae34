"""Measurements as a JSON list, written as they come."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

import orjson

from orchestration.measurements.elements import MeasuredElement, Take


@contextmanager
def json_list(file: TextIO) -> Iterator[Take]:
    """Takes measurements and writes each as an object on a line of its own; the list is closed with the block.

    Where the block ends with an exception the list stays open, so that nobody takes it for whole.
    """
    between = "[\n"

    def take(elements: Sequence[MeasuredElement]) -> None:
        nonlocal between
        if elements:
            lines = (orjson.dumps(element.measurement._asdict()).decode() for element in elements)
            file.write(between + ",\n".join(lines))
            between = ",\n"

    yield take
    file.write("\n]\n" if between == ",\n" else "[]\n")
